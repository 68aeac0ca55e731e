// Package change says what is to be changed in a network, as values: a lesson's
// action, what an exercise builds and breaks, what explain offers and what
// `nstutor apply` makes are the same ones.
//
// A Change has its command as a person types it, makes itself over netlink in a
// Space, which knows namespaces by their names, and takes itself back with what
// there was Before. Each kind is a file, which also reads its command again
// (Parse): so this program makes a change where the program for it is missing.
//
// A command is its words. Text is made of them at one place, Command.String,
// where each is quoted (package shell): names of devices, tables and namespaces come from
// strangers, and a command is made to be pasted.
//
//	change.go space.go machine.go   what a change is, and where it is made
//	command.go link_words.go   a command line as values, and as it is typed
//	here.go tools.go parse.go   commands that this machine can run, and their words read again
//	link_set.go link_add.go link_move.go macvlan.go port.go vlan.go netns.go   devices and namespaces
//	addr.go addr_preferred.go route.go route_parse.go policy.go neigh.go neigh_proxy.go fdb.go   tables
//	sysctl.go flush.go neigh_forget.go conntrack.go   settings, and what the kernel should forget
//	rule.go rule_nat.go rule_except.go rule_mss.go rule_del.go   explain's rules, by the tool that is installed or over netlink
//	line.go daemon.go   what only a shell or another program can do
//	nft.go   lines of nft, which the package nft writes over netlink
//	iptables.go   lines of iptables, which the package iptables makes, by the program or without it
package change
