// Package nftrace hears which rules packets meet that a rule has marked by `meta nftrace
// set 1`: values, and the lines that `nft monitor trace` prints of them.
package nftrace

import (
	"cmp"
	"net"
	"strconv"

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
	Handle       uint64          // of the rule that holds; 0: no rule
	Rule         *netfilter.Rule // that rule; nil where it was gone when the event was fetched
	Text         string          // that rule, as nft prints it
	Verdict      string          // "accept", "jump", "continue" …
	To           string          // the chain that is jumped to
	Policy       bool            // no rule has decided: it is the chain's policy
	Packet       *Packet
}

// Packet is what the packet looks like there; the kernel tells it at the first thing
// that a packet meets in a base chain.
type Packet struct {
	In, Out            string // names of devices, or their indexes where they are gone; empty: none
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
			all = append(all, l.parse(a))
		}
	}
	if len(all) == 0 {
		return nil, nil
	}
	set, err := netfilter.Read(l.ns)
	if err != nil {
		return nil, err
	}
	for i := range all {
		all[i].look(set)
	}
	return all, nil
}

// look takes the rule of an event out of the rules that are there now.
func (e *Event) look(set *netfilter.RuleSet) {
	table, ok := set.Table(e.Family, e.Table)
	if !ok {
		return
	}
	chain, ok := table.Chain(e.Chain)
	if !ok {
		return
	}
	for i := range chain.Rules {
		if rule := &chain.Rules[i]; e.Handle != 0 && rule.Handle == e.Handle {
			e.Rule, e.Text = rule, table.RuleText(rule)
		}
	}
}

// Lines are the events that were heard since, as `nft monitor trace` prints them.
func (l *Listener) Lines() (lines []string, err error) {
	events, err := l.Pending()
	for _, e := range events {
		lines = append(lines, e.Lines()...)
	}
	return lines, err
}

// parse reads what nft_trace_notify() wrote.
func (l *Listener) parse(a nfnl.Announcement) Event {
	e := Event{ID: a.Uint32(attrID), Family: netfilter.Families[a.Family], Table: a.Text(attrTable), Chain: a.Text(attrChain)}
	switch a.Uint32(attrKind) {
	case kindPolicy:
		e.Policy = true
		e.Verdict = verdict(a.Uint32(attrPolicy))
	case kindRule:
		e.Handle = a.Uint64(attrRule)
		fallthrough
	case kindReturn:
		v := a.Nested(attrVerdict)
		e.Verdict, e.To = verdict(v.Uint32(unix.NFTA_VERDICT_CODE)), v.Text(unix.NFTA_VERDICT_CHAIN)
	}
	if network := a.Get(attrNetwork); network != nil {
		e.Packet = &Packet{In: l.device(a.Uint32(attrIn)), Out: l.device(a.Uint32(attrOut)), Network: network, Transport: a.Get(attrTransport)}
	}
	return e
}

// verdicts are those that name no chain.
var verdicts = map[int32]string{
	0: "drop", 1: "accept", 2: "stolen", 3: "queue", // NF_DROP and so on of <linux/netfilter.h>
	unix.NFT_CONTINUE: "continue", unix.NFT_BREAK: "break", unix.NFT_RETURN: "return",
	unix.NFT_JUMP: "jump", unix.NFT_GOTO: "goto",
}

func verdict(code uint32) string { return cmp.Or(verdicts[int32(code)], "unknown") }

// device is the name of a device of the namespace.
func (l *Listener) device(index uint32) (name string) {
	if index == 0 {
		return ""
	}
	name = strconv.FormatUint(uint64(index), 10)
	l.ns.Do(func() error {
		if dev, err := net.InterfaceByIndex(int(index)); err == nil {
			name = dev.Name
		}
		return nil
	})
	return name
}
