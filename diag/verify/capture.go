package verify

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"

	"nstutor/diag/explain"
	"nstutor/diag/explain/cause/against"
	"nstutor/diag/explain/machine"
	"nstutor/diag/probe"
	"nstutor/internal/netfile"
)

// here is what the namespace without a name is called in a file.
const here = "host"

// Capture takes down the namespaces that a trial of the answer's fix would copy, and
// the flow, with what came of it where the answer has a probe. It takes CAP_NET_ADMIN in them, and changes nothing.
func Capture(ctx context.Context, world *machine.Machine, req explain.Request, a explain.Answer) (netfile.File, error) {
	dest, err := netip.ParseAddr(a.Destination)
	if err != nil {
		return netfile.File{}, err
	}
	c := choose(world, req.From, a)
	c.nameHere()
	asked := netfile.Asked{From: c.called(req.From.Name), Proto: "icmp", Dest: dest}
	switch req.Proto {
	case unix.IPPROTO_TCP:
		asked.Proto, asked.Port = "tcp", req.Port
	case unix.IPPROTO_UDP:
		asked.Proto, asked.Port = "udp", req.Port
	}
	// What contradicts what is predicted is no part of the network: it is not taken along.
	if came := a.Came; came != nil && came.Outcome != probe.OutcomeUnknown && a.Cause.Code != against.ModelDisagrees {
		asked.Came = &netfile.Came{Outcome: came.Outcome, From: came.From.WithZone(""), Waited: came.Waited}
	}
	return c.file(ctx, &asked)
}

// CaptureAll takes down all namespaces that can be seen.
func CaptureAll(ctx context.Context, world *machine.Machine) (netfile.File, error) {
	var c copies
	for _, n := range world.All() {
		c.add(n)
	}
	c.nameHere()
	return c.file(ctx, nil)
}

func (c copies) file(ctx context.Context, asked *netfile.Asked) (netfile.File, error) {
	n, err := c.read(ctx)
	return netfile.File{Asked: asked, Network: n.Telling()}, err
}

// nameHere gives the current namespace a name, which in a file all have.
func (c *copies) nameHere() {
	for i, name := range c.names {
		if name != "" {
			continue
		}
		name = here
		for n := 2; slices.Contains(c.names, name); n++ {
			name = fmt.Sprintf("%s-%d", here, n)
		}
		c.names[i] = name
	}
}
