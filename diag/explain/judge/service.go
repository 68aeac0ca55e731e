package judge

import (
	"net/netip"
	"slices"

	"nstutor/diag/explain/absent"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/service"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/journey"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/translated"
	"nstutor/diag/explain/vip"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/table"
)

// Bypassed is the finding of a reply that does not come from the address that was asked: it has
// not been back where the request was translated. Where the request has come back to
// whoever asked and was not taken, that is the fault: a hairpin. With accept_local it
// is taken, and the answer never leaves its namespace.
func (j *Judge) Bypassed(p journey.Packet) (cause.Finding, bool) {
	if p.Flow().Echo() || p.Src == j.Asks.Dst && p.SrcPort == j.Asks.DstPort || j.Told(cause.Hairpin) {
		return nil, false // it was sent back to its sender, who takes none of his own
	}
	if len(j.Turned) == 0 {
		return j.renewed(p)
	}
	t := j.Turned[len(j.Turned)-1]
	f := service.Bypassed{At: at(t.Space), Flow: p.Flow(), Asked: j.Asks, Client: j.Source, Exempt: j.exemptAt(t.Space), Kept: j.Kept[t.Space]}
	_, virtual := j.Virtual[t.Space]
	f.Unseen = virtual && !t.Space.TracksVirtual()
	if on, possible := t.Space.BridgeNetfilter(p.Dst.Is6()); possible && !on && j.AcrossOneBridge(t.Space) {
		f.Bridge = true
	}
	return f, true
}

// renewed is the finding of a reply whose source was changed where its request was not tracked.
func (j *Judge) renewed(p journey.Packet) (cause.Finding, bool) {
	for _, passed := range j.Passed {
		if by, kept := j.Last[passed.Space].Untracked(); kept {
			return service.Renewed{At: at(passed.Space), Flow: p.Flow(), Asked: j.Asks, Kept: by}, true
		}
	}
	return nil, false
}

// Service is the finding of a request for a service: the rules of a namespace on its
// way would have sent it on, had they seen it, for what a namespace sends itself passes
// OUTPUT, and what it passes on PREROUTING; or no rule knows of it.
func (j *Judge) Service(outside bool) (cause.Finding, bool) {
	on := make([]*machine.Space, 0, len(j.Hooked))
	for _, p := range j.Hooked {
		if f, ok := vip.Unheld(p.Space, j.Asks); ok {
			return f, true
		}
		if _, balanced := p.Space.Virtual(p.Packet.Proto(), netip.AddrPortFrom(p.Packet.Dst, p.Packet.DstPort), p.Packet.Mark); balanced {
			return nil, false // ip_vs knows it
		}
		packet := p.Packet.Unknown().Filtered
		if f, ok := vip.OtherHook(p.Space, packet, p.Packet.Flow(), p.IIF, p.Route.DevName); ok && !j.Asks.Echo() && !j.Connections.Any() {
			return f, true
		}
		if f, ok := vip.OtherAddress(p.Space, packet, p.IIF, p.Route.DevName); ok {
			return f, true
		}
		on = append(on, p.Space)
	}
	f, ok := vip.Judge(on, j.Asks)
	if got := len(j.Passed) > 0 || outside; !ok {
		// It got to those who could have translated it, or goes past them.
		f, ok = vip.Elsewhere(j.World, on, j.Asks)
		ok = ok && (got || f.Past != "")
	}
	if !ok || f.Emptied != "" {
		if declared, told := vip.Declared(j.From, on, j.Asks); told {
			f, ok = declared, true
		}
	}
	if len(j.Faults) > 0 {
		_, ranged := j.Faults[0].Finding.(service.OutOfRanges)
		ok = ok && (f.OtherPort() || !ranged && j.Faults[0].Code() != service.NoEndpoints)
	}
	return f, ok
}

// Addressless is the finding of a request that a virtual service has sent to a server as it
// was, where that server does not have the service's address.
func (j *Judge) Addressless(n *machine.Space, p journey.Packet, dev string) (cause.Finding, bool) {
	by := j.Direct.By
	if by == nil || by == n || !p.IsRequest() || !n.Local(j.Direct.Server) || n.Local(p.Dst) {
		return nil, false
	}
	f := service.ServerWithout{At: at(n), Flow: p.Flow(), By: by.Title(), Dev: "lo", Asked: j.directedTo(n)}
	if j.Direct.Kind != "" {
		f.Dev, f.Tunnelled = dev, true
	}
	f.Silent = max(n.Conf("all", "arp_ignore"), n.Conf(f.Asked, "arp_ignore")) > 0
	return f, true
}

// directedTo is the device of the address that a virtual service knows its server by.
func (j *Judge) directedTo(n *machine.Space) string {
	for _, a := range machine.AddressesOf(n, j.Direct.Server) {
		return a.Dev
	}
	return "all"
}

// leftBehind is the rule of nat that sends a request to somebody who is gone.
func (j *Judge) leftBehind(n *machine.Space, p journey.Packet, x *fabric.Explorer) (found cause.SentThere) {
	for _, met := range j.Hooked {
		if by, ruled := p.Filtered.Sent(); ruled && met.Space == n && p.IsRequest() {
			return absent.Sent(n, met.Packet.Filtered, met.IIF, by, x.Stations)
		}
	}
	return found
}

// led is the rule of a namespace that sends a request to the address that it is for now. Its
// Rule is nil where none does.
func (j *Judge) led(n *machine.Space, p journey.Packet) (by eval.Place) {
	if p.IsRequest() && slices.ContainsFunc(j.Hooked, func(met journey.Passage) bool { return met.Space == n }) {
		by, _ = p.Filtered.Sent()
	}
	return by
}

// exemptAt is why nothing translates the request in a namespace, where it left that last:
// a rule, or that it has passed it before.
func (j *Judge) exemptAt(n *machine.Space) cause.Exempt {
	here := func(p journey.Passage) bool { return p.Space == n }
	first, last := slices.IndexFunc(j.Passed, here), len(j.Passed)-1
	if first < 0 {
		return cause.Exempt{}
	}
	for !here(j.Passed[last]) {
		last--
	}
	p := j.Passed[last]
	if last < first+2 || !p.Packet.Filtered.PassedBefore() {
		return translated.Exempt(n, p.Packet.Filtered, p.Route.DevName)
	}
	by := j.Passed[last-1]
	return translated.Before(n, p.Packet.Filtered, p.Route.DevName, cause.Before{Out: j.Passed[first].Route.DevName, By: by.Space.Name, ByOut: by.Route.DevName}, by.Space)
}

// Untranslated is the finding of a request that leaves by the way out with the private
// address of somebody behind this namespace.
func (j *Judge) Untranslated(n *machine.Space, p journey.Packet, link table.Link) (cause.Finding, bool) {
	if len(j.Passed) == 0 {
		return nil, false
	}
	passed := j.Passed[len(j.Passed)-1]
	if passed.Space != n || !translated.Wanted(n, p.Src, p.Dst, link, passed.Route) {
		return nil, false
	}
	if f, ok := absent.Unasked(n, p.Src, passed.Route); ok {
		return f, true
	}
	return cause.Untranslated{At: at(n), Src: p.Src, Net: n.Leaving(j.From, p.Filtered, p.Src, link.Name), Out: link.Name, Line: passed.Route.Line, Exempt: j.exemptAt(n)}, true
}
