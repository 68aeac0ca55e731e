// Package explain says where and why a packet dies, and the smallest fix.
//
// It follows the packet and asks the kernel at every hop, one object at a time:
// the route with the device it came in on and its source, the neighbour, who
// would answer ARP, and the namespace at the other end of the wire. What cannot
// be seen is said to be unknown. Nothing here changes the kernel.
package explain
