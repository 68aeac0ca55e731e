package explain

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/journey"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/explain/trace"
	"nstutor/diag/probe"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// lacking is the default route that is missing, or the one of a file, and the address that it
// was for.
func lacking(f cause.Finding) (way remedy.Way, dst netip.Addr, missing bool) {
	switch f := f.(type) {
	case cause.Unrouted:
		way, dst = f.Way, f.Lookup.Dst
	case cause.RoutesDown:
		way, dst = f.Default, f.Lookup.Dst
	}
	return way, dst, way.Dev != "" && !way.Dst.IsValid() && dst.Is4()
}

// named is the line of a file that names the router of a missing default route. Where nothing
// here does, it is what has to be put in.
func named(f journey.Found, n *machine.Space) []say.Text {
	way, dst, missing := lacking(f.Finding)
	d, ok := deviceOf(n, way.Dev, dst)
	if !missing || !ok {
		return nil
	}
	if !way.Via.IsValid() {
		return []say.Text{say.T("nothing here names the router of %[1]s: once its address is known, `ip route add default via ADDRESS dev %[2]s`",
			"这里没有任何线索说明 %[1]s 的路由器是谁：查到它的地址后，执行 `ip route add default via 地址 dev %[2]s`", d.Addrs[0].Prefix.Masked(), change.Word(way.Dev))}
	}
	if g, ok := fabric.Configured(d, dst); ok && g.Addr == way.Via {
		return []say.Text{say.Quote(g.File + ": " + g.Line)}
	}
	return nil
}

// deviceOf is a device that can send to an address.
func deviceOf(n *machine.Space, dev string, dst netip.Addr) (machine.Device, bool) {
	if n == nil || dev == "" {
		return machine.Device{}, false
	}
	devices, err := n.DevicesFor(dst)
	for _, d := range devices {
		if err == nil && d.Link.Name == dev && len(d.Addrs) > 0 {
			return d, true
		}
	}
	return machine.Device{}, false
}

// knock is how long the first address of a network may take to say that it is there.
const knock = 400 * time.Millisecond

// asksForRouter sends an echo to the first address of a network whose router nothing here
// names, where that is missing: the neighbour table knows then whether somebody
// is there. It reports whether there is something to be seen that was not before.
func asksForRouter(ctx context.Context, req Request, t *trace.Trace) bool {
	if !req.Probe || len(t.Faults) == 0 {
		return false
	}
	i := max(0, slices.IndexFunc(t.Faults, func(f journey.Found) bool { _, _, missing := lacking(f.Finding); return missing }))
	n := placeOf(t, t.Faults[i])
	way, dst, missing := lacking(t.Faults[i].Finding)
	d, ok := deviceOf(n, way.Dev, dst)
	if !missing || way.Via.IsValid() || !ok || !d.Link.Carrier() {
		return false
	}
	own := d.Addrs[0].Prefix
	first, ok := machine.FirstOther(own)
	if !ok {
		return false
	}
	probe.Ping(ctx, n.NS, probe.Echo{To: first.String(), Dst: first, Seq: 1, ID: probe.FreshID(), Timeout: knock})
	return true
}
