// Package translated says what the rules of nat have made of a request's source, where
// that keeps its reply from coming back.
package translated

import (
	"net/netip"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/published"
	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/netfilter/firewalld"
	"nstutor/diag/table"
	"nstutor/internal/change"
)

// Exempt is the rule for which no rule of nat gives a source to a packet that a namespace
// passes on by a device: it keeps connection tracking from it, or has it leave the chain
// before it comes to another one.
func Exempt(n *machine.Space, passing eval.Packet, out string) cause.Exempt {
	rules, err := n.Rules()
	if err != nil {
		return cause.Exempt{}
	}
	p := passing.Tracked()
	p.IIF, p.OIF = "", out
	left := eval.Traverse(rules, "postrouting", p, n.Env())
	if by, ok := passing.Untracked(); ok {
		return cause.Exempt{Place: by, Translated: left.NAT != nil}
	}
	if by, ok := left.Packet.LetBy(); ok {
		return cause.Exempt{Place: by, LetBy: true, Dst: passing.Dst}
	}
	if left.NAT != nil {
		return cause.Exempt{}
	}
	if own := published.Masquerade(n, passing.Src, out); own != nil {
		return cause.Exempt{Unruled: true, Docker: own}
	}
	zone := zoneOf(n, out)
	if near := eval.Translating(rules, p, n.Env()).Near; len(near) > 0 {
		return cause.Exempt{Near: near[0], Dst: passing.Dst, Zone: zone}
	}
	return cause.Exempt{Unruled: true, Zone: zone}
}

// zoneOf is the zone of firewalld that a device is in; "" where firewalld cannot be asked, so
// that the rules need not be read as a whole, or does not rule there.
func zoneOf(n *machine.Space, dev string) (zone string) {
	if n.Name != "" || !change.HasFirewalld() {
		return ""
	}
	if whole, err := netfilter.Read(n.NS); err == nil {
		zone, _ = firewalld.Zone(whole.Tables, dev)
	}
	return zone
}

// Before is the exemption of a packet that has passed a namespace before, where another one
// sends it back: that one can give it a source that makes it another connection.
func Before(n *machine.Space, passing eval.Packet, out string, was cause.Before, by *machine.Space) cause.Exempt {
	rules, err := n.Rules()
	if was.Back, _ = by.Env().MasqueradeAddr(was.ByOut, passing.Dst); err != nil || !was.Back.IsValid() {
		return cause.Exempt{}
	}
	p := passing.Forget()
	p.Src, p.OIF = was.Back, out
	was.Served = eval.Traverse(rules, "postrouting", p, n.Env()).NAT != nil
	return cause.Exempt{Before: was}
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
	if first, ok := machine.FirstOther(own); ok {
		return first
	}
	return own.Addr().Next()
}

// Wanted reports whether what leaves a namespace by a device of the way out wants another
// source: nobody outside can be expected to have a route back to the private address of
// somebody behind it. A route by a router of one's own is another matter: who wrote it
// wrote the way back, too.
func Wanted(n *machine.Space, src, dst netip.Addr, link table.Link, by machine.RouteAnswer) bool {
	if !machine.Private(src) || n.Local(src) {
		return false
	}
	if by.Via.IsValid() {
		if !by.Entry.Default() {
			return false
		}
	} else if link.Kind == "veth" && by.Entry.Dst.IsSingleIP() || machine.RoutesBy(n, dst) {
		return false // a pod's own wire, by which alone it answers
	}
	_, near := machine.PrefixOver(n, link, src)
	return !near // or it is at home there
}

// WouldHelp reports whether n, who is to reply to src, could answer the address that the
// request to dst would have after masquerading at its exit.
func WouldHelp(exit *machine.Space, route machine.RouteAnswer, n *machine.Space, src, dst netip.Addr) bool {
	if exit.Local(src) {
		return false // it is the exit's own already
	}
	own, err := exit.Env().MasqueradeAddr(route.DevName, dst)
	return err == nil && own.IsValid() && n.Route(machine.RouteQuery{Dst: own}).Kind == machine.KindUnicast
}

// Loopback is the finding of a packet from 127.0.0.1 that leaves its own namespace with
// that source. began is the packet before the rules of postrouting saw it.
func Loopback(n *machine.Space, began eval.Packet, f flows.Flow, route machine.RouteAnswer) cause.Finding {
	return cause.LoopbackOutside{At: cause.At(n.Name), Flow: f, Out: route.DevName, Line: route.Line, Exempt: Exempt(n, began, route.DevName)}
}
