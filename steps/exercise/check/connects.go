package check

import (
	"context"
	"net/netip"
	"strconv"
	"time"

	"nstutor/diag/probe"
	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/nsenter"
	"nstutor/internal/say"
)

// Connects checks that a TCP connection opens.
func Connects(from string, to netip.AddrPort) Check {
	return Check{
		Text:  say.T("%s connects to %s", "%s 能连上 %s", from, to),
		Table: change.In(from, "nc", "-zv", to.Addr().String(), strconv.Itoa(int(to.Port()))),
		Ask:   Question{From: from, To: to.Addr().String(), Port: to.Port()},
		run: func(ctx context.Context, l *lab.Lab) (bool, string, error) {
			return dialed(ctx, l, from, to, probe.Connect)
		},
	}
}

// Exchanges checks that a datagram is answered.
func Exchanges(from string, to netip.AddrPort) Check {
	return Check{
		Text:  say.T("%s gets an answer by UDP from %s", "%s 用 UDP 能得到 %s 的应答", from, to),
		Table: change.In(from, "nc", "-u", to.Addr().String(), strconv.Itoa(int(to.Port()))),
		run: func(ctx context.Context, l *lab.Lab) (bool, string, error) {
			return dialed(ctx, l, from, to, probe.Exchange)
		},
	}
}

// dials are how often one is tried: what is sent first may be lost while the
// neighbours get to know each other, and TCP sends it again only after a second.
const dials = 3

// dialing is probe.Connect or probe.Exchange.
type dialing func(context.Context, *nsenter.Namespace, probe.Dial) probe.Result

func dialed(ctx context.Context, l *lab.Lab, from string, to netip.AddrPort, how dialing) (bool, string, error) {
	ns, err := l.NS(from)
	if err != nil {
		return false, "", err
	}
	seen := ""
	for i := range dials {
		r := how(ctx, ns, probe.Dial{Dst: to, Timeout: l.PingTimeout() / time.Duration(dials-i)})
		if seen = r.Message; r.Outcome == probe.Replied {
			return true, seen, ctx.Err()
		}
	}
	return false, seen, ctx.Err()
}
