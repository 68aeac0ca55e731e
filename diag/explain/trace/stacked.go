package trace

import (
	"bytes"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
	"nstutor/internal/say"
)

// overStacked follows a frame out of a device that stands on another one: a VLAN
// device adds its tag, and a macvlan or ipvlan first looks among those that
// share the device below.
func (x *explorer) overStacked(n *machine.Space, link table.Link, v way, out crossing) {
	below, err := x.w.world.Below(n, link)
	if err != nil {
		x.edges = append(x.edges, edge{n, link, say.T("the other end of %s: %s", "%s 的对端：%s", link.Name, err), v.past(out)})
		return
	}
	lower, err := below.LinkByIndex(link.PeerIndex)
	if err != nil {
		x.unseen = append(x.unseen, quote(err))
		return
	}
	v = v.past(out)
	if !lower.Up() {
		v = v.stoppedBy(below, lower.Name, down(below, lower))
	}
	if link.Kind == "vlan" {
		if v.vlan != 0 {
			x.unseen = append(x.unseen, say.T("tags in tags of %s are not followed", "%s 的双层标签没有跟踪", link.Name))
			return
		}
		v.vlan = link.VLANID
	} else if x.toSiblings(link, below, lower, v) {
		return
	}
	x.send(below, lower, v, "", "")
}

// toSiblings hands a frame to those that share the device below. It reports
// whether that was all, because it is for one of them (macvlan_queue_xmit(),
// ipvlan_xmit_mode_l2()). The device below itself never gets it.
func (x *explorer) toSiblings(link table.Link, below *machine.Space, lower table.Link, v way) bool {
	x.shared = append(x.shared, site{below, lower})
	for _, other := range x.w.world.Above(below, lower.Index) {
		if other.Link.Kind == "vlan" || other.Link.Sharing != link.Sharing || link.Sharing != "bridge" && link.Sharing != "l2" {
			continue
		}
		if x.mac != nil && !bytes.Equal(x.mac, other.Link.MAC) {
			continue
		}
		x.into(other, v)
		if x.mac != nil {
			return true
		}
	}
	return false
}

// overBond follows a frame out of a bond: by its active slave, or by any.
func (x *explorer) overBond(n *machine.Space, link table.Link, v way, out crossing) {
	one, err := n.Ask()
	if err != nil {
		x.unseen = append(x.unseen, quote(err))
		return
	}
	slaves, err := one.Ports(link.Index)
	if err != nil {
		x.unseen = append(x.unseen, quote(err))
		return
	}
	for _, slave := range slaves {
		if link.Active == 0 || link.Active == slave.Index {
			x.send(n, slave, v.past(out), "", "")
		}
	}
}

// arriveTagged follows a frame with a VLAN tag into a device: to the VLAN device
// on it that has this tag. Nobody else there takes it.
func (x *explorer) arriveTagged(n *machine.Space, dev table.Link, v way) {
	if !x.byTag(n, dev, v.past(crossing{node: n, dev: dev})) {
		x.untaken = append(x.untaken, tagged{site{n, dev}, v.vlan})
	}
}

// into follows a frame into a device that stands on the one it came to.
func (x *explorer) into(a machine.Above, v way) {
	if !a.Link.Up() {
		v = v.stoppedBy(a.Space, a.Link.Name, down(a.Space, a.Link))
	}
	x.arrive(a.Space, a.Link, v)
}

// byTag hands a frame to the VLAN device on a device that has its tag, if there is
// one. On the port of a bridge it comes before the bridge (vlan_do_receive()).
func (x *explorer) byTag(n *machine.Space, dev table.Link, v way) bool {
	for _, a := range x.w.world.Above(n, dev.Index) {
		if a.Link.Kind == "vlan" && a.Link.VLANID == v.vlan {
			v.vlan = 0
			x.into(a, v)
			return true
		}
	}
	return false
}

// intoBond follows a frame that a slave of a bond has received; one that is not
// the active slave hands nothing up.
func (x *explorer) intoBond(n *machine.Space, slave table.Link, v way) {
	bond, err := n.Link(slave.Master)
	if err != nil {
		x.unseen = append(x.unseen, quote(err))
		return
	}
	if bond.Active == 0 || bond.Active == slave.Index {
		x.arrive(n, bond, v)
	}
}

// tagged is a device that a frame with a VLAN tag comes to, which nobody takes
// there.
type tagged struct {
	site
	vlan int
}

// arriveAbove follows a frame into what stands on a device, where that was asked
// for: it is dear to find.
func (x *explorer) arriveAbove(n *machine.Space, dev table.Link, v way) {
	if !x.above {
		return
	}
	for _, a := range x.w.world.Above(n, dev.Index) {
		if a.Link.Kind == "vlan" || x.mac != nil && !bytes.Equal(x.mac, a.Link.MAC) {
			continue
		}
		x.into(a, v.past(crossing{node: n, dev: dev}))
	}
}

// beneath: the next hop is an address of the namespace below a macvlan, to which
// the kernel hands no frame of it, nor one back.
func (a *arping) beneath(x *explorer) (cause.Finding, station, bool) {
	for _, lower := range x.shared {
		if lower.node == a.n || a.link.Kind == "vlan" || len(machine.AddressesOf(lower.node, a.nexthop)) == 0 {
			continue
		}
		return cause.Beneath{
			NextHop: a.hop(), Link: a.link, Lower: lower.device(), Shim: lower.node.FreeName("shim"), Sender: a.sender,
		}, station{}, true
	}
	return nil, station{}, false
}

// atop: the next hop is an address of what stands on a device that the request
// comes to, which takes no request from there.
func (a *arping) atop(x *explorer) (cause.Finding, station, bool) {
	for _, s := range x.stations {
		if s.node == nil || s.dev.Sharing != "l3" && s.dev.Sharing != "l3s" || !has(s, a.nexthop) {
			continue
		}
		below, err := a.w.world.Below(s.node, s.dev)
		if err != nil {
			continue
		}
		lower, err := below.LinkByIndex(s.dev.PeerIndex)
		if err != nil {
			continue
		}
		f := cause.BelowIPvlan{NextHop: a.hop(), Owner: s.device(), Lower: lower.Name}
		if via := a.w.addressFor(below, lower.Name, a.n, a.link); via.IsValid() {
			f.Way = wayOut{dev: a.link, via: via}.insteadTo(a.n, a.nexthop)
		}
		return f, station{}, true
	}
	return nil, station{}, false
}

// untagged: the request comes with a VLAN tag to where no device has that tag.
func (a *arping) untagged(x *explorer) (cause.Finding, station, bool) {
	for _, t := range x.untaken {
		return cause.Untagged{NextHop: a.hop(), There: t.device(), Tag: t.vlan}, station{}, true
	}
	return nil, station{}, false
}
