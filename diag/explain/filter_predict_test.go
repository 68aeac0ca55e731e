package explain_test

import (
	"net/netip"
	"os"

	"nstutor/diag/netfilter/eval"
	"nstutor/internal/nsenter"
)

// filterJourney is a ping as Traverse sees it.
type filterJourney struct {
	filterSeen
	unknown bool
	results []eval.Result
}

// predict leads an echo through r and back, as the kernel does. from is a or r.
func (w *filterWorld) predict(from *nsenter.Namespace, dst netip.Addr) *filterJourney {
	j := &filterJourney{}
	set := w.rules()
	pass := func(hook string, p eval.Packet, iif, oif string) (eval.Packet, bool) {
		p.IIF, p.OIF = iif, oif
		r := eval.Traverse(set, hook, p, w)
		j.results = append(j.results, r)
		j.unknown = j.unknown || r.Verdict == eval.VerdictUnknown
		return r.Packet, r.Verdict == eval.VerdictAccept
	}
	p := eval.Packet{Src: filterAddrA, Dst: dst, Proto: 1, ICMPType: 8, CTState: eval.CTNew, Length: 84, TTL: 64}
	way := func(dst netip.Addr) string {
		if dst == filterAddrA {
			return "ra"
		}
		return "rb"
	}
	if from == w.r {
		p.Socket = eval.Socket{Known: true, UID: uint32(os.Geteuid()), GID: uint32(os.Getegid())}
	}
	local := func(a netip.Addr) bool { return a == filterAddrRA || a == filterAddrRB }
	ok := true
	if from == w.r && local(dst) {
		p.Src = dst
		if p, ok = w.predictLoop(p, pass); ok {
			_, j.Replied = w.predictLoop(eval.Packet{Src: p.Dst, Dst: p.Src, Proto: 1, Length: 84, TTL: 64}.Answering(p), pass)
		}
		return j
	}
	if from == w.r {
		p.Src = filterAddrRB
		if p, ok = pass("output", p, "", way(dst)); !ok {
			return j
		}
		p, ok = pass("postrouting", p, "", way(p.Dst))
	} else {
		if p, ok = pass("prerouting", p, "ra", ""); !ok {
			return j
		}
		if local(p.Dst) {
			p, ok = pass("input", p, "ra", "")
		} else {
			p.TTL--
			if p, ok = pass("forward", p, "ra", way(p.Dst)); ok {
				p, ok = pass("postrouting", p, "ra", way(p.Dst))
			}
		}
	}
	if !ok {
		return j
	}
	return w.predictReply(j, p, from, pass)
}

// predictLoop is the way over lo, out and in again.
func (w *filterWorld) predictLoop(p eval.Packet, pass filterPass) (eval.Packet, bool) {
	ok := true
	for _, step := range []struct{ hook, iif, oif string }{{"output", "", "lo"}, {"postrouting", "", "lo"}, {"prerouting", "lo", ""}, {"input", "lo", ""}} {
		if p, ok = pass(step.hook, p, step.iif, step.oif); !ok {
			return p, false
		}
	}
	return p, true
}

type filterPass func(hook string, p eval.Packet, iif, oif string) (eval.Packet, bool)

func (w *filterWorld) predictReply(j *filterJourney, p eval.Packet, from *nsenter.Namespace, pass filterPass) *filterJourney {
	reply := eval.Packet{Src: p.Dst, Dst: p.Src, Proto: 1, CTState: eval.CTInvalid, Length: 84, TTL: 64}
	tracked := p.CTState != eval.CTUntracked
	if tracked {
		reply = reply.Answering(p)
	}
	origin := filterAddrA
	if from == w.r {
		origin = filterAddrRB
	}
	if p.Dst == filterAddrRA || p.Dst == filterAddrRB {
		ok := false
		if reply, ok = pass("output", reply, "", "ra"); ok {
			_, ok = pass("postrouting", reply, "", "ra")
		}
		j.Replied = ok
		return j
	}
	j.At = p.Src.String() + " > " + p.Dst.String()
	reply, ok := pass("prerouting", reply, "rb", "")
	if !ok || reply.Dst != origin { // without its address it has another way from here
		return j
	}
	if from == w.r {
		_, j.Replied = pass("input", reply, "rb", "")
		return j
	}
	reply.TTL--
	if reply, ok = pass("forward", reply, "rb", "ra"); ok {
		_, j.Replied = pass("postrouting", reply, "rb", "ra")
	}
	return j
}
