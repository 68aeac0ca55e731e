// Package words has the words of the course's screen in every language it
// speaks: names of panes and keys, and the sentences around what the kernel
// says. The lessons' own texts are in chapters. A new one is
// a row, and a test misses what lacks a language.
package words
