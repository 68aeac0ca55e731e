package verify

import (
	"context"
	"slices"
	"sync"

	"golang.org/x/sys/unix"

	"nstutor/internal/replica"
)

// mostCalls bounds what each stranger asks for, and the ports that he asks from: one a call,
// others before than after, so that nobody remembers the connection.
const (
	mostCalls                           = 64
	stampBefore, stampAfter, stampAgain, stampOnce = 40000, 41000, 42000, 43000
)

// calls are what strangers ask for: an echo of each address that is copied, and each port
// on which somebody listens.
func calls(network replica.Network) (all []replica.Call) {
	add := func(c replica.Call) {
		if len(all) < mostCalls && !slices.Contains(all, c) {
			all = append(all, c)
		}
	}
	for _, s := range network.Spaces {
		for _, a := range s.Addresses() {
			add(replica.Call{To: a})
		}
		for _, l := range s.Listeners {
			for _, a := range s.Addresses() {
				if l.At.Addr() != a && (!l.At.Addr().IsUnspecified() || l.At.Addr().Is6() != a.Is6()) {
					continue
				}
				c := replica.Call{To: a, Proto: unix.IPPROTO_TCP, Port: l.At.Port()}
				if l.Proto == "udp" {
					c.Proto = unix.IPPROTO_UDP
				}
				add(c)
			}
		}
	}
	return all
}

// strangers has strangers ask, with real packets, and says at each door what was answered.
func (s *stage) strangers(ctx context.Context, stamp uint16) <-chan [][]bool {
	heard := make(chan [][]bool, 1)
	go func() {
		all := make([][]bool, len(s.built.Doors))
		enough := make(chan struct{})
		var sent, together sync.WaitGroup
		sent.Add(len(all))
		for i, door := range s.built.Doors {
			together.Go(func() {
				all[i], _ = door.Ask(ctx, s.callsAt(door), stamp+uint16(i)*mostCalls, sent.Done, enough)
			})
		}
		sent.Wait() // a busy machine takes a while to send so much: what was not sent is not late
		ctx, cancel := context.WithTimeout(ctx, answer)
		defer cancel()
		quiet, stop := s.quiet(ctx)
		defer stop()
		select {
		case <-quiet:
		case <-ctx.Done():
		}
		close(enough)
		together.Wait()
		heard <- all
	}()
	return heard
}

// strangersTwice has those ask once more who were not answered: a slow machine may have been late,
// and nobody can ask for what was there before the fix when that is made.
func (s *stage) strangersTwice(ctx context.Context) <-chan [][]bool {
	heard := make(chan [][]bool, 1)
	go func() {
		first := <-s.strangers(ctx, stampBefore)
		if slices.ContainsFunc(first, func(door []bool) bool { return slices.Contains(door, false) }) {
			first = either(first, <-s.strangers(ctx, stampOnce))
		}
		heard <- first
	}()
	return heard
}

// either is what was heard one time or the other.
func either(heard, again [][]bool) [][]bool {
	for i := range heard {
		for j := range heard[i] {
			heard[i][j] = heard[i][j] || j < len(again[i]) && again[i][j]
		}
	}
	return heard
}

// heardOrAskedAgain is what strangers heard after the fix. On a busy machine an answer can
// be late: who had one before and has none now asks once more, before it is said that the
// fix closes the way.
func (s *stage) heardOrAskedAgain(ctx context.Context, before, after [][]bool) [][]bool {
	if len(missing(before, after)) == 0 {
		return after
	}
	return either(after, <-s.strangers(ctx, stampAgain))
}

// missing are the calls, by door and number, that were answered before and are not now.
func missing(before, after [][]bool) (calls [][2]int) {
	for i := range after {
		for j := range after[i] {
			if len(before[i]) == len(after[i]) && before[i][j] && !after[i][j] {
				calls = append(calls, [2]int{i, j})
			}
		}
	}
	return calls
}

// callsAt are the calls that are none to where the stranger is himself.
func (s *stage) callsAt(d replica.Door) []replica.Call {
	if d.Beyond == replica.Elsewhere {
		return s.Calls
	}
	there := s.Network.Spaces[d.Beyond].Addresses()
	return slices.DeleteFunc(slices.Clone(s.Calls), func(c replica.Call) bool { return slices.Contains(there, c.To) })
}

// compareCalls notes what the fix makes of what strangers ask for.
func (s *stage) compareCalls(before, after [][]bool) {
	for i, door := range s.built.Doors {
		all := s.callsAt(door)
		if len(before[i]) != len(all) || len(after[i]) != len(all) {
			continue // it could not be asked
		}
		for j, c := range all {
			if c.To.Is6() != door.From.Is6() {
				continue
			}
			s.Checked++
			if before[i][j] == after[i][j] {
				continue
			}
			what := Closed
			if after[i][j] {
				what = Opened
			}
			s.Changed = append(s.Changed, judged{Change: what, Call: &call{
				From: door.From, Netns: s.Network.Spaces[door.Space].Name, Dev: door.Dev, To: flow{Dest: c.To, Proto: c.Proto, Port: c.Port},
			}})
		}
	}
}
