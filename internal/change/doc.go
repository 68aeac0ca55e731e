// Package change says what is to be changed in a network, as values: who reads
// a value never has to read a sentence.
//
// A command is its words. Text is made of them at one place, Command.String,
// where each is quoted: names of devices, tables and namespaces come from
// strangers, and a command is made to be pasted.
package change
