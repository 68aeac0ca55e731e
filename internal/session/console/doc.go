// Package console runs what the learner types in the lab.
//
// Hands run a Command (command.go) in a terminal of its own (tty.go), and report
// more of its Output, or how it ended (ending.go); a Tape (tape.go) keeps it,
// bounded and safe to draw. A Lexicon (lexicon.go) has the words that a line can go
// on with. A Handover (handover.go) gives the whole terminal to the learner's own
// shell, and takes it back.
package console
