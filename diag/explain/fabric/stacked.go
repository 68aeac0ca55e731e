package fabric

import (
	"bytes"
	"net"
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/device"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
	"nstutor/internal/say"
)

// overStacked follows a frame out of a device that stands on another one: a VLAN
// device adds its tag, and a macvlan or ipvlan first looks among those that
// share the device below.
func (x *Explorer) overStacked(n *machine.Space, link table.Link, v Way, out Crossing) {
	below, err := x.Net.Below(n, link)
	if err != nil {
		x.Edges = append(x.Edges, Edge{n, link, say.T("the other end of %s: %s", "%s 的对端：%s", link.Name, err), v.past(out)})
		return
	}
	lower, err := below.LinkByIndex(link.PeerIndex)
	if err != nil {
		x.Unseen = append(x.Unseen, say.Quote(err))
		return
	}
	v = v.past(out)
	if !lower.Up() {
		v = v.stoppedBy(below, lower.Name, Down(below, lower))
	}
	if link.Kind == "vlan" {
		if v.vlan != 0 {
			x.Unseen = append(x.Unseen, say.T("tags in tags of %s are not followed", "%s 的双层标签没有跟踪", link.Name))
			return
		}
		v.vlan, v.service = link.VLANID, link.Service
	} else if x.toSiblings(link, below, lower, v) {
		return
	}
	x.send(below, lower, v, "", "")
}

// toSiblings hands a frame to those that share the device below. It reports
// whether that was all, because it is for one of them (macvlan_queue_xmit(),
// ipvlan_xmit_mode_l2()). The device below itself never gets it.
func (x *Explorer) toSiblings(link table.Link, below *machine.Space, lower table.Link, v Way) bool {
	x.Shared = append(x.Shared, Site{below, lower})
	for _, other := range x.Net.Above(below, lower.Index) {
		if apart(link, other.Link) && (Station{Space: other.Space, Dev: other.Link}).Has(x.Of) {
			x.Apart = append(x.Apart, Site{other.Space, other.Link})
		}
		if other.Link.Kind == "vlan" || other.Link.Sharing != link.Sharing || !slices.Contains(joining, link.Sharing) || !x.takes(other) {
			continue
		}
		x.ontoStack(other, v)
		if x.MAC != nil && (x.Dst.IsValid() || !IPvlan(other.Link)) {
			return true
		}
	}
	return false
}

// joining are the modes in which the kernel hands frames to others on the same device.
var joining = []string{"bridge", "l2", "l3", "l3s"}

// IPvlan reports whether a device shares the MAC address of the one that it stands on: the
// kernel tells those beside it apart by the addresses that they have (ipvlan_addr_lookup()).
func IPvlan(l table.Link) bool { return l.Kind == "ipvlan" || l.Kind == "ipvtap" }

// takes reports whether a frame that comes to a device, or to one beside it, is for what stands on that.
func (x *Explorer) takes(a machine.Above) bool {
	if IPvlan(a.Link) && x.Dst.IsValid() {
		return (Station{Space: a.Space, Dev: a.Link}).Has(x.Dst)
	}
	return x.MAC == nil || bytes.Equal(x.MAC, a.Link.MAC)
}

// apart reports whether two devices on one are macvlans of which one is in a mode in
// which it passes the other no frame: private never does, vepa leaves it to the switch
// outside, which sends back none (macvlan_queue_xmit()).
func apart(a, b table.Link) bool {
	shares := func(l table.Link) bool {
		return l.Kind == "macvlan" && l.Sharing != "passthru" && l.Sharing != "source"
	}
	return shares(a) && shares(b) && (a.Sharing != "bridge" || b.Sharing != "bridge")
}

// Severed reports whether no switch outside can bring two of them together: what is in
// mode private takes nothing from those beside it.
func (x *Explorer) Severed(from table.Link) bool {
	return slices.ContainsFunc(x.Apart, func(s Site) bool { return from.Sharing == "private" || s.Dev.Sharing == "private" })
}

// overBond follows a frame out of a bond: by its active slave, or by any.
func (x *Explorer) overBond(n *machine.Space, link table.Link, v Way, out Crossing) {
	one, err := n.Ask()
	if err != nil {
		x.Unseen = append(x.Unseen, say.Quote(err))
		return
	}
	slaves, err := one.Ports(link.Index)
	if err != nil {
		x.Unseen = append(x.Unseen, say.Quote(err))
		return
	}
	down := func(l table.Link) bool { return !l.Carrier() }
	if len(slaves) == 0 || link.Backup && link.Active == 0 && !slices.ContainsFunc(slaves, down) {
		v = v.stoppedBy(n, link.Name, device.BondIdle{At: cause.At(n.Name), Link: link, Slaves: slaves})
	}
	if len(slaves) == 0 {
		x.Stations = append(x.Stations, Station{Way: v.past(out)})
	}
	for _, slave := range slaves {
		if link.Active == 0 || link.Active == slave.Index {
			x.send(n, slave, v.past(out), "", "")
		}
	}
}

// arriveTagged follows a frame with a VLAN tag into a device: to the VLAN device
// on it that has this tag. Nobody else there takes it.
func (x *Explorer) arriveTagged(n *machine.Space, dev table.Link, v Way) {
	if !x.byTag(n, dev, v.past(Crossing{Space: n, Dev: dev})) {
		t := Tagged{Site: Site{n, dev}, VLAN: v.vlan, Service: v.service}
		for _, a := range x.Net.Above(n, dev.Index) {
			if a.Link.Kind == "vlan" && a.Link.VLANID == v.vlan {
				t.Other = a.Link.Name
			}
		}
		x.Untaken = append(x.Untaken, t)
	}
}

// ontoStack follows a frame into a device that stands on the one it came to.
func (x *Explorer) ontoStack(a machine.Above, v Way) {
	if !a.Link.Up() {
		v = v.stoppedBy(a.Space, a.Link.Name, Down(a.Space, a.Link))
	}
	from := func(mac net.HardwareAddr) bool { return bytes.Equal(mac, x.sender) }
	if a.Link.Sharing == "source" && x.sender != nil && !slices.ContainsFunc(a.Link.Sources, from) {
		v = v.stoppedBy(a.Space, a.Link.Name, device.Unlisted{At: cause.At(a.Space.Name), Owner: cause.Device{Netns: a.Space.Name, Link: a.Link}, Sender: x.sender})
	}
	x.arrive(a.Space, a.Link, v)
}

// byTag hands a frame to the VLAN device on a device that has its tag, if there is
// one. On the port of a bridge it comes before the bridge (vlan_do_receive()).
func (x *Explorer) byTag(n *machine.Space, dev table.Link, v Way) bool {
	for _, a := range x.Net.Above(n, dev.Index) {
		if a.Link.Kind == "vlan" && a.Link.VLANID == v.vlan && a.Link.Service == v.service {
			v.vlan, v.service = 0, false
			x.ontoStack(a, v)
			return true
		}
	}
	return false
}

// intoBond follows a frame that a slave of a bond has received; one that is not
// the active slave hands nothing up.
func (x *Explorer) intoBond(n *machine.Space, slave table.Link, v Way) {
	bond, err := n.Link(slave.Master)
	if err != nil {
		x.Unseen = append(x.Unseen, say.Quote(err))
		return
	}
	if bond.Active == 0 || bond.Active == slave.Index {
		x.arrive(n, bond, v)
	}
}

// Tagged is a device that a frame with a VLAN tag comes to, which nobody takes
// there.
type Tagged struct {
	Site
	VLAN    int
	Service bool   // the tag is one of 802.1ad
	Other   string // a VLAN device there with the same number in the other kind of tag
}

// arriveAbove follows a frame into what stands on a device, where that was asked
// for: it is dear to find.
func (x *Explorer) arriveAbove(n *machine.Space, dev table.Link, v Way) {
	if !x.Above {
		return
	}
	for _, a := range x.Net.Above(n, dev.Index) {
		if a.Link.Kind == "vlan" || !x.takes(a) {
			continue
		}
		x.ontoStack(a, v.past(Crossing{Space: n, Dev: dev}))
	}
}
