// Package wire listens on the devices of a network namespace with packet sockets
// (packet(7)). Capture opens a Tap, Merge brings the frames of several into one
// order, and a Frame is decoded as far as the course and explain speak of it.
package wire
