// Package translated says what the rules of nat have made of a request's source, where
// that keeps its reply from coming back.
package translated

import (
	"net/netip"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/table"
)

// Exempt is the rule for which no rule of nat sees a packet that a namespace passes on
// by a device, and whether one would translate it otherwise.
func Exempt(n *machine.Space, passing eval.Packet, out string) cause.Exempt {
	by, ok := passing.Untracked()
	if !ok {
		return cause.Exempt{}
	}
	tracked := passing.Tracked()
	tracked.IIF, tracked.OIF = "", out
	rules, err := n.Rules()
	return cause.Exempt{Place: by, Translated: err == nil && eval.Traverse(rules, "postrouting", tracked, n.Env()).NAT != nil}
}

// Away is the finding of a request that has left a namespace by a device with the source
// src, which a rule there gave it, and for which the namespace answers nobody on that wire.
func Away(n *machine.Space, left eval.Packet, src netip.Addr, link table.Link) (cause.Finding, bool) {
	by, ruled := left.Sourced()
	if !ruled || left.Src != src || n.Local(src) {
		return nil, false
	}
	own, near := machine.PrefixOver(n, link, src)
	if !near || n.Answers(link, src, neighbour(own)).Yes {
		return nil, false
	}
	return cause.Mistranslated{At: cause.At(n.Name), Src: src, Link: link, By: by}, true
}

// neighbour is another address of the network: what asks from an own one is no packet
// to the kernel.
func neighbour(own netip.Prefix) netip.Addr {
	first := own.Masked().Addr().Next()
	if first == own.Addr() {
		return first.Next()
	}
	return first
}
