package explain

import (
	"context"
	"slices"

	"golang.org/x/sys/unix"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/against"
	"nstutor/diag/explain/cause/device"
	"nstutor/diag/explain/cause/service"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/journey"
	"nstutor/diag/explain/trace"
	"nstutor/diag/probe"
	"nstutor/diag/socket"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// compare brings together what was predicted and what became of the ping.
func (w *observation) compare(ctx context.Context, a *Answer, r probe.Result) {
	replied := r.Outcome == probe.Replied || a.arrived(r)
	dropped := len(a.Drops) > 0 && !replied
	refuser, refused := w.refuser(a, r)
	stop, leg, doubted := w.doubted(a, refuser.Netns(), refused)
	portless, unsent := w.portless(r)
	switch {
	case unsent && a.Verdict != Broken:
		a.unsent(portless)
	case r.Outcome == probe.OutcomeUnknown:
	case doubted && !replied && a.Verdict == Undecided && a.Cause.Code == cause.NotKnown:
		a.Cause = inWords(journey.Find(leg, stop))
		a.confirm()
		a.mendBy(change.Here(w.sameBack(stop, leg)...))
		a.Cause.Evidence = append(a.Cause.Evidence, a.lastSeen())
	case refused && (a.Verdict == Delivered || a.Verdict == Undecided && a.Cause.Code == cause.NotKnown && (refuser.Out || w.Beyond == nil)):
		a.Verdict, a.Beyond, a.Fix = Broken, "", []change.Command{}
		a.Cause = inWords(journey.Find(flows.LegReply, refuser))
	case dropped && a.Verdict == Delivered && (w.keptOnly(a) || w.demanded(a)):
	case dropped && a.Verdict == Delivered:
		a.Verdict = Broken
		a.disagree(a.Cause, a.Drops[0].finding(a.against(a.Cause), false))
	case dropped && a.Verdict == Undecided && w.sentBack(a.Drops[0]):
		a.sentBack(w.Beyond, w.asked.From.Name)
	case dropped && a.Verdict == Undecided && a.Cause.Code == cause.NotKnown && !a.Drops[0].offPath && (w.Beyond == nil || w.Beyond.Resolved()):
		a.Verdict, a.Beyond = Broken, ""
		seen := against.Contradiction{At: cause.At(a.Drops[0].Netns), Seen: []Text{a.lastSeen()}}
		a.Cause = inWords(journey.Find(a.Cause.Leg, a.Drops[0].finding(seen, true)))
	case r.Outcome == probe.Silent && a.mayBeSilent() && a.Verdict == Undecided && (w.Beyond != nil && a.Cause.Code == cause.NotKnown && a.observed() || a.Cause.Code == service.ReplyOtherSource):
		// Nobody has to answer a datagram: nothing more can be told from here.
		a.Cause.Evidence = append(a.Cause.Evidence, a.lastSeen())
	case !replied && a.Verdict == Undecided && w.Beyond != nil:
		w.silent(a, r)
	case !replied && a.Verdict == Undecided && a.Cause.Code != cause.NotKnown:
		a.confirm()
	case replied && a.Verdict == Undecided:
		a.Verdict, a.Cause, a.Beyond = Delivered, Fault{Code: cause.None, Evidence: []Text{}}, ""
	case w.unreplied(a, r):
		a.Verdict = Broken
		a.Cause = inWords(journey.Find(flows.LegReply, w.unreplying(ctx, a)))
	case replied && a.Verdict == Broken, !replied && a.Verdict == Delivered:
		predicted := a.Cause
		a.Verdict = Broken
		if replied {
			a.Verdict = Delivered
		}
		said := r.Message
		if a.Probe != nil { // which has the whole series
			said = a.Probe.Message
		}
		a.disagree(predicted, against.Unpredicted{Contradiction: a.against(predicted), Predicted: predicted.Code, Message: said})
	case !replied && a.Verdict == Undecided:
		a.Verdict = Broken
		a.Cause.Evidence = []Text{a.lastSeen()}
	}
	if dropped && a.Verdict == Broken {
		for _, d := range a.Drops {
			a.Cause.Evidence = append(a.Cause.Evidence, d.at().Line())
		}
	}
}

// mayBeSilent reports whether silence is no sign of a fault: a program need not
// answer a datagram, but for a name server that was asked something.
func (a *Answer) mayBeSilent() bool { return a.Flow.Proto == "udp" && a.Flow.DstPort != probe.DNSPort }

// arrived reports whether a datagram that nobody answers was seen all the way to
// the one that it is for.
func (a *Answer) arrived(r probe.Result) bool {
	if r.Outcome != probe.Silent || !a.mayBeSilent() || a.Verdict != Delivered {
		return false
	}
	return !slices.ContainsFunc(a.Hops, func(h hop.Hop) bool {
		return h.Leg == flows.LegRequest && h.Sighting != nil && h.Observed != hop.OK
	})
}

// unreplied reports whether a question came all the way to the socket that it is for, and
// no answer was sent.
func (w *observation) unreplied(a *Answer, r probe.Result) bool {
	return r.Outcome == probe.Silent && a.Verdict == Delivered && w.asked.Proto == unix.IPPROTO_UDP && !a.mayBeSilent() && w.Listens != nil &&
		!slices.ContainsFunc(a.Hops, func(h hop.Hop) bool {
			return h.Sighting != nil && (h.Leg == flows.LegRequest) != (h.Observed == hop.OK)
		})
}

// unreplying is that finding, with the socket as it is now.
func (w *observation) unreplying(ctx context.Context, a *Answer) service.Unreplying {
	at, was := w.Listens.Space, w.Listens.Socket
	f := service.Unreplying{At: cause.At(at.Name), Flow: w.Reached, Socket: was}
	if a.Listener != nil {
		f.By, f.PID = a.Listener.Process, a.Listener.PID
	}
	if now, err := socket.Read(ctx, at.NS); err == nil {
		if i := slices.IndexFunc(now.All, func(s socket.Socket) bool { return s.Inode == was.Inode }); i >= 0 {
			f.Socket = now.All[i]
		}
	}
	return f
}

// confirm says that what was doubted is so.
func (a *Answer) confirm() {
	a.Verdict, a.Beyond = Broken, ""
	a.mendBy(change.Here(a.Cause.fix...))
}

// disagree says that the kernel has done something else than was predicted.
func (a *Answer) disagree(predicted Fault, f cause.Finding) {
	a.Fix = []change.Command{}
	a.Cause = inWords(journey.Find(predicted.Leg, f))
}

// against is what was seen, and what the prediction rested on.
func (a *Answer) against(predicted Fault) against.Contradiction {
	return against.Contradiction{At: cause.At(predicted.Netns), Seen: append([]Text{a.lastSeen()}, predicted.Evidence...)}
}

// lastSeen is the last place where the ping was seen on a wire, of those that could be watched.
func (a *Answer) lastSeen() Text {
	seen := say.T("the request was seen on no wire", "请求没有在任何链路上出现")
	if !a.watched() {
		seen = say.T("no wire on its way could be watched", "途中没有一条链路能够观察")
	}
	for _, h := range a.Hops {
		if h.Observed == hop.OK {
			seen = say.T("last seen: %s, %s %s", "最后一次看到：%s，%s %s", h.Detail, h.Netns, h.Device)
		}
	}
	return seen
}

// silent is what a ping proves that went out of sight and was not answered.
func (w *observation) silent(a *Answer, r probe.Result) {
	b := w.Beyond
	a.Verdict = Broken
	returned := slices.ContainsFunc(a.Hops, func(h hop.Hop) bool { return h.Leg == flows.LegReply && h.Sighting != nil && h.Observed == hop.OK })
	left := !slices.ContainsFunc(a.Hops, func(h hop.Hop) bool { return h.Predicted == hop.OK && h.Observed == hop.Fail })
	failed, unanswered := b.Unanswered()
	own, unasking := b.Unasking()
	elsewhere, missed := b.Elsewhere()
	beyond := b.Left(cause.At(a.Cause.Netns), append([]Text{a.lastSeen()}, b.RoutesDown()...)...)
	beyond.Unsure = len(w.Unseen) > 0 || !a.observed()
	beyond.Blind = len(w.Unseen) > 0 && !a.watched()
	unopened, refused := w.unopened(w.strays, beyond)
	switch {
	case a.Cause.Code != cause.NotKnown && a.Cause.Leg == flows.LegReply:
		a.confirm()
	case returned && a.Cause.Code == cause.NotMasqueraded && w.astray(a):
		a.confirm()
	case returned:
		a.Beyond = ""
		a.disagree(a.Cause, against.LostBehind{Contradiction: a.against(a.Cause), Dev: b.Dev()})
	case missed && (a.Cause.Code == cause.NotKnown || a.Cause.Code == cause.NotMasqueraded):
		a.Cause = inWords(elsewhere)
		a.confirm()
	case refused:
		a.Cause = inWords(unopened)
		a.Cause.Refused = true
	case unanswered:
		if a.Cause = inWords(failed); len(a.Cause.fix) > 0 { // it need not be asked there
			a.confirm()
		}
		a.Cause.Evidence = slices.Concat(a.Cause.Evidence, b.OtherWires(), b.PerhapsRouted(), b.Hides(), b.Ruled())
	case device.NotSent(r.Outcome) && a.Cause.Code == cause.NotKnown:
		a.Cause = inWords(journey.Find(a.Cause.Leg, device.Unsent{Beyond: beyond, Outcome: r.Outcome, Length: b.Length(), MTU: b.Edge.Dev.MTU}))
	case !left:
		a.Beyond = ""
		a.disagree(a.Cause, against.NeverLeft{Contradiction: a.against(a.Cause), Dev: b.Dev()})
	case a.Cause.Code != cause.NotKnown:
		a.confirm()
	case r.From.IsValid() && r.Outcome == probe.DifferentAddress:
		a.Cause = inWords(journey.Find(flows.LegReply, cause.AnsweredAs{Beyond: beyond, By: r.From}))
	case r.From.IsValid() && r.Outcome == probe.TTLExceeded && b.Shortened(r.From) != nil:
		a.Cause = inWords(journey.Find(a.Cause.Leg, b.Shortened(r.From)))
		a.confirm()
	case r.From.IsValid() && r.Outcome != probe.Silent:
		by := r.From
		if by == w.asked.Dest { // in whose name the one speaks who was sent the request instead
			by = beyond.Flow.Dst
		}
		a.Cause = inWords(journey.Find(a.Cause.Leg, cause.RefusedBeyond{Beyond: beyond, By: by, Outcome: r.Outcome}))
		a.Cause.Refused = true
	case b.Tunnel() != "":
		a.Cause = inWords(journey.Find(a.Cause.Leg, cause.SilentTunnel{Beyond: beyond, Carrier: b.Tunnel(), Waited: w.waited}))
	case unasking && !beyond.To.Known():
		a.Cause = inWords(journey.Find(a.Cause.Leg, device.Unasking{Beyond: b.Left(cause.At(own.Space.Name)), Link: own.Dev}))
		a.confirm()
	case b.Pinned().State != "" && !beyond.To.Known():
		a.Cause = inWords(journey.Find(a.Cause.Leg, device.Pinned{Beyond: unproven(beyond, b), Entry: b.Pinned(), Waited: w.waited}))
	default:
		a.Cause = inWords(journey.Find(a.Cause.Leg, cause.SilentBeyond{Beyond: unproven(beyond, b), Waited: w.waited}))
	}
}

// unproven adds to what was seen of a packet what nobody here can know to be right.
func unproven(left cause.Beyond, b *trace.Beyond) cause.Beyond {
	if b.Alien() {
		left.Seen = append(left.Seen, say.T("%s is in no network of %s: whoever answers needs a route to it", "%s 不在 %s 的任何网段里：对方要有到它的路由才能应答", left.Flow.Src, left.Dev))
	}
	left.Seen = append(left.Seen, b.Behind()...)
	return left
}
