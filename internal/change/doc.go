// Package change says what is to be changed in a network, as values: who reads
// a value never has to read a sentence.
//
// A command is its words. Text is made of them at one place, Command.String,
// where each is quoted: names of devices, tables and namespaces come from
// strangers, and a command is made to be pasted.
//
// What a change does to the kernel is done here: Dev has what
// `ip link set`, `ip addr`, `ip neigh` and `bridge fdb` do to a device, AddLink
// makes one, NftLine writes what iptables would. They are made in a Space, which
// knows namespaces by their names; lessons and exercises give it their lab.
//
//	command.go, quote.go   a command line as values, and as it is typed
//	link.go addr.go neigh.go   devices, their addresses, their neighbours
//	rule.go rule_apply.go  explain's changes to the packet filter
//	nft_line.go nft_match.go   lines of iptables without iptables
package change
