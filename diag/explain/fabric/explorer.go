package fabric

import (
	"net"
	"net/netip"
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/device"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/machine"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/table"
	"nstutor/internal/say"
)

// Explorer finds the stations that a frame from one device can come to. What is
// in the way of the frame is noted, and what lies behind it is found, too.
type Explorer struct {
	Net      Network
	Leg      flows.Leg
	MAC      net.HardwareAddr // whom the frame is for; nil: everybody
	Dst      netip.Addr       // whom the packet in it is for, where that is known
	ARP      eval.Packet      // the ARP request in it, or neighbour solicitation, if it is one
	Of       netip.Addr       // who is asked for
	Stations []Station
	Bridges  []Site     // that the frame comes through
	Voids    []Site     // tunnels that do not know where to send the frame
	Above    bool       // look for devices that stand on those it comes to
	Apart    []Site     // macvlans beside it with the address Of that the kernel keeps apart, by the mode of either
	Shared   []Site     // what macvlans and ipvlans stand on, that it came from
	Untaken  []Tagged   // where its VLAN tag is nobody's
	Edges    []Edge     // where it leaves what can be seen
	Unseen   []say.Text // places where it cannot be followed
	been     map[place]bool
	sender   net.HardwareAddr // whom the frame is from, where that is known
}

// Network is what an Explorer has to ask that is not in one namespace.
type Network interface {
	// Peer, Below and Above are those of machine.Machine.
	Peer(n *machine.Space, id int) (*machine.Space, error)
	Below(n *machine.Space, link table.Link) (*machine.Space, error)
	Above(n *machine.Space, index int) []machine.Above
	// HeardAt is the port of a bridge at which an address was heard on the walk.
	HeardAt(n *machine.Space, bridge int, mac net.HardwareAddr) (port int, ok bool)
	// SnoopedAt is the tunnel's end at which a VXLAN device has heard an address on it.
	SnoopedAt(n *machine.Space, dev int, mac net.HardwareAddr) (netip.Addr, bool)
	// Carry follows the packet that would carry something through a tunnel.
	Carry(n *machine.Space, link table.Link, leg flows.Leg, remote netip.Addr) Carried
	// Flood follows the packet that would carry something to the group of a VXLAN device.
	Flood(n *machine.Space, link table.Link, leg flows.Leg) []Flooded
}

// Carried is what became of a packet that carries something through a tunnel.
type Carried struct {
	Landed *machine.Space  // who opens it; nil: nobody
	Faults []cause.Finding // what it meets
	Edge   *Edge           // where it leaves what can be seen
	Lost   bool            // it cannot be followed
	Last   say.Text        // the last that is known of it
}

// place is a device in its namespace.
type place struct {
	node  *machine.Space
	index int
}

// From sends a frame from a device, which is taken to be up, and finds where it
// comes to.
func (x *Explorer) From(n *machine.Space, link table.Link) {
	x.been, x.sender = map[place]bool{{n, link.Index}: true}, link.MAC
	x.send(n, link, x.arpAsked(n, Way{}, link, false), "", "")
}

// Into is a frame that has come to a device from elsewhere.
func (x *Explorer) Into(n *machine.Space, dev table.Link) {
	x.been = map[place]bool{}
	x.arrive(n, dev, Way{})
}

// Back is a frame that comes to a device from beyond an edge, with the tag that those have
// which left there.
func (x *Explorer) Back(dev table.Link, e Edge) {
	x.been = map[place]bool{}
	x.arrive(e.Space, dev, Way{vlan: e.vlan})
}

// Whole reports whether all places were found that the frame comes to.
func (x *Explorer) Whole() bool {
	return len(x.Edges)+len(x.Voids)+len(x.Untaken)+len(x.Unseen) == 0
}

// send follows a frame out of a device. bridged names the bridge that it came
// out of, if the device is a port of it, and from the port that it came in by.
func (x *Explorer) send(n *machine.Space, link table.Link, v Way, bridged, from string) {
	out := Crossing{Space: n, Dev: link, Out: true, Bridged: bridged, From: from}
	v = x.arpFiltered(n, v, eval.OnDevice("egress", link.Name))
	v = held(n, link, v)
	switch {
	case link.Kind == "veth":
		x.overVeth(n, link, v, out)
	case link.Kind == "bridge" && link.Bridge != nil:
		x.toPorts(n, link, nil, v.past(out))
	case link.Kind == "vxlan" && link.VXLAN != nil:
		x.overVXLAN(n, link, v, out)
	case link.Tunnel != nil && !link.Tunnel.External:
		x.overTunnel(n, link, v, out)
	case machine.Stacked(link):
		x.overStacked(n, link, v, out)
	case link.Kind == "bond":
		x.overBond(n, link, v, out)
	default:
		v = unplugged(n, link, v)
		x.Edges = append(x.Edges, Edge{n, link, say.T("the other end of %s cannot be seen", "看不到 %s 的对端", link.Name), v.past(out)})
	}
}

// unplugged is the way out of a device whose wire leads to nobody that can be seen, and
// perhaps to nobody at all.
func unplugged(n *machine.Space, link table.Link, v Way) Way {
	if link.Up() && !link.Carrier() {
		return v.stoppedBy(n, link.Name, cause.Unplugged{At: cause.At(n.Name), Link: link})
	}
	return v
}

// held is the way out of a device from which somebody has the kernel withhold its carrier.
func held(n *machine.Space, link table.Link, v Way) Way {
	if link.ProtoDown.On && link.Up() {
		return v.stoppedBy(n, link.Name, device.Held{At: cause.At(n.Name), Link: link})
	}
	return v
}

func (x *Explorer) overVeth(n *machine.Space, link table.Link, v Way, out Crossing) {
	peer, err := x.Net.Peer(n, link.PeerNetnsID)
	if err != nil {
		v = unplugged(n, link, v)
		x.Edges = append(x.Edges, Edge{n, link, say.T("the other end of %s: %s", "%s 的对端：%s", link.Name, err), v.past(out)})
		return
	}
	far, err := peer.LinkByIndex(link.PeerIndex)
	if err != nil {
		x.Unseen = append(x.Unseen, say.Quote(err))
		return
	}
	if !far.Up() {
		v = v.stoppedBy(peer, far.Name, cause.PeerDown{At: cause.At(peer.Name), Near: link, Far: far})
	}
	x.arrive(peer, far, v.past(out))
}

// arrive follows a frame into a device.
func (x *Explorer) arrive(n *machine.Space, dev table.Link, v Way) {
	if x.been[place{n, dev.Index}] {
		return
	}
	x.been[place{n, dev.Index}] = true
	v = x.arpFiltered(n, v, eval.OnDevice("ingress", dev.Name))
	switch {
	case dev.Port != nil:
		x.intoBridge(n, dev, v.past(Crossing{Space: n, Dev: dev}))
	case v.vlan != 0 && dev.MasterKind == "bond":
		if past := v.past(Crossing{Space: n, Dev: dev}); !x.byTag(n, dev, past) {
			x.intoBond(n, dev, past)
		}
	case v.vlan != 0:
		x.arriveTagged(n, dev, v)
	case dev.MasterKind == "vrf":
		x.arriveAbove(n, dev, v)
		x.Stations = append(x.Stations, Station{Space: n, Dev: dev, Way: x.arpAsked(n, v, dev, true)})
	case dev.MasterKind == "bond":
		x.intoBond(n, dev, v.past(Crossing{Space: n, Dev: dev}))
	case dev.MasterKind == "openvswitch":
		x.Edges = append(x.Edges, Edge{n, dev, say.T("%s is a port of Open vSwitch", "%s 是 Open vSwitch 的端口", dev.Name), v.past(Crossing{Space: n, Dev: dev})})
	case dev.Master != "":
		x.Unseen = append(x.Unseen, say.T("%s is a part of %s, which is not followed", "%s 从属于 %s，未跟踪下去", dev.Name, dev.Master))
	default:
		x.arriveAbove(n, dev, v)
		x.Stations = append(x.Stations, Station{Space: n, Dev: dev, Way: x.arpAsked(n, v, dev, true)})
	}
}

// To are the ways to a device that have something in between.
func (x *Explorer) To(n *machine.Space, dev table.Link) []Station {
	return slices.DeleteFunc(slices.Clone(x.Stations), func(s Station) bool {
		return s.Space != n || s.Dev.Index != dev.Index || len(s.Obstacles) == 0
	})
}

// Reaches reports whether a frame comes to the station.
func (x *Explorer) Reaches(s Station) bool {
	return len(x.Unseen) > 0 || len(x.Edges) > 0 || len(x.Voids) > 0 || slices.ContainsFunc(x.Stations, func(o Station) bool {
		return o.Space == nil || o.Space == s.Space && o.Dev.Index == s.Dev.Index
	})
}
