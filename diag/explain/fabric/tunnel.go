package fabric

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/device"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/table"
	"nstutor/internal/say"
)

// tunnelKind is what a kind of tunnel puts around a packet.
type tunnelKind struct {
	proto    byte
	overhead int    // bytes, without the header of IP, a key and the option of IPv6
	name     string // of its packets
	six      bool   // they are of IPv6
	unread   bool   // what they carry is not read on the wires
}

// The lengths of headers, in bytes.
const (
	ipv4Header  = 20
	ipv6Header  = 40
	udpHeader   = 8
	etherHeader = 14
	greHeader   = 4
	greKey      = 4
	nestOption  = 8 // by which tunnels in IPv6 bound how deep they nest (RFC 2473)
)

// tunnelKinds are by IFLA_INFO_KIND.
var tunnelKinds = map[string]tunnelKind{
	"vxlan":     {proto: unix.IPPROTO_UDP, overhead: etherHeader + 8 + udpHeader, name: "VXLAN"},
	"geneve":    {proto: unix.IPPROTO_UDP, overhead: etherHeader + 8 + udpHeader, name: "GENEVE", unread: true},
	"ipip":      {proto: unix.IPPROTO_IPIP, name: "IPIP"},
	"sit":       {proto: unix.IPPROTO_IPV6, name: "SIT"},
	"gre":       {proto: unix.IPPROTO_GRE, overhead: greHeader, name: "GRE"},
	"gretap":    {proto: unix.IPPROTO_GRE, overhead: etherHeader + greHeader, name: "GRE"},
	"ip6tnl":    {proto: unix.IPPROTO_IPV6, name: "IP6TNL", six: true, unread: true},
	"ip6gre":    {proto: unix.IPPROTO_GRE, overhead: greHeader, name: "GRE", six: true, unread: true},
	"ip6gretap": {proto: unix.IPPROTO_GRE, overhead: etherHeader + greHeader, name: "GRE", six: true, unread: true},
	"wireguard": {proto: unix.IPPROTO_UDP, overhead: 32 + udpHeader, name: "WireGuard"}, // its own header and tag
}

// TunnelProto is the protocol of a tunnel's packet with something for an address in it.
func TunnelProto(dev table.Link, carried netip.Addr) byte {
	switch {
	case dev.Kind != "ip6tnl":
	case carried.Is4() || dev.Tunnel.Proto == unix.IPPROTO_IPIP:
		return unix.IPPROTO_IPIP
	}
	return tunnelKinds[dev.Kind].proto
}

// TunnelRead reports whether what a tunnel's packets carry can be read on the wires.
func TunnelRead(dev table.Link) bool { return !tunnelKinds[dev.Kind].unread }

// TunnelPort is the port of UDP that they go to; 0 where they are none of UDP.
func TunnelPort(dev table.Link) uint16 {
	switch {
	case dev.VXLAN != nil:
		return uint16(dev.VXLAN.DstPort)
	case dev.Tunnel != nil:
		return uint16(dev.Tunnel.Port)
	}
	return 0
}

// TunnelOverhead is how much longer they are than what they carry, in bytes.
func TunnelOverhead(dev table.Link) int {
	kind := tunnelKinds[dev.Kind]
	more := kind.overhead
	if t := dev.Tunnel; t != nil && t.Key != 0 && kind.proto == unix.IPPROTO_GRE {
		more += greKey
	}
	if t := dev.Tunnel; t != nil && t.Option {
		more += nestOption
	}
	if kind.six || dev.Tunnel != nil && dev.Tunnel.Remote.Is6() || dev.VXLAN != nil && (dev.VXLAN.Remote.Is6() || dev.VXLAN.Local.Is6()) {
		return more + ipv6Header
	}
	return more + ipv4Header
}

// TunnelName is what a person calls them.
func TunnelName(dev table.Link) string {
	name := tunnelKinds[dev.Kind].name
	if port := TunnelPort(dev); port != 0 {
		return fmt.Sprintf("%s (UDP %d)", name, port)
	}
	return name
}

// TunnelTTL is the TTL that they begin with; 0: the namespace's own.
func TunnelTTL(dev table.Link) int {
	if dev.Tunnel == nil {
		return 0
	}
	return dev.Tunnel.TTL
}

// TunnelBelow is the index of the device that they are to leave by; 0: the route
// decides.
func TunnelBelow(dev table.Link) int {
	if dev.VXLAN == nil {
		return 0
	}
	return dev.VXLAN.Underlay
}

// overTunnel follows a packet into a tunnel, and to the device that opens what carries it. A
// tunnel in IPv4 without a remote sends to the next hop (ip_tunnel_xmit()).
func (x *Explorer) overTunnel(n *machine.Space, link table.Link, v Way, out Crossing) {
	out.Remote = link.Tunnel.Remote
	if !out.Remote.IsValid() && x.Of.Is4() && !tunnelKinds[link.Kind].six {
		out.Remote = x.Of
	}
	if !out.Remote.IsValid() || out.Remote.IsMulticast() {
		x.Edges = append(x.Edges, Edge{n, link, say.T("the other end of %s cannot be seen", "看不到 %s 的对端", link.Name), v.past(out)})
		return
	}
	v = v.past(out)
	trial := x.Net.Carry(n, link, x.Leg, out.Remote)
	switch {
	case trial.Edge != nil:
		x.Edges = append(x.Edges, Edge{trial.Edge.Space, trial.Edge.Dev, trial.Edge.Why, v})
		return
	case trial.Lost:
		x.Unseen = append(x.Unseen, trial.Last)
		return
	}
	for _, f := range trial.Faults {
		v = v.stoppedBy(nil, link.Name, f)
	}
	if trial.Landed == nil {
		x.Stations = append(x.Stations, Station{Way: v})
		return
	}
	from := link.Tunnel.Local
	if !from.IsValid() {
		from = n.Route(machine.RouteQuery{Dst: out.Remote, Proto: TunnelProto(link, x.Of)}).Src
	}
	x.outOfTunnel(n, link, v, trial.Landed, from, out.Remote)
}

// outOfTunnel hands a packet to the device that opens it where it has come.
func (x *Explorer) outOfTunnel(n *machine.Space, link table.Link, v Way, landed *machine.Space, from, to netip.Addr) {
	if link.Kind == "ip6tnl" && x.Of.IsValid() { // ip4ip6_rcv(), ip6ip6_rcv()
		sent := *link.Tunnel
		sent.Proto, link.Tunnel = TunnelProto(link, x.Of), &sent
	}
	dev, there, ok, err := Opener(landed, link, from, to)
	if err != nil {
		x.Unseen = append(x.Unseen, say.Quote(err))
		return
	}
	if !ok {
		v = v.stoppedBy(landed, "", device.TunnelUnmatched{
			At: cause.At(landed.Name), Link: link, From: from, To: to, Carrier: TunnelName(link), There: there, Sender: n.Name,
		})
		x.Stations = append(x.Stations, Station{Way: v})
		return
	}
	if !dev.Up() {
		v = v.stoppedBy(landed, dev.Name, Down(landed, dev))
	}
	x.arrive(landed, dev, v)
}

// Opener is the device that opens a tunnel's packets where they have come, and all of that
// kind there, which somebody has made.
func Opener(landed *machine.Space, link table.Link, from, to netip.Addr) (dev table.Link, there []table.Link, ok bool, err error) {
	devices, err := landed.Devices()
	for _, d := range devices {
		if d.Link.Kind == link.Kind && !d.Link.Fallback() {
			there = append(there, d.Link)
		}
	}
	if dev, ok = opener(slices.DeleteFunc(slices.Clone(there), down), *link.Tunnel, from, to); !ok {
		dev, ok = opener(there, *link.Tunnel, from, to)
	}
	return dev, there, ok, err
}

func down(dev table.Link) bool { return !dev.Up() }

// Spare is the device of a kind of tunnel that is there without anybody having made it, down,
// and that opens what no other one does once it is up.
func Spare(n *machine.Space, kind string) (table.Link, bool) {
	devices, err := n.Devices()
	i := slices.IndexFunc(devices, func(d machine.Device) bool { return d.Link.Kind == kind && d.Link.Fallback() })
	if err != nil || i < 0 {
		return table.Link{}, false
	}
	return devices[i].Link, true
}

// opener is the device that takes a tunnel's packets: that which names both ends
// before one that names the sender, before one that names its own end, before one that
// names none (ip_tunnel_lookup(), ipip6_tunnel_lookup()).
func opener(devices []table.Link, sent table.Tunnel, from, to netip.Addr) (best table.Link, ok bool) {
	rank := 0
	for _, d := range devices {
		t := d.Tunnel
		if t == nil || t.External || t.InKey != sent.Key || t.Port != sent.Port || !carries(*t, sent.Proto) || t.Remote.IsValid() && t.Remote != from || t.Local.IsValid() && t.Local != to {
			continue
		}
		r := 1
		if t.Remote.IsValid() {
			r += 2
		}
		if t.Local.IsValid() {
			r++
		}
		if r > rank {
			best, rank, ok = d, r, true
		}
	}
	return best, ok
}

// carries reports whether an end takes what the other one sends, where both are for one version
// of IP alone.
func carries(t table.Tunnel, proto byte) bool {
	return t.Proto == 0 || proto == 0 || t.Proto == proto
}

// Right is the entry of a tunnel that sends the frame to the right end of it.
func (x *Explorer) Right(c Crossing, end netip.Addr) remedy.TunnelEntry {
	entry := remedy.TunnelEntry{Netns: c.Space.Name, Dev: c.Dev.Name, MAC: Everybody, Dst: end}
	own := func(e table.FDBEntry) bool { return bytes.Equal(e.MAC, x.MAC) }
	if x.MAC != nil && len(machine.FDBOf(c.Space, c.Dev, own)) > 0 {
		entry.MAC, entry.Replace = x.MAC, true
	}
	return entry
}

// CarriedTo reports whether an address is where a tunnel sends its own packets.
func CarriedTo(n *machine.Space, link table.Link, addr netip.Addr) bool {
	switch {
	case link.Tunnel != nil:
		return !link.Tunnel.Remote.IsValid() || link.Tunnel.Remote == addr
	case link.VXLAN != nil:
		return link.VXLAN.Remote == addr || len(machine.FDBOf(n, link, func(e table.FDBEntry) bool { return e.Dst == addr })) > 0
	}
	return false
}
