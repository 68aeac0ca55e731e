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
	"nstutor/diag/table"
	"nstutor/internal/say"
	"nstutor/internal/shell"
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
	if tunnel := fabric.TunnelName(d.Link) != ""; !missing || !ok || tunnel && !way.Via.IsValid() {
		return unwritten(f.Finding, n)
	}
	if !way.Via.IsValid() {
		own, onlink := d.Addrs[0].Prefix.Masked(), ""
		if own.IsSingleIP() { // no router is in such a network
			onlink = " onlink"
		}
		return []say.Text{say.T("nothing here names the router of %[1]s: once its address is known, `ip route add default via ADDRESS dev %[2]s%[3]s`",
			"这里没有任何线索说明 %[1]s 的路由器是谁：查到它的地址后，执行 `ip route add default via 地址 dev %[2]s%[3]s`", own, shell.Word(way.Dev), onlink)}
	}
	if g, ok := fabric.Configured(d, dst); ok && g.Addr == way.Via {
		return []say.Text{say.Quote(g.File + ": " + g.Line)}
	}
	return nil
}

// unwritten is what a device that is switched on again does not bring back: of a route to where
// none of its addresses is, nothing here says what it was.
func unwritten(f cause.Finding, n *machine.Space) []say.Text {
	down, ok := f.(cause.RoutesDown)
	if !ok || down.Lost.Prefix.IsValid() || len(down.Default.Commands()) > 0 {
		return nil
	}
	d, ok := deviceOf(n, down.Link.Name, down.Lookup.Dst)
	if !ok || slices.ContainsFunc(d.Addrs, func(a table.Addr) bool { return a.Prefix.Contains(down.Lookup.Dst) }) {
		return nil
	}
	return []say.Text{say.T("the route to %[1]s that went with %[2]s does not come back with it, and nothing here says what it was: whoever has written it, such as a network plugin, has to write it again",
		"随 %[2]s 一起消失的、到 %[1]s 的路由不会随它自己回来，这里也没有线索说明它原来是什么：要由当初写它的一方（例如网络插件）重新写入", down.Lookup.Dst, down.Link.Name)}
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
