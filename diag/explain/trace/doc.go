// Package trace follows a packet and its reply through the namespaces of a
// machine, and asks the kernel at every hop, one object at a time: the route with
// the device it came in on and its source, the neighbour, who would answer ARP,
// what the rules say, and the namespace at the other end of the wire. A fault on
// the way is a finding of package cause; it is taken for mended, and what lies
// behind it is found, too. Nothing here sends a packet or changes the kernel.
package trace
