// Package netfile is a network in a file: what replica takes down of namespaces, as
// text that a person can read before handing it on, and that is read again without
// being believed.
//
// A line is a row of the kernel's tables, by the names of its attributes. What has
// no name here is told as its number and its bytes. There are no keys in it, no
// payload, no counters, and nothing of the machine's processes but the ports on
// which somebody listens.
//
//	file.go             the value, and its limits
//	schema*.go ipset.go which attributes a row has, and what is in them
//	node.go value.go    a row between the kernel's bytes and its words
//	text.go write.go read.go   the file
//	anonymize*.go       the same network under other addresses and names
package netfile
