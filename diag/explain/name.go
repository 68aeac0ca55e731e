package explain

import (
	"context"

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
	server := failed.Servers[0]
	asked := Request{
		From: req.From, Dest: server.Addr(), Proto: unix.IPPROTO_UDP, Port: server.Port(), Probe: req.Probe, Timeout: req.Timeout,
	}
	a, err := Explain(ctx, world, asked)
	if err != nil {
		return a, err
	}
	a.Name = failed.Name
	u := service.Unnamed{At: cause.At(a.Cause.Netns), Name: failed.Name, Server: server.String(), Why: a.Cause.Detail, Proof: a.Cause.Evidence, Mends: a.Cause.fix,
		Wait: failed.Silent.Wait.Seconds(), Timeout: failed.Silent.Timeout.Seconds(), Attempts: failed.Silent.Attempts}
	leg := a.Cause.Leg
	if a.Verdict == Delivered {
		u.At, leg = cause.At(req.From.Name), flows.LegReply
		u.Why = say.T("the question gets there now, and was not answered before", "现在问题能送到，但之前没有得到应答")
	}
	if a.Verdict != Undecided {
		a.Verdict = Broken
	}
	a.Cause = inWords(journey.Find(leg, u))
	return a, nil
}
