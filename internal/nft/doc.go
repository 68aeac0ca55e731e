// Package nft makes over netlink what lines of nft(8) say, where nft is not there to
// make it: tables, chains and rules, and maps and their elements of the family ip, as
// far as services need them. It writes the expressions that nft itself writes, so that
// nft lists them as they were said. Whatever else writes rules says them in these lines.
//
//	line.go      a line, and the sentences that it is made of
//	object.go    tables, chains, maps and elements
//	rule.go      what a rule asks of a packet
//	header.go    … of its headers
//	segment.go   … of how a connection of TCP opens
//	client.go    … of who sends it, for a service that stays with a server
//	conntrack.go … of its connection
//	verdict.go   what becomes of it
//	remove.go    a rule is found again
//	words.go     what the language has a way to write
package nft
