// Package replica copies network namespaces: Read takes down what a kernel has of
// them as its own messages, and Build makes namespaces of these in the lab that the
// process is the inside of.
//
// The kernel's dumps are kept as they came, and are handed back with as little
// changed as it allows: what this program does not understand is copied too.
// Devices keep their indexes, so that whatever speaks of one by its index stays
// true, unless the copy is born with devices that have them. What cannot be copied is told as an Omission.
//
//	network.go   the value: a Network and its Spaces
//	conn.go   rtnetlink: dumps and requests
//	read.go settings.go fresh.go   a namespace taken down (ipsets by diag/netfilter/ipset)
//	build.go link*.go level.go ipv6.go timers.go   and made anew
//	born.go             room for the devices that namespaces are born with
//	xfrm.go             IPsec policies, without any key
//	rules.go            the packet filter: ipsets, nf_tables by the package nftables, tables of iptables-legacy
//	listen.go           the ports on which somebody listens
//	duplicate.go        addresses that somebody else turned out to have
//	wire.go far*.go stranger.go   what is not copied, and answers as it was seen or is taken to
package replica
