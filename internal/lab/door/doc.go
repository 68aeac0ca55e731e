// Package door is the way into a lab that runs: Serve keeps a socket for the
// lab's own user, Running finds the labs of a user, and Door.Open shows a shell
// of the lab on another terminal. Attend shows one on the lab's own.
//
// Both ends speak in frames (frame.go), so that the shell's side is the same for
// a visitor from outside and for the course itself.
package door
