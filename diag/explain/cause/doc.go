// Package cause is the closed set of reasons for which a packet dies.
//
// Each is a file: its code, its words in both languages, the table that shows it,
// and whether it is one when the packet should never have come to where it is. A
// new one is a new file here, and a place in explain that finds it; a test walks
// the set and fails where a part is missing.
package cause
