package resolve

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"slices"
	"time"
)

// Silences are the name servers that kept silent in a look-up, and what resolv.conf says of how long a program waits for them.
type Silences struct {
	Servers []netip.AddrPort // in the order of resolv.conf; empty where none kept silent
	Tried   time.Duration    // how long each of them was waited for here
	Wait    time.Duration    // how long the look-up of a program takes for them
	// Timeout and Attempts are the options of resolv.conf, or what stands for them.
	Timeout  time.Duration
	Attempts int
}

// heard notes of a server, by its place, whether it kept silent to a question.
func (r *resolver) heard(i int, err error) {
	late := func(end error) bool { return errors.Is(err, end) } // query closes what is late
	if !slices.ContainsFunc([]error{net.ErrClosed, os.ErrDeadlineExceeded, context.DeadlineExceeded}, late) {
		return
	}
	s := &r.silences
	s.Tried, s.Timeout, s.Attempts = r.try, time.Duration(r.config.Timeout)*time.Second, max(1, r.config.Attempts)
	s.Wait += patience(s.Timeout, i, len(r.servers))
	if !slices.Contains(s.Servers, r.servers[i]) {
		s.Servers = append(s.Servers, r.servers[i])
	}
}

// patience is how long glibc waits for the answer of a server to one question: the first
// gets the timeout, and each behind it twice as much as the one before, divided among all
// (send_dg() in res_send.c).
func patience(timeout time.Duration, i, servers int) time.Duration {
	if i == 0 {
		return timeout
	}
	return max(time.Second, (timeout << i / time.Duration(servers)).Truncate(time.Second))
}
