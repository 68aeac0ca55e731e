// Package nftables copies the packet filter of a namespace as nf_tables has it: as the
// kernel's own messages, so that what this program does not understand is copied too.
//
//	doc.go    the value
//	read.go   taken down, all of one generation
//	make.go   and made anew, in transactions as long as a lab may send
//	moved.go  where devices have other indexes
//	number.go with the handles that its rules had, where somebody calls them by these
package nftables

// Ruleset is the packet filter of a namespace, as nf_tables has it.
type Ruleset struct {
	Tables, Chains, Objects, Sets, Elements, FlowTables, Rules []Object
}

// Object is one of nf_tables and the address family of its table.
type Object struct {
	Family byte
	Attrs  []byte
}
