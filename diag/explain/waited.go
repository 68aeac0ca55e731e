package explain

import (
	"context"
	"net/netip"

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

// NameAddress is one of the addresses of a name that has several, in the order in which a
// program tries them.
type NameAddress struct {
	Address string `json:"address"`
	// Asked is set for the one that the answer is about, the first; of the others Verdict
	// and Cause are what is predicted.
	Asked   bool    `json:"asked,omitempty"`
	Verdict Verdict `json:"verdict"`
	Cause   Fault   `json:"cause"`
}

// mostAddresses bounds how many addresses of a name are judged.
const mostAddresses = 8

// OfName adds to the answer about the first address of a name what there is to say of the name:
// its other addresses, and what its look-up had to wait for. req is the question that the name
// was in, with its Probe and Timeout.
func (a *Answer) OfName(ctx context.Context, world *machine.Machine, req Request, name string, found resolve.Found) error {
	if err := a.beside(ctx, world, req, found.Addrs); err != nil {
		return err
	}
	return a.afterSilence(ctx, world, req, name, found.Silences)
}

// beside judges the other addresses, without a probe.
func (a *Answer) beside(ctx context.Context, world *machine.Machine, req Request, addrs []netip.Addr) error {
	if len(addrs) < 2 {
		return nil
	}
	a.Addresses = []NameAddress{{Address: a.Destination, Asked: true, Verdict: a.Verdict, Cause: a.Cause}}
	req.Probe, req.Count, req.URL = false, 1, ""
	for _, addr := range addrs[1:min(len(addrs), mostAddresses)] {
		req.Dest = addr
		other, err := Explain(ctx, world, req)
		if err != nil {
			return err
		}
		a.Addresses = append(a.Addresses, NameAddress{Address: addr.String(), Verdict: other.Verdict, Cause: other.Cause})
	}
	return nil
}

func (a *Answer) afterSilence(ctx context.Context, world *machine.Machine, req Request, name string, s resolve.Silences) error {
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
