package trace

import (
	"net"
	"net/netip"
	"slices"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/table"
	"nstutor/internal/say"
)

// station is where a frame comes up to the IP layer of a namespace, or where it
// gets lost inside a tunnel: then node is nil.
type station struct {
	node *machine.Space
	dev  table.Link    // a bridge, for what comes in by one of its ports
	any  bool          // it takes frames for whatever MAC address
	deaf cause.Finding // why it ignores the frame that comes to it
	then func()        // what is found behind that
	sent bool          // the frame is on its way: it meets the obstacles there
	edge *edge         // nobody who can be seen: it left by this
	way
}

// way is how a frame gets from one IP layer to the next.
type way struct {
	crossings []crossing
	obstacles []obstacle
	vlan      int // the tag of the frame; 0: none
}

// crossing is a device that a frame passes on its way.
type crossing struct {
	node    *machine.Space
	dev     table.Link
	out     bool       // sent there, or else received
	bridged string     // the bridge that forwarded it from another port to this one
	from    string     // … that other port
	remote  netip.Addr // the other end of the tunnel that it is sent through
}

// obstacle is a fault that stops frames between two IP layers.
type obstacle struct {
	node  *machine.Space // nil: the walk comes to it by itself
	dev   string
	fault cause.Finding
	at    int // before which crossing of the way it is
}

// past is the way with one more device.
func (v way) past(c crossing) way {
	v.crossings = append(slices.Clone(v.crossings), c)
	return v
}

// stoppedBy is the way with one more obstacle.
func (v way) stoppedBy(n *machine.Space, dev string, f cause.Finding) way {
	v.obstacles = append(slices.Clone(v.obstacles), obstacle{n, dev, f, len(v.crossings)})
	return v
}

// tunnelled reports whether the way leads through a tunnel.
func (v way) tunnelled() bool {
	return slices.ContainsFunc(v.crossings, func(c crossing) bool { return c.remote.IsValid() })
}

// explorer finds the stations that a frame from one device can come to. What is
// in the way of the frame is noted, and what lies behind it is found, too.
type explorer struct {
	w        *walk
	leg      string
	mac      net.HardwareAddr // whom the frame is for; nil: everybody
	arp      eval.Packet      // the ARP request in it, if it is one
	stations []station
	bridges  []site   // that the frame comes through
	voids    []site   // tunnels that do not know where to send the frame
	above    bool     // look for devices that stand on those it comes to
	shared   []site   // what macvlans and ipvlans stand on, that it came from
	untaken  []tagged // where its VLAN tag is nobody's
	edges    []edge   // where it leaves what can be seen
	unseen   []Text   // places where it cannot be followed
	been     map[place]bool
}

// site is a device and its namespace.
type site struct {
	node *machine.Space
	dev  table.Link
}

// device is the device where the station is.
func (s station) device() cause.Device { return cause.Device{Netns: s.node.Name, Link: s.dev} }

func (s site) device() cause.Device { return cause.Device{Netns: s.node.Name, Link: s.dev} }

type place struct {
	node  *machine.Space
	index int
}

// explore sends a frame from a device and tells where it comes to. The device
// itself is taken to be up.
func (w *walk) explore(n *machine.Space, link table.Link, leg string, mac net.HardwareAddr) *explorer {
	x := &explorer{w: w, leg: leg, mac: mac, been: map[place]bool{{n, link.Index}: true}}
	x.send(n, link, way{}, "", "")
	return x
}

// exploreAbove is explore, with devices that stand on others.
func (w *walk) exploreAbove(n *machine.Space, link table.Link, leg string, mac net.HardwareAddr) *explorer {
	x := &explorer{w: w, leg: leg, mac: mac, above: true, been: map[place]bool{{n, link.Index}: true}}
	x.send(n, link, way{}, "", "")
	return x
}

// ask sends an ARP request from a device and tells where it comes to.
func (w *walk) ask(n *machine.Space, link table.Link, leg string, sender, target netip.Addr, above bool) *explorer {
	x := &explorer{w: w, leg: leg, arp: eval.ARPRequest(sender, target), above: above, been: map[place]bool{{n, link.Index}: true}}
	x.send(n, link, x.arpAsked(n, way{}, link.Name, false), "", "")
	return x
}

// send follows a frame out of a device. bridged names the bridge that it came
// out of, if the device is a port of it, and from the port that it came in by.
func (x *explorer) send(n *machine.Space, link table.Link, v way, bridged, from string) {
	out := crossing{node: n, dev: link, out: true, bridged: bridged, from: from}
	v = x.arpFiltered(n, v, eval.OnDevice("egress", link.Name))
	switch {
	case link.Kind == "veth":
		x.overVeth(n, link, v, out)
	case link.Kind == "bridge" && link.Bridge != nil:
		x.toPorts(n, link, nil, v.past(out))
	case link.Kind == "vxlan" && link.VXLAN != nil:
		x.overVXLAN(n, link, v, out)
	case machine.Stacked(link):
		x.overStacked(n, link, v, out)
	case link.Kind == "bond":
		x.overBond(n, link, v, out)
	default:
		x.edges = append(x.edges, edge{n, link, say.T("the other end of %s cannot be seen", "看不到 %s 的对端", link.Name), v.past(out)})
	}
}

func (x *explorer) overVeth(n *machine.Space, link table.Link, v way, out crossing) {
	peer, err := x.w.world.Peer(n, link.PeerNetnsID)
	if err != nil {
		x.edges = append(x.edges, edge{n, link, say.T("the other end of %s: %s", "%s 的对端：%s", link.Name, err), v.past(out)})
		return
	}
	far, err := peer.LinkByIndex(link.PeerIndex)
	if err != nil {
		x.unseen = append(x.unseen, quote(err))
		return
	}
	if !far.Up() {
		v = v.stoppedBy(peer, far.Name, cause.PeerDown{At: at(peer), Near: link, Far: far})
	}
	x.arrive(peer, far, v.past(out))
}

// arrive follows a frame into a device.
func (x *explorer) arrive(n *machine.Space, dev table.Link, v way) {
	if x.been[place{n, dev.Index}] {
		return
	}
	x.been[place{n, dev.Index}] = true
	v = x.arpFiltered(n, v, eval.OnDevice("ingress", dev.Name))
	switch {
	case dev.Port != nil:
		x.intoBridge(n, dev, v.past(crossing{node: n, dev: dev}))
	case v.vlan != 0:
		x.arriveTagged(n, dev, v)
	case dev.MasterKind == "vrf":
		x.arriveAbove(n, dev, v)
		x.stations = append(x.stations, station{node: n, dev: dev, way: x.arpAsked(n, v, dev.Name, true)})
	case dev.MasterKind == "bond":
		x.intoBond(n, dev, v.past(crossing{node: n, dev: dev}))
	case dev.Master != "":
		x.unseen = append(x.unseen, say.T("%s is a part of %s, which is not followed", "%s 从属于 %s，未跟踪下去", dev.Name, dev.Master))
	default:
		x.arriveAbove(n, dev, v)
		x.stations = append(x.stations, station{node: n, dev: dev, way: x.arpAsked(n, v, dev.Name, true)})
	}
}
