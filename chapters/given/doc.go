// Package given makes exercises of what somebody hands over: a network in a file
// (netfile), or a folder with a network, a fault, checks and prose. What is read is
// not believed: it can name changes of package change and checks of package exercise,
// and nothing of it reaches a shell.
//
//	captured.go   a network in a file
//	folder.go lines.go   an exercise in a folder
//	prove.go      that an exercise keeps what it promises
package given
