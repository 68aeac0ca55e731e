package explain

import (
	"context"
	"net/netip"

	"nstutor/diag/table"
)

// rulesEnv answers what rules ask about a namespace by asking its kernel.
type rulesEnv struct{ node *Node }

// AddrType implements Env.
func (e rulesEnv) AddrType(addr netip.Addr) (string, error) {
	route := e.node.Route(RouteQuery{Dst: addr})
	return string(route.Kind), route.Err
}

// MasqueradeAddr implements Env. MASQUERADE takes the device's first address and
// minds no preferred source of a route; a device without one borrows another's
// (inet_select_addr in net/ipv4/devinet.c).
func (e rulesEnv) MasqueradeAddr(oif string, dst netip.Addr) (netip.Addr, error) {
	link, err := e.node.Link(oif)
	if err != nil {
		return netip.Addr{}, err
	}
	addrs, err := e.node.Addrs(link.Index)
	if err != nil {
		return netip.Addr{}, err
	}
	for _, a := range addrs {
		if a.Family() == 4 {
			return a.Prefix.Addr(), nil
		}
	}
	route := e.node.Route(RouteQuery{Dst: dst, OIF: link.Index})
	return route.Src, route.Err
}

// Device is one device of a namespace with its IPv4 addresses.
type Device struct {
	Link  table.Link
	Addrs []table.Addr
}

// Devices lists the devices but lo. It reads them all: only what has no route
// at all needs it.
func (n *Node) Devices() ([]Device, error) {
	snap, err := table.Read(context.Background(), n.NS, table.ReadOptions{Tables: table.Links | table.Addrs})
	if err != nil {
		return nil, err
	}
	var devices []Device
	for _, link := range snap.Links {
		if link.Has("LOOPBACK") {
			continue
		}
		d := Device{Link: link}
		for _, a := range snap.AddrsOn(link.Name) {
			if a.Family() == 4 {
				d.Addrs = append(d.Addrs, a)
			}
		}
		devices = append(devices, d)
	}
	return devices, nil
}
