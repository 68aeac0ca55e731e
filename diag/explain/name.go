package explain

import (
	"context"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/service"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/journey"
	"nstutor/diag/explain/machine"
	"nstutor/diag/resolve"
	"nstutor/internal/say"
)

// ExplainName says why a name that a packet was to go to has no address: it explains
// the way of the question to the first name server that was asked. req is the question
// that the name was in; its Dest and Port are not looked at.
func ExplainName(ctx context.Context, world *machine.Machine, req Request, failed *resolve.Error) (Answer, error) {
	if failed.Unasked != nil {
		return unlooked(ctx, world, req, failed)
	}
	server := failed.Servers[0]
	asked := Request{
		From: req.From, Dest: server.Addr(), Proto: unix.IPPROTO_UDP, Port: server.Port(), Probe: req.Probe, Timeout: req.Timeout,
	}
	if failed.OverTCP || failed.Cut {
		asked.Proto = unix.IPPROTO_TCP
	}
	a, err := Explain(ctx, world, asked)
	if err != nil {
		return a, say.Err("%s cannot be looked up; its name server %s: %v", "%s 解析不出来；它的域名服务器 %s：%v", failed.Name, server, err)
	}
	a.Name = failed.Name
	if said := failed.FirstSaid(); said != "" && a.Verdict == Delivered {
		a.unknowing(ctx, world, req, service.Unknowing{At: cause.At(req.From.Name), Name: failed.Name, Server: server.String(), Said: said})
		return a, nil
	}
	u := service.Unnamed{At: cause.At(a.Cause.Netns), Name: failed.Name, Server: server.String(), Why: a.Cause.Detail, Proof: a.Cause.Evidence, Mends: a.Cause.fix,
		Wait: failed.Silent.Wait.Seconds(), Timeout: failed.Silent.Timeout.Seconds(), Attempts: failed.Silent.Attempts, Besides: failed.Unfollowed}
	leg := a.Cause.Leg
	if a.Verdict == Delivered {
		u.At, leg = cause.At(req.From.Name), flows.LegReply
		u.Why = say.T("the question gets there now, and was not answered before", "现在问题能送到，但之前没有得到应答")
	}
	switch addr := server.Addr(); {
	case addr.Is6() && addr.IsLinkLocalUnicast() && addr.Zone() == "":
		u.At, leg, u.Mends = cause.At(req.From.Name), flows.LegRequest, nil
		u.Why = say.T("it is an address of one link alone, and resolv.conf does not say of which: it has to be written with its device, as %[1]s%%eth0", "它是只在一条链路上有效的地址，而 resolv.conf 没有写明是哪条链路：要连设备一起写，例如 %[1]s%%eth0", addr)
	case failed.Cut:
		u.Why = say.T("its answer to UDP is cut short, and over TCP, by which it is asked again, there is none: %s", "它对 UDP 的应答被截断，于是改用 TCP 再问，却没有应答：%s", u.Why)
	}
	if a.Verdict != Undecided {
		a.Verdict = Broken
	}
	a.Cause = inWords(journey.Find(leg, u))
	return a, nil
}

// unlooked tells of a name that the hosts file has in vain, and follows a packet to the address
// that it has there.
func unlooked(ctx context.Context, world *machine.Machine, req Request, failed *resolve.Error) (Answer, error) {
	u := failed.Unasked
	req.Dest, req.Probe, req.Count, req.URL = u.Addr, false, 1, ""
	a, err := Explain(ctx, world, req)
	if err != nil {
		return a, err
	}
	if a.Name = failed.Name; a.Verdict == Broken {
		a.Next = slices.Insert(a.Next, 0, a.Cause)
	}
	a.Verdict, a.Cause = Broken, inWords(journey.Find(flows.LegRequest, service.Unlooked{At: cause.At(req.From.Name), Name: failed.Name, Addr: u.Addr, Line: u.Line, By: u.By}))
	return a, nil
}

// unknowing tells of a name server that answers, and does not know: whom it asks itself, and why
// that leads nowhere, as far as its process can be seen.
func (a *Answer) unknowing(ctx context.Context, world *machine.Machine, req Request, u service.Unknowing) {
	leg := flows.LegReply
	if server, asked, ok := a.inTurn(ctx, world, req, u.Said); ok {
		u.At, u.Asks, u.Why, u.Proof, u.Mends = cause.At(asked.Cause.Netns), server.String(), asked.Cause.Detail, asked.Cause.Evidence, asked.Cause.fix
		a.Fix, a.Next, leg = asked.Fix, asked.Next, asked.Cause.Leg
	}
	a.Verdict, a.Cause = Broken, inWords(journey.Find(leg, u))
}

// inTurn is the way from the answer's listener to the first of the name servers that it asks in
// turn to which it is broken.
func (a *Answer) inTurn(ctx context.Context, world *machine.Machine, req Request, said string) (server netip.AddrPort, asked Answer, ok bool) {
	if a.Listener == nil || a.Listener.PID == 0 || req.Copy != nil || said != resolve.ServerFailure {
		return server, asked, false
	}
	from, err := world.Open(a.Listener.Netns)
	if err != nil {
		return server, asked, false
	}
	for _, server := range resolve.Forwards(ctx, a.Listener.PID, a.Listener.Process) {
		asked, err := Explain(ctx, world, Request{
			From: from, Dest: server.Addr(), Proto: unix.IPPROTO_UDP, Port: server.Port(), Probe: req.Probe, Timeout: req.Timeout,
		})
		if err == nil && asked.Verdict == Broken {
			return server, asked, true
		}
	}
	return server, asked, false
}
