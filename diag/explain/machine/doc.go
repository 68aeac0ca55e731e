// Package machine is what explain knows of a machine: its network namespaces, and
// what the kernel answers in each.
//
// A Machine finds namespaces by name, by process and by the wires that lead into
// them, and opens each once. A Space is one of them: it is asked for single
// objects when they are wanted. Route says what the kernel does with a packet, with
// the refusals told apart (route.go, source.go), and answersARP what it does with
// an ARP request. Nothing is judged here, and nothing is said about it.
package machine
