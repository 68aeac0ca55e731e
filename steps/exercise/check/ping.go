package check

import (
	"context"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"nstutor/diag/probe"
	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/say"
)

// Reaches checks that a ping from a namespace to an address is answered.
func Reaches(from, to string) Check { return ReachesSized(from, to, 0, false) }

// ReachesSized is Reaches with so many bytes of payload (0: ping's 56), which
// may not be fragmented when df is set.
func ReachesSized(from, to string, size int, df bool) Check {
	var options []string
	if size > 0 {
		options = append(options, "-s", strconv.Itoa(size))
	}
	if df {
		options = append(options, "-M", "do")
	}
	return Check{
		Text:  say.T("%s reaches %s", "%s 能到 %s", from, strings.Join(append([]string{to}, options...), " ")),
		Table: change.In(from, append([]string{"ping", "-c", "3", to}, options...)...),
		Ask:   Question{From: from, To: to, Size: size, DF: df},
		run: func(ctx context.Context, l *lab.Lab) (bool, string, error) {
			if size > 0 {
				forgetMTU(l, from)
			}
			r, err := ping(ctx, l, from, probe.Echo{To: to, Size: size, DF: df})
			return r.Outcome == probe.Replied, r.Message, err
		},
	}
}

// forgetMTU does what `ip route flush cache` does: what a router said of a
// smaller packet size is remembered for ten minutes (mtu_expires), and would
// outlive the repair. Where the kernel has no such file it stays.
func forgetMTU(l *lab.Lab, netns string) {
	if ns, err := l.NS(netns); err == nil {
		ns.WriteSysctl("net/ipv4/route/flush", "-1")
	}
}

// Blocked checks that a ping from a namespace to an address is not answered.
func Blocked(from, to string) Check {
	return Check{
		Text:  say.T("%s does not reach %s", "%s 到不了 %s", from, to),
		Table: change.In(from, "ping", "-c", "3", to),
		run: func(ctx context.Context, l *lab.Lab) (bool, string, error) {
			r, err := ping(ctx, l, from, probe.Echo{To: to})
			return r.Outcome != probe.Replied && r.Outcome != probe.DifferentAddress, r.Message, err
		},
	}
}

// settledOutcomes are those that the next ping will have too: the sender's own
// tables say so, or a router that was reached. A neighbour that did not answer
// may answer the next question, and silence may be a device that just came up.
var settledOutcomes = map[probe.Outcome]bool{
	probe.NetworkUnreachable: true, probe.NoRouteToHost: true, probe.NetUnreachableICMP: true, probe.PortUnreachable: true,
	probe.Filtered: true, probe.TTLExceeded: true, probe.Prohibited: true, probe.NotPermitted: true, probe.InvalidArgument: true,
	probe.NoBufferSpace: true, probe.NoName: true,
}

// pings are how many are sent within the time of one, so that an answer which a
// FAILED neighbour or a late carrier holds back is not missed.
const pings = 4

// ping sends pings until one is answered, or what the last one says is settled,
// or the time of one ping is over. It tells what the last one said.
func ping(ctx context.Context, l *lab.Lab, from string, echo probe.Echo) (last probe.Result, err error) {
	ns, err := l.NS(from)
	if err != nil {
		return last, err
	}
	if echo.Dst, err = netip.ParseAddr(echo.To); err != nil {
		return last, err
	}
	echo.Timeout = l.PingTimeout()
	over := time.NewTimer(echo.Timeout)
	defer over.Stop()
	pinger := probe.NewPinger(ns, echo, echo.Timeout/pings)
	defer pinger.Close()
	last = probe.Result{Outcome: probe.Silent, Message: silence(1)}
	sent, unsure := 0, 0
	for {
		select {
		case event, ok := <-pinger.Events():
			if !ok {
				return last, say.At(from, lab.ErrNoNamespace)
			}
			if event.Sent {
				sent++
				if last.Outcome == probe.Silent {
					last.Message = silence(sent)
				}
				continue
			}
			last = event.Result
			if last.Outcome == probe.OutcomeUnknown {
				if unsure++; unsure < 2 {
					continue
				}
				return last, say.Err("%s: %s", "%s：%s", from, last.Message)
			}
			if last.Outcome == probe.Silent {
				last.Message = silence(sent)
			}
			if last.Outcome == probe.Replied || settledOutcomes[last.Outcome] {
				return last, nil
			}
		case <-over.C:
			return last, nil
		case <-ctx.Done():
			return last, ctx.Err()
		}
	}
}

// silence is ping's own last line.
func silence(sent int) string {
	return fmt.Sprintf("%d packets transmitted, 0 received, 100%% packet loss", sent)
}
