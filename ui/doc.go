// Package ui is the course in the terminal: the lesson beside live tables, a
// running ping, the frames on the wire and a picture of the network.
//
// Only this package knows Bubble Tea. One model (model.go) owns plain panes; it
// is told what happens by messages (messages.go) and never waits: work on the
// player is done by commands (desk.go, commands.go), and what the kernel does is
// reported by goroutines of the feed (feed.go).
//
// The key w asks diag/explain why the ping hangs (why.go), holds its answer
// against the frames and the ping (why_witness.go), and marks in the picture
// where the packet dies (topology_death.go).
//
// The key : opens a command line in the lab (typing.go): a line runs in a
// terminal of its own (typing_run.go, typing_tty.go), its output is kept on a
// bounded tape (typing_tape.go). The key s hands the terminal over to the
// learner's own shell (shell.go).
package ui
