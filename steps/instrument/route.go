package instrument

import (
	"context"
	"errors"
	"net/netip"

	"golang.org/x/sys/unix"

	"nstutor/diag/table"
	"nstutor/internal/lab"
	"nstutor/internal/say"
	"nstutor/steps"
)

// RouteFor claims what the kernel would do with a packet that came in by a device, or that
// the namespace itself sends where IIF is empty: the question that `ip route get … from …
// iif …` asks. It goes out by Dev, or ends with Why.
type RouteFor struct {
	Netns, To, From, IIF string
	Dev                  string
	Why                  unix.Errno
}

func (c RouteFor) question() string {
	line := c.Netns + " ip route get " + c.To
	if c.From != "" {
		line += " from " + c.From
	}
	if c.IIF != "" {
		line += " iif " + c.IIF
	}
	return line
}

// Promised implements steps.Claim.
func (c RouteFor) Promised(*lab.Lab) say.Text {
	if c.Why != 0 {
		return say.T("%s: %v", "%s：%v", c.question(), c.Why)
	}
	return say.T("%s: %s", "%s：%s", c.question(), "dev "+c.Dev)
}

// Look implements steps.Claim.
func (c RouteFor) Look(_ context.Context, l *lab.Lab, _ *steps.Evidence) (say.Text, bool, error) {
	ns, err := l.NS(c.Netns)
	if err != nil {
		return say.Text{}, false, err
	}
	one, err := table.OpenOne(ns)
	if err != nil {
		return say.Text{}, false, err
	}
	defer one.Close()
	ask := table.RouteRequest{Dst: netip.MustParseAddr(c.To)}
	if c.From != "" {
		ask.Src = netip.MustParseAddr(c.From)
	}
	if c.IIF != "" {
		_, in, err := (steps.Dev{Netns: c.Netns, Name: c.IIF}).Find(l)
		if err != nil {
			return say.Text{}, false, err
		}
		ask.IIF = in.Attrs().Index
	}
	reply, err := one.Route(ask)
	if err != nil {
		return say.Quote("RTNETLINK answers: " + say.Quote(err).String()), c.Why != 0 && errors.Is(err, c.Why), nil
	}
	return say.Quote("dev " + reply.Dev), c.Why == 0 && reply.Dev == c.Dev, nil
}
