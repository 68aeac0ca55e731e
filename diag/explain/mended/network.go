// Package mended is the network as it would be once the faults that a packet met
// were mended: what lies behind a fault is judged on it, and so is a question that
// supposes something mended from the start.
package mended

import (
	"fmt"
	"net/netip"
	"slices"

	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
)

// Network is what is taken to be other than the kernel has it. The zero value is
// the network as it is.
type Network struct {
	// Fresh supposes that no connection is remembered.
	Fresh bool

	connected  []connected
	led        []led
	owned      []owned
	plugs      []Plug
	translated *translation
	sent       []sent
}

// connected is a route of the kernel's own that comes with an address.
type connected struct {
	space  *machine.Space
	own    netip.Addr
	prefix netip.Prefix
	dev    table.Link
}

// led is a way to an address.
type led struct {
	space *machine.Space
	dst   netip.Addr
	way   machine.RouteAnswer
}

// owned is an own address that the namespace looks for elsewhere.
type owned struct {
	space *machine.Space
	addr  netip.Addr
}

// Plug is a cable that is a port of a bridge.
type Plug struct {
	Cable  fabric.Site
	Bridge table.Link
}

// translation is what a namespace makes of the sources of requests.
type translation struct {
	space    *machine.Space
	old, new netip.Addr
}

// Connect supposes that an address of a device's network is there, and the route
// that comes with it.
func (m *Network) Connect(n *machine.Space, prefix netip.Prefix, dev table.Link) {
	m.connected = append(m.connected, connected{n, prefix.Addr(), prefix.Masked(), dev})
}

// Sender is whom a namespace asks for a neighbour as: where a device has no address but one
// that is supposed, it is that; else it is as the kernel has it now.
func (m *Network) Sender(n *machine.Space, dev table.Link, now netip.Addr) netip.Addr {
	for _, c := range m.connected {
		if c.space != n || c.dev.Index != dev.Index {
			continue
		}
		if addrs, err := n.Addrs(dev.Index); err == nil && !machine.HasFamily(addrs, c.own) && (!now.IsValid() || now.Is4() == c.own.Is4()) {
			return c.own
		}
	}
	return now
}

// Raise supposes that a device is up: the kernel has the routes of its addresses
// then (fib_netdev_event() in net/ipv4/fib_frontend.c).
func (m *Network) Raise(n *machine.Space, dev table.Link) {
	addrs, err := n.Addrs(dev.Index)
	if err != nil {
		return
	}
	for _, a := range addrs {
		if a.Family() == 4 && !slices.Contains(a.Flags, "noprefixroute") {
			m.Connect(n, a.Prefix, dev)
		}
	}
}

// Lead supposes that a namespace has a way to an address that it had none to.
func (m *Network) Lead(n *machine.Space, dst netip.Addr, way machine.RouteAnswer) {
	m.led = append(m.led, led{n, dst, way})
}

// Own supposes that a namespace takes a packet to an address for its own.
func (m *Network) Own(n *machine.Space, addr netip.Addr) { m.owned = append(m.owned, owned{n, addr}) }

// Route is the answer of the kernel, or the route that is supposed. What comes from where
// a supposed way leads to passes rp_filter.
func (m *Network) Route(n *machine.Space, q machine.RouteQuery) machine.RouteAnswer {
	if slices.Contains(m.owned, owned{n, q.Dst}) {
		own := table.Route{Type: string(machine.KindLocal), Dst: netip.PrefixFrom(q.Dst, q.Dst.BitLen()), Table: machine.LocalTable}
		return machine.RouteAnswer{Kind: machine.KindLocal, Src: q.Src, Line: own.Line()}
	}
	for _, c := range m.connected {
		if c.space == n && c.own == q.Src && q.IIF == 0 && !n.Local(c.own) {
			q.Src = netip.Addr{} // which the kernel has nothing to say of yet
			break
		}
	}
	now := n.Route(q)
	for _, l := range m.led {
		switch {
		case l.space != n:
		case now.Kind == machine.KindRPFilter && l.dst == q.Src && l.way.Dev == q.IIF:
			q.Src, q.IIF = netip.Addr{}, 0
			return m.Route(n, q)
		case l.dst == q.Dst && (now.Kind.Rejects() || now.Kind == machine.KindNone):
			return l.way
		}
	}
	for _, c := range m.connected {
		if c.space == n && c.own == q.Dst && now.Kind != machine.KindLocal {
			return machine.RouteAnswer{Kind: machine.KindLocal, Src: q.Src, Line: fmt.Sprintf("local %s dev %s", c.own, c.dev.Name)}
		}
		narrower := now.Kind != machine.KindLocal && (now.Entry.Type == "" || machine.PrefixBits(now.Entry.Dst) <= c.prefix.Bits())
		if c.space == n && c.prefix.Contains(q.Dst) && narrower {
			return machine.RouteAnswer{
				Kind: machine.KindUnicast, Dev: c.dev.Index, DevName: c.dev.Name, Src: q.Src,
				Line: fmt.Sprintf("%s dev %s", c.prefix, c.dev.Name),
			}
		}
	}
	return now
}

// Plug supposes that a cable is a port of a bridge.
func (m *Network) Plug(cable fabric.Site, bridge table.Link) {
	m.plugs = append(m.plugs, Plug{cable, bridge})
}

// Plugs are the cables that are supposed to be ports.
func (m *Network) Plugs() []Plug { return m.plugs }

// Translate supposes that a namespace gives requests of one source another. It
// takes the place of what was supposed of sources before.
func (m *Network) Translate(n *machine.Space, old, new netip.Addr) {
	m.translated = &translation{n, old, new}
}

// Masquerade supposes that what a namespace sends to dst by a device leaves with an
// address that it has there, and returns it; old where it has none.
func (m *Network) Masquerade(n *machine.Space, dev string, old, dst netip.Addr) netip.Addr {
	own, err := n.Env().MasqueradeAddr(dev, dst)
	if err != nil || !own.IsValid() {
		return old
	}
	m.Translate(n, old, own)
	return own
}

// Translates reports whether any source is supposed to be translated.
func (m *Network) Translates() bool { return m.translated != nil }

// Restored is where a namespace sends a reply: to the source as it was before it was
// translated.
func (m *Network) Restored(n *machine.Space, dst netip.Addr) netip.Addr {
	if t := m.translated; t != nil && t.space == n && t.new == dst {
		return t.old
	}
	return dst
}
