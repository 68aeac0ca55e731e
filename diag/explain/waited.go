package explain

import (
	"context"

	"golang.org/x/sys/unix"

	"nstutor/diag/explain/machine"
	"nstutor/diag/resolve"
	"nstutor/internal/change"
)

// Waited is what a name costs whose address was found, by a name server that is asked
// behind others that keep silent.
type Waited struct {
	Name   string   `json:"name"`
	Silent []string `json:"silent"` // of the name servers in resolv.conf, in its order
	// Seconds are what each look-up of a program takes at most for them, with the Timeout
	// and the Attempts of resolv.conf.
	Seconds  float64 `json:"seconds"`
	Timeout  float64 `json:"timeout"`
	Attempts int     `json:"attempts"`
	// Cause is why the first of them is silent, and Fix what mends that; without a code
	// where a question gets there and back now.
	Cause Fault            `json:"cause"`
	Fix   []change.Command `json:"fix"`
}

// AfterSilence adds to the answer about the address of a name what its look-up had to wait
// for, if for anything. req is the question that the name was in, with its Probe and Timeout.
func (a *Answer) AfterSilence(ctx context.Context, world *machine.Machine, req Request, name string, s resolve.Silences) error {
	if len(s.Servers) == 0 {
		return nil
	}
	w := Waited{Name: name, Seconds: s.Wait.Seconds(), Timeout: s.Timeout.Seconds(), Attempts: s.Attempts, Fix: []change.Command{}}
	for _, server := range s.Servers {
		w.Silent = append(w.Silent, server.Addr().String())
	}
	first := s.Servers[0]
	asked, err := Explain(ctx, world, Request{
		From: req.From, Dest: first.Addr(), Proto: unix.IPPROTO_UDP, Port: first.Port(), Probe: req.Probe, Timeout: req.Timeout,
	})
	if err != nil {
		return err
	}
	if w.Cause = asked.Cause; asked.Verdict == Broken {
		w.Fix = asked.Fix
	}
	if asked.Verdict == Delivered {
		w.Cause = Fault{Evidence: []Text{}}
	}
	a.Waited = &w
	return nil
}
