package explain

import (
	"context"
	"time"

	"nstutor/diag/explain/journey"
	"nstutor/diag/explain/whole"
	"nstutor/diag/probe"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// wholeTimeout is how long an echo of a full-sized packet may take.
const wholeTimeout = time.Second

// swallow has a connection that opens be judged by what it would carry: full-sized
// segments that are lost are the answer. Where it was opened, echoes that are as long
// try it: no data is sent that nobody asked for.
func (a *Answer) swallow(ctx context.Context, req Request, hole whole.Hole) {
	found := hole.Finding
	if req.Probe {
		passes, tested := tryWhole(ctx, hole)
		if passes {
			return
		}
		found.Tested = tested
	}
	a.Verdict, a.Cause = Broken, inWords(journey.Find(hole.Leg, found))
	a.Fix = []change.Command{} // of an answer that did not come whole: this is why
	a.mendBy(change.Here(found.Fix()...))
}

// tryWhole sends an echo as long as a full-sized segment, and a small one where that is
// lost. It reports whether the sender hears of the narrow wire, or there is none, and how
// that was tried.
func tryWhole(ctx context.Context, hole whole.Hole) (passes bool, tested Text) {
	if !hole.To.IsValid() {
		return false, say.T("not tried: the addresses are translated on the way, and an echo would not be", "未实测：地址在途中被转换，ping 走的不是同一条路")
	}
	headers := ipHeader + icmpHeader
	if hole.To.Is6() {
		headers = ip6Header + icmpHeader
	}
	long := probe.Echo{To: hole.To.String(), Dst: hole.To, Src: hole.Src, Size: hole.Finding.Length - headers, DF: true, Timeout: wholeTimeout}
	r := probe.Ping(ctx, hole.From.NS, long)
	if r.Outcome != probe.Silent {
		return r.Outcome == probe.Replied || r.Outcome == probe.FragNeeded || r.Outcome == probe.MessageTooLong, say.Quote(r.Message)
	}
	short := long
	short.Size, short.Timeout = 0, wholeTimeout
	if probe.Ping(ctx, hole.From.NS, short).Outcome != probe.Replied {
		return false, say.T("not tried: pings from %s to %s are not answered at all", "未实测：从 %s 到 %s 的 ping 一律无应答", hole.Src, hole.To)
	}
	return false, say.T("tried with echoes, not with the connection itself: from %s to %s one of %d bytes (DF) is lost without a word, a small one is answered",
		"用 ping 实测（没有用连接本身）：从 %s 到 %s，%d 字节（DF）的包无声丢失，小包有应答", hole.Src, hole.To, hole.Finding.Length)
}
