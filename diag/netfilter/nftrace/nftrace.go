// Package nftrace hears which rules packets meet that a rule has marked by `meta nftrace
// set 1`, and tells it in the lines of `nft monitor trace`.
package nftrace

import (
	"cmp"

	"golang.org/x/sys/unix"

	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/nfnl"
	"nstutor/internal/nsenter"
	"nstutor/internal/say"
)

// What package unix does not have of <linux/netfilter/nf_tables.h>: attributes of a
// trace (enum nft_trace_attributes) and its kinds (enum nft_trace_types).
const (
	attrTable, attrChain, attrRule, attrKind, attrVerdict, attrID = 1, 2, 3, 4, 5, 6
	attrNetwork, attrTransport, attrIn, attrOut                   = 8, 9, 10, 12
	attrPolicy                                                    = 16

	kindPolicy, kindReturn, kindRule = 1, 2, 3
)

// Event is one thing that a packet meets: a rule that holds for it, the end of a chain
// that was jumped to, or the policy of a chain.
type Event struct {
	ID           uint32 // of the packet, at this machine
	Family       string
	Table, Chain string
	Rule         uint64 // its handle; 0: no rule
	Verdict      string // "accept", "jump web", "continue" …
	Policy       bool   // no rule has decided: it is the chain's policy
	Packet       *Packet
}

// Packet is what the packet looks like there; the kernel tells it at the first thing
// that a packet meets in a base chain.
type Packet struct {
	In, Out            uint32 // indexes of devices; 0: none
	Network, Transport []byte // the headers
}

// Listener hears them in one namespace.
type Listener struct {
	ns  *nsenter.Namespace
	ear *nfnl.Ear
}

// Listen begins to hear. The error is EPERM where the namespace is not one's own.
func Listen(ns *nsenter.Namespace) (*Listener, error) {
	ear, err := nfnl.Listen(ns, unix.NFNLGRP_NFTRACE)
	if err != nil {
		return nil, say.At(ns.Name(), say.At("nftrace", err))
	}
	return &Listener{ns, ear}, nil
}

// Close stops hearing.
func (l *Listener) Close() { l.ear.Close() }

// Pending is what was heard since it was last asked for.
func (l *Listener) Pending() (all []Event, err error) {
	heard, err := l.ear.Pending()
	if err != nil {
		return nil, say.At(l.ns.Name(), say.At("nftrace", err))
	}
	for _, a := range heard {
		if a.Kind == unix.NFT_MSG_TRACE {
			all = append(all, parse(a))
		}
	}
	return all, nil
}

// Lines are the events that were heard since, as `nft monitor trace` prints them.
func (l *Listener) Lines() ([]string, error) {
	events, err := l.Pending()
	if err != nil || len(events) == 0 {
		return nil, err
	}
	set, err := netfilter.Read(l.ns)
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, e := range events {
		lines = append(lines, e.Lines(set, l.device)...)
	}
	return lines, nil
}

var families = map[byte]string{
	unix.NFPROTO_IPV4: "ip", unix.NFPROTO_IPV6: "ip6", unix.NFPROTO_INET: "inet",
	unix.NFPROTO_ARP: "arp", unix.NFPROTO_BRIDGE: "bridge", unix.NFPROTO_NETDEV: "netdev",
}

// parse reads what nft_trace_notify() wrote.
func parse(a nfnl.Announcement) Event {
	e := Event{ID: a.Uint32(attrID), Family: families[a.Family], Table: a.Text(attrTable), Chain: a.Text(attrChain)}
	switch a.Uint32(attrKind) {
	case kindPolicy:
		e.Policy = true
		e.Verdict = verdict(int32(a.Uint32(attrPolicy)), "")
	case kindRule:
		e.Rule = a.Uint64(attrRule)
		fallthrough
	case kindReturn:
		v := a.Nested(attrVerdict)
		e.Verdict = verdict(int32(v.Uint32(unix.NFTA_VERDICT_CODE)), v.Text(unix.NFTA_VERDICT_CHAIN))
	}
	if network := a.Get(attrNetwork); network != nil {
		e.Packet = &Packet{In: a.Uint32(attrIn), Out: a.Uint32(attrOut), Network: network, Transport: a.Get(attrTransport)}
	}
	return e
}

// verdicts are those that name no chain.
var verdicts = map[int32]string{
	0: "drop", 1: "accept", 2: "stolen", 3: "queue", // NF_DROP and so on of <linux/netfilter.h>
	unix.NFT_CONTINUE: "continue", unix.NFT_BREAK: "break", unix.NFT_RETURN: "return",
	unix.NFT_JUMP: "jump", unix.NFT_GOTO: "goto",
}

func verdict(code int32, chain string) string {
	word := cmp.Or(verdicts[code], "unknown")
	if chain != "" {
		word += " " + chain
	}
	return word
}
