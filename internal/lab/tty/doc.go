// Package tty is about terminals: the one a program was started from, whose modes
// have to be what they were when it ends, and new pseudo-terminals (pts(4)).
package tty
