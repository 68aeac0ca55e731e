// Package cause is the closed set of reasons for which a packet dies.
//
// Each is a file: its code, its words in both languages, the table that shows it,
// whether it is one when the packet should never have come to where it is, and its
// findings. A Finding is the cause in one place, as facts; what is said of it, the
// lines that show it and the commands that mend it are made of them here. Those
// who follow a packet note findings, and make no words.
//
// A new cause is a new file here, a row among the samples of the tests, and a
// place in explain that finds it; tests walk the set and fail where a part is
// missing.
package cause
