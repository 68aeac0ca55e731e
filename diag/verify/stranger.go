package verify

import (
	"context"
	"slices"
	"sync"

	"golang.org/x/sys/unix"

	"nstutor/internal/replica"
)

// mostCalls bounds what each stranger asks for, and the ports that he asks from: one a call,
// others before than after, and others each time, so that nobody remembers the connection.
const (
	mostCalls                           = 64
	stampBefore, stampAfter, stampAgain = 40000, 41000, 42000
	stampNext                           = 3000
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

// strangers has strangers ask, with real packets, and says at each door what was answered. On a
// busy machine who is to answer may be late, or be given up before he was run: then they ask again.
func (s *stage) strangers(ctx context.Context, stamp uint16) <-chan [][]bool {
	heard := make(chan [][]bool, 1)
	go func() {
		all := make([][]bool, len(s.built.Doors))
		for range attempts {
			if s.askAtDoors(ctx, stamp, all) {
				break
			}
			stamp += stampNext
		}
		heard <- all
	}()
	return heard
}

// askAtDoors has them ask once, and adds what was answered. It reports whether no more is to be
// expected.
func (s *stage) askAtDoors(ctx context.Context, stamp uint16, all [][]bool) (calm bool) {
	enough, answered := make(chan struct{}), make([][]bool, len(all))
	var sent, together sync.WaitGroup
	sent.Add(len(all))
	for i, door := range s.built.Doors {
		together.Go(func() {
			answered[i], _ = door.Ask(ctx, s.callsAt(door), stamp+uint16(i)*mostCalls, sent.Done, enough)
		})
	}
	sent.Wait() // a busy machine takes a while to send so much: what was not sent is not late
	within, cancel := context.WithTimeout(ctx, answer)
	defer cancel()
	quiet, stop := s.quiet(within)
	defer stop()
	select {
	case <-quiet:
		calm = true
	case <-within.Done():
	}
	close(enough)
	together.Wait()
	for i := range all {
		if len(all[i]) == 0 { // it was not asked until now
			all[i] = make([]bool, len(answered[i]))
		}
	}
	either(all, answered)
	return calm || len(all) == 0
}

// either adds what was heard another time.
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
