// Package report tells an answer of package explain as a colleague would, line
// by line and in the reader's language. How the lines look is up to who shows
// them.
package report
