package fabric

import (
	"bytes"
	"net"
	"net/netip"
	"slices"

	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
)

// Has reports whether the address is one of the station's device.
func (s Station) Has(addr netip.Addr) bool {
	addrs, err := s.Space.Addrs(s.Dev.Index)
	return err == nil && slices.ContainsFunc(addrs, func(a table.Addr) bool { return a.Prefix.Addr() == addr })
}

// Uses reports whether the device of a station has an address, and duplicate address detection
// let it have that.
func (s Station) Uses(addr netip.Addr) bool {
	addrs, err := s.Space.Addrs(s.Dev.Index)
	return err == nil && slices.ContainsFunc(addrs, func(a table.Addr) bool {
		return a.Prefix.Addr() == addr && !slices.Contains(a.Flags, "dadfailed") && !slices.Contains(a.Flags, "tentative")
	})
}

// LeadsTo reports whether a station has the address, or a way to it by another
// device.
func (s Station) LeadsTo(dst netip.Addr) bool {
	route := s.Space.Route(machine.RouteQuery{Dst: dst})
	return route.Kind == machine.KindLocal || route.Kind == machine.KindUnicast && route.Dev != s.Dev.Index
}

// Bridged reports whether frames to the station are sent by what a bridge has
// learned.
func (s Station) Bridged() bool {
	return slices.ContainsFunc(s.Crossings, func(c Crossing) bool { return c.Dev.Port != nil && c.Dev.Port.Learning })
}

// Narrower is the address by which a station is a router out of a network that
// own takes to be wider than it is.
func (s Station) Narrower(own netip.Prefix, dst netip.Addr) (netip.Prefix, bool) {
	route := s.Space.Route(machine.RouteQuery{Dst: dst})
	if route.Kind != machine.KindLocal && (route.Kind != machine.KindUnicast || route.Dev == s.Dev.Index) {
		return netip.Prefix{}, false
	}
	addrs, err := s.Space.Addrs(s.Dev.Index)
	if err != nil {
		return netip.Prefix{}, false
	}
	for _, a := range addrs {
		far := a.Prefix
		if far.Bits() > own.Bits() && own.Contains(far.Addr()) && far.Contains(own.Addr()) && !far.Contains(dst) {
			return far, true
		}
	}
	return netip.Prefix{}, false
}

// Wider is dst as an address of a station whose prefix also holds own.
func (s Station) Wider(own netip.Prefix, dst netip.Addr) (netip.Prefix, bool) {
	if s.Space == nil {
		return netip.Prefix{}, false
	}
	addrs, err := s.Space.Addrs(s.Dev.Index)
	if err != nil {
		return netip.Prefix{}, false
	}
	for _, a := range addrs {
		if far := a.Prefix; far.Addr() == dst && far.Bits() < own.Bits() && far.Contains(own.Addr()) {
			return far, true
		}
	}
	return netip.Prefix{}, false
}

// Beside reports whether the frame comes to another device of a namespace than dev, which
// has a network there that the address is in: it is on a wire of the namespace already.
func (x *Explorer) Beside(n *machine.Space, dev table.Link, addr netip.Addr) bool {
	return slices.ContainsFunc(x.Stations, func(s Station) bool {
		if s.Space != n || s.Dev.Index == dev.Index {
			return false
		}
		_, near := machine.PrefixOver(n, s.Dev, addr)
		return near
	})
}

// Elsewhere is a port on the way to far that belongs to another bridge of the
// same namespace than the one that the frame came through.
func (x *Explorer) Elsewhere(far *Explorer) (Site, table.Link, bool) {
	for _, s := range far.Stations {
		for _, c := range s.Crossings {
			if c.Out || c.Dev.Port == nil {
				continue
			}
			for _, b := range x.Bridges {
				if b.Space == c.Space && b.Dev.Name != c.Dev.Master {
					return Site{Space: c.Space, Dev: c.Dev}, b.Dev, true
				}
			}
		}
	}
	return Site{}, table.Link{}, false
}

// sendsBy reports whether a namespace sends by a device itself, beside what it has of every one.
func sendsBy(n *machine.Space, dev table.Link) bool {
	snap, err := n.Snapshot(table.Routes)
	return err == nil && slices.ContainsFunc(snap.Routes, func(r table.Route) bool {
		to := r.Dst.Addr()
		return r.Dev == dev.Name && r.Type == "unicast" && !to.IsLinkLocalUnicast() && !to.IsMulticast()
	})
}

// MissedBridge is the bridge with a MAC address that an entry for addr speaks of, in whose
// namespace the frame comes to a device which is no port of it.
func (s Station) MissedBridge(addr netip.Addr, mac net.HardwareAddr) (table.Link, bool) {
	addrs, err := s.Space.Addrs(s.Dev.Index)
	if s.Dev.Kind != "veth" || err != nil || machine.HasFamily(addrs, addr) {
		return table.Link{}, false
	}
	devices, err := s.Space.DevicesFor(addr)
	if err != nil {
		return table.Link{}, false
	}
	for _, d := range devices {
		if d.Link.Bridge != nil && bytes.Equal(d.Link.MAC, mac) {
			return d.Link, true
		}
	}
	return table.Link{}, false
}

// BridgeOf is the bridge on the frame's way that the device of s should be a
// port of: it is in the same namespace, and the device has no address for addr, and is not used
// for anything else.
func (x *Explorer) BridgeOf(s Station, addr netip.Addr) (table.Link, bool) {
	if s.Space == nil || s.Dev.Kind != "veth" || s.Dev.Master != "" {
		return table.Link{}, false
	}
	if addrs, err := s.Space.Addrs(s.Dev.Index); err != nil || machine.HasFamily(addrs, addr) || sendsBy(s.Space, s.Dev) {
		return table.Link{}, false
	}
	for _, b := range x.Bridges {
		if b.Space == s.Space {
			return b.Dev, true
		}
	}
	return table.Link{}, false
}
