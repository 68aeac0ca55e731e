package machine

import (
	"net/netip"
	"slices"
	"strings"

	"nstutor/diag/netfilter/eval"
	"nstutor/diag/table"
)

// ForwardsNowhere reports whether no device of the namespace passes IPv4 packets on,
// nor will any that comes (net.ipv4.ip_forward, and that of each device).
func (n *Space) ForwardsNowhere() bool {
	snap, err := n.Snapshot(table.Links | table.Sysctls) // not a file of each device
	if err != nil || n.Conf("all", "forwarding") != 0 {
		return false
	}
	return !slices.ContainsFunc(snap.Sysctls, func(s table.Sysctl) bool {
		dev, ok := strings.CutSuffix(strings.TrimPrefix(s.Key, "net.ipv4.conf."), ".forwarding")
		return ok && dev != "lo" && s.Value == "1"
	})
}

// Env answers what the rules of the namespace ask.
func (n *Space) Env() eval.Kernel {
	one, err := n.Ask()
	return eval.Kernel{One: one, Err: err, Taken: n.takesOthers}
}

// Device is one device of a namespace with its addresses: all of IPv4, and of IPv6
// those that are not link-local.
type Device struct {
	Link          table.Link
	Addrs, Addrs6 []table.Addr
}

// Learned is a network that a router has told the device of: its address there ends by itself.
// That is not known of an address without one (DHCPv6); invalid: there is none.
func (d Device) Learned() netip.Prefix {
	for _, a := range d.Addrs6 {
		if slices.Contains(a.Flags, "dynamic") && a.Scope == "global" && !a.Prefix.IsSingleIP() {
			return a.Prefix.Masked()
		}
	}
	return netip.Prefix{}
}

// Of is the device with the addresses of one IP version, that of addr, in the place of
// both.
func (d Device) Of(addr netip.Addr) Device {
	if addr.Is6() {
		d.Addrs = d.Addrs6
	}
	return d
}

// Devices lists the devices but lo. It reads them all: only what has no route
// at all needs it.
func (n *Space) Devices() ([]Device, error) {
	snap, err := n.Snapshot(table.Links | table.Addrs)
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
			switch {
			case a.Family() == 4:
				d.Addrs = append(d.Addrs, a)
			case !a.Prefix.Addr().IsLinkLocalUnicast():
				d.Addrs6 = append(d.Addrs6, a)
			}
		}
		devices = append(devices, d)
	}
	return devices, nil
}

// VXLANDevice finds the device of the namespace that belongs to the same VXLAN as
// another end of it.
func (n *Space) VXLANDevice(net *table.VXLAN) (table.Link, bool, error) {
	devices, err := n.Devices()
	if err != nil {
		return table.Link{}, false, err
	}
	for _, d := range devices {
		if v := d.Link.VXLAN; v != nil && v.DstPort == net.DstPort && (v.VNI == net.VNI || v.External) {
			return d.Link, true, nil
		}
	}
	return table.Link{}, false, nil
}

// DevicesFor are Devices with the addresses of the IP version of addr alone.
func (n *Space) DevicesFor(addr netip.Addr) ([]Device, error) {
	devices, err := n.Devices()
	for i := range devices {
		devices[i] = devices[i].Of(addr)
	}
	return devices, err
}

// DownNear is a device that is down, and has an address in whose network addr is: one
// with a longer prefix than bits.
func (n *Space) DownNear(addr netip.Addr, bits int) (table.Link, bool) {
	devices, err := n.DevicesFor(addr)
	if err != nil {
		return table.Link{}, false
	}
	for _, d := range devices {
		near, ok := PrefixOver(n, d.Link, addr)
		if ok && !d.Link.Up() && !near.IsSingleIP() && near.Bits() > bits {
			return d.Link, true
		}
	}
	return table.Link{}, false
}

// VXLANEntries are the entries of a tunnel's forwarding database, and whether some
// could not be read.
func (n *Space) VXLANEntries(dev table.Link) (_ []table.FDBEntry, unread bool) {
	one, err := n.Ask()
	if err != nil {
		return nil, true
	}
	entries, err := one.VXLANFDB(dev.Index)
	return entries, err != nil
}

// BridgeNetfilter reports whether the namespace has the rules of IP see what its
// bridges pass on (br_netfilter), and whether it could.
func (n *Space) BridgeNetfilter(v6 bool) (on, possible bool) {
	path := "net/bridge/bridge-nf-call-iptables"
	if v6 {
		path = "net/bridge/bridge-nf-call-ip6tables"
	}
	value, err := n.Sysctl(path)
	return value == "1", err == nil
}

// VRFOf is the VRF that a device is enslaved to, if it is to one.
func (n *Space) VRFOf(dev table.Link) (table.Link, bool) {
	if dev.MasterKind != "vrf" {
		return table.Link{}, false
	}
	vrf, err := n.Link(dev.Master)
	return vrf, err == nil
}

// VRFOfTable is the name of the VRF whose table that is, or "".
func (n *Space) VRFOfTable(number int) string {
	snap, err := n.Snapshot(table.Links)
	if err != nil {
		return ""
	}
	i := slices.IndexFunc(snap.Links, func(l table.Link) bool { return l.Kind == "vrf" && l.VRF == number })
	if i < 0 {
		return ""
	}
	return snap.Links[i].Name
}
