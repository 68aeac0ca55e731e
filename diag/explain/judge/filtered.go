package judge

import (
	"net/netip"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/journey"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/published"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/explain/vip"
	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/eval"
)

// Filtered is the finding of a packet that a rule stops.
func (j *Judge) Filtered(n *machine.Space, p journey.Packet, hook string, r eval.Result) cause.Finding {
	if hook == "input" && p.IsRequest() {
		if f, _, ok := j.Twin(n, p); ok {
			return f
		}
	}
	// The chain saw the packet as it was there, which may be after translation.
	if seen := r.Packet; seen.Src.IsValid() && seen.Dst.IsValid() {
		p.Src, p.Dst, p.SrcPort, p.DstPort = seen.Src, seen.Dst, seen.SrcPort, seen.DstPort
	}
	f := cause.Stopped{At: at(n), Flow: p.Flow(), Hook: hook, Result: r,
		Answer: p.IsReply() && r.Packet.CTState == eval.CTEstablished && r.Tracked()}
	if p.Encap != nil {
		f.Ends = p.Encap.Ends
	}
	rules, err := n.Rules()
	if zones, ok := r.Packet.Zones(); ok {
		f.Zones = zones
	} else if err == nil {
		f.Untracked = j.untracked(n, rules, p, hook, r)
	}
	if _, here := j.Last[n]; !here && len(j.Passed) > 0 && p.IsReply() && r.Packet.CTState == eval.CTInvalid && r.Tracked() {
		f.Past = j.Passed[len(j.Passed)-1].Space.Name
	}
	if err == nil && r.Drops() && p.IsReply() && eval.Direct(rules, r) {
		if straight, ok := j.straight(n, p, r); ok {
			return straight
		}
	}
	if err == nil && r.Drops() && !r.MeantApart() {
		f.Look = eval.Passing(rules, hook, r, n.Env())
		f.Emptied = published.Emptied(r, hook)
		f.Element = listed(n, hook, r, f.Look)
		f.Sourced = j.sourced(n, hook, r)
	}
	if r.MeantApart() && len(j.Began) > 0 && p.IsRequest() {
		if first := j.Began[0]; first.Space.OneOfDefaults(first.Route) {
			f.Other = cause.OtherRoute{Netns: first.Space.Name, Entry: first.Route.Entry}
		}
		f.Join = j.World.Join(j.From, j.Dest)
	}
	if (r.Decided == nil || len(r.Decided.Matches) == 0) && hook == "forward" && p.IsRequest() {
		// Nobody has thought of this sender: it is as with all of its network.
		f.Net = n.Shared(j.From, p.Src, func(other netip.Addr) bool {
			seen := r.Packet
			seen.Src = other
			now, err := n.Rules()
			return err == nil && eval.Traverse(now, hook, seen, n.Env()).Drops()
		})
	}
	return vip.Meant(n, f)
}

// untracked are the rules without which connection tracking would know the packet, or the request
// that it answers, and the hook let it pass.
func (j *Judge) untracked(n *machine.Space, rules *netfilter.RuleSet, p journey.Packet, hook string, r eval.Result) (all []eval.Place) {
	if by, kept := r.Packet.Untracked(); kept {
		all = append(all, by)
	}
	tracked := r.Packet.Tracked()
	if p.IsReply() {
		tracked.CTState = eval.CTEstablished
		if by, kept := j.Last[n].Untracked(); kept && (len(all) > 0 || r.Packet.CTState == eval.CTInvalid) {
			all = append(all, by)
		}
	}
	if len(all) == 0 || eval.Traverse(rules, hook, tracked, n.Env()).Verdict != eval.VerdictAccept {
		return nil
	}
	return all
}

// Twin is the other one of two who have the address of a request that has come to n, because
// the neighbour table led it there, and the finding of that.
func (j *Judge) Twin(n *machine.Space, p journey.Packet) (cause.Finding, fabric.Station, bool) {
	if a := j.Sought; a != nil && a.ByTable && a.NextHop == p.Dst && p.Encap == nil {
		return a.Misled(n)
	}
	return nil, fabric.Station{}, false
}

// sourced is the rule of another namespace that gave a request the source for which a rule
// here stops it, where the one that it had would pass, and its answer would go back by that
// namespace: a bridge there passes it on, or it is the router.
func (j *Judge) sourced(n *machine.Space, hook string, r eval.Result) remedy.Sourced {
	for by, left := range j.Last {
		rule, ok := left.Sourced()
		own := left.SetOut()
		if by == n || !ok || left.Src != r.Packet.Src || own == left.Src || r.Packet.CTState != eval.CTNew {
			continue
		}
		back := n.Route(machine.RouteQuery{Dst: own})
		if left.Ports == (eval.Ports{}) && !by.Local(back.Via) || back.Kind != machine.KindUnicast {
			continue
		}
		as := r.Packet
		as.Src = own
		if rules, err := n.Rules(); err == nil && eval.Traverse(rules, hook, as, n.Env()).Verdict == eval.VerdictAccept {
			return remedy.Sourced{Netns: by.Name, By: rule, Src: own, Dst: left.Dst}
		}
	}
	return remedy.Sourced{}
}
