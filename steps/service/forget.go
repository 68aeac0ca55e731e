package service

import (
	"context"
	"net/netip"

	"golang.org/x/sys/unix"

	"nstutor/diag/conntrack"
	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/say"
	"nstutor/steps"
)

// Forget has the node forget a flow of UDP that goes to Old: From is its source, with
// the port, and To the service.
type Forget struct {
	Netns    string
	From, To string // addresses with ports
	Old      string // where the flow's packets are sent
}

// Change implements steps.Action. Taking it back makes the kernel remember the flow
// again.
func (a Forget) Change(l *lab.Lab) change.Change {
	to := netip.MustParseAddrPort(a.To)
	forget := change.ConntrackDel{Netns: a.Netns, Proto: "udp", Dst: to.Addr()}
	known := change.ConntrackAdd{Netns: a.Netns, Proto: "udp", Src: netip.MustParseAddrPort(a.From), Dst: to, To: netip.MustParseAddr(a.Old)}
	return steps.Doing{
		Typed: forget.Command(),
		Do:    func(ctx context.Context) error { return forget.Apply(ctx, l) },
		Back: func() error {
			if err := forget.Apply(context.Background(), l); err != nil {
				return err
			}
			return known.Apply(context.Background(), l)
		},
	}
}

// Conditions implements steps.Action: no flow of this source goes to Old any more.
func (a Forget) Conditions(_ context.Context, l *lab.Lab) []steps.Condition {
	from, to := netip.MustParseAddrPort(a.From), netip.MustParseAddrPort(a.To)
	c := steps.Condition{
		Table: change.In(a.Netns, "conntrack", "-L", "-p", "udp"),
		Want:  say.T("no flow from %s to %s that goes to %s", "没有从 %s 到 %s、却被送往 %s 的流", a.From, a.To, a.Old),
	}
	ns, err := l.NS(a.Netns)
	if err != nil {
		c.Err = unlessAbsent(err)
		return []steps.Condition{c}
	}
	flows, err := conntrack.List(ns)
	c.Met, c.Err = true, err
	for _, f := range flows {
		same := f.Original == conntrack.Tuple{Proto: unix.IPPROTO_UDP, Src: from, Dst: to}
		if same && f.Reply.Src.Addr().String() == a.Old {
			c.Met, c.Seen = false, f.String()
		}
	}
	return []steps.Condition{c}
}

// AskOnce sends one datagram as a preparation, so that the node remembers its flow.
type AskOnce struct {
	Netns, To string
	SrcPort   uint16
}

// Change implements steps.Action.
func (a AskOnce) Change(l *lab.Lab) change.Change {
	tried := steps.Watch{Netns: a.Netns, Ask: a.To, SrcPort: a.SrcPort}.Tried()
	return steps.Doing{
		Typed: change.Command{Netns: a.Netns, Shell: tried.Command()},
		Do: func(ctx context.Context) error {
			ns, err := l.NS(a.Netns)
			if err != nil {
				return err
			}
			tried.Try(ctx, ns, l.PingTimeout())
			return ctx.Err()
		},
	}
}

// Conditions implements steps.Action. They never hold: nobody asks.
func (a AskOnce) Conditions(_ context.Context, l *lab.Lab) []steps.Condition {
	return steps.Effect(l, a, false)
}
