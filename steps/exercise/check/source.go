package check

import (
	"context"
	"sync/atomic"
	"time"

	"nstutor/diag/probe"
	"nstutor/diag/wire"
	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/say"
)

// SeenAs checks that a ping from one namespace arrives in another with a
// certain source address: that it is, or is not, rewritten on its way.
func SeenAs(from, at, to, source string) Check {
	return Check{
		Text:  say.T("%s sees %s come as %s", "在 %s 看来，%s 的源地址是 %s", at, from, source),
		Table: change.In(at, "tcpdump", "-n", "icmp"),
		Ask:   Question{From: from, To: to},
		run: func(ctx context.Context, l *lab.Lab) (bool, string, error) {
			ns, err := l.NS(at)
			if err != nil {
				return false, "", err
			}
			tap, err := wire.Capture(ns, wire.Filter{})
			if err != nil {
				return false, "", err
			}
			defer tap.Close()
			size := ownSize()
			r, err := ping(ctx, l, from, probe.Echo{To: to, Size: size})
			if err != nil || r.Outcome != probe.Replied {
				return false, r.Message, err
			}
			f, ok := arrived(tap, size)
			if !ok {
				return false, r.Message, nil
			}
			return f.Src.String() == source, f.String(), nil
		},
	}
}

// sizes counts the pings of SeenAs.
var sizes atomic.Uint32

// ownSize is a payload, in bytes, that other pings of these seconds do not have.
func ownSize() int { return 101 + int(sizes.Add(1)%400) }

// tapTime is how long the frame of a ping that was answered may take to be read.
const tapTime = 300 * time.Millisecond

// arrived finds the request of a ping of that size among what came in.
func arrived(tap *wire.Tap, size int) (wire.Frame, bool) {
	const icmpHeader = 8
	for deadline := time.Now().Add(tapTime); ; time.Sleep(2 * time.Millisecond) {
		for _, f := range tap.Pending() {
			if f.Proto == "ICMP" && f.Op == "echo request" && !f.Out && f.Length == icmpHeader+size {
				return f, true
			}
		}
		if time.Now().After(deadline) {
			return wire.Frame{}, false
		}
	}
}
