// Package netfilter reads the packet filter of a network namespace: what
// iptables-save, ip6tables-save (both backends) and `nft list ruleset` would print
// together, as values.
//
// Read takes all of it at once; Open leaves the rules in the kernel and fetches
// those of a chain as they are walked. A rule is Matches, Effects and a Verdict,
// and what is not understood is named, not left out. It neither loads a kernel
// module nor makes a table.
package netfilter
