// Package obstacle finds what may take a frame from a device although no rule of
// the packet filter does: filters of traffic control, BPF programs (XDP, tcx), a
// queue that loses frames, and a neighbour table without room.
//
// None of it is judged: what such a thing does to a packet only a packet can tell.
// Reading it changes nothing.
package obstacle
