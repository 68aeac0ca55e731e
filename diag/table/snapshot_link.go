package table

import (
	"net"
	"net/netip"
	"slices"
)

// Link is one network device, as `ip link` shows it.
type Link struct {
	Index int
	Name  string
	Kind  string // IFLA_INFO_KIND: "veth", "bridge", "vxlan"…; empty for lo and hardware
	Type  string // ARPHRD_*, as ip spells it: "ether", "loopback", "ipip"
	// Flags in the order and spelling of ip: NO-CARRIER, LOOPBACK, BROADCAST,
	// MULTICAST, UP, LOWER_UP, M-DOWN…
	Flags []string
	State string // operational state: UP, DOWN, UNKNOWN, LOWERLAYERDOWN…
	MTU   int    // bytes
	Qdisc string
	Mode  string // link mode: DEFAULT or DORMANT
	Group string
	QLen  int // transmit queue, in packets

	// MAC is the hardware address. For the tunnel types ipip, sit and gre it is
	// the local IPv4 address, and Broadcast the remote one.
	MAC       net.HardwareAddr
	Broadcast net.HardwareAddr
	PermMAC   net.HardwareAddr // the address it was made with, when that is another one

	Master     string // the bridge, bond or VRF it is a port of
	MasterKind string // IFLA_INFO_SLAVE_KIND: what Master is

	// Peer is what ip prints behind '@': the other end of a veth or the device
	// below a VLAN, by name, or as "if608" when it is in another namespace.
	Peer        string
	PeerIndex   int    // its interface index in its own namespace; 0: none
	PeerNetnsID int    // its namespace as this one numbers it; -1: this very one
	PeerNetns   string // that namespace's name, when it is known

	// What `ip link` shows only with -d, and what therefore is no difference to
	// Diff.
	Port    *BridgePort // how the bridge that is its Master treats it; nil when it is no bridge port
	VXLAN   *VXLAN      // nil when it is none
	Tunnel  *Tunnel     // of ipip, sit, gre and gretap; nil when it is none
	Bridge  *Bridge     // nil when it is none
	VLANID  int         // of a VLAN device; 0 when it is none
	VRF     int         // the table of a VRF; 0 when it is none
	Sharing string      // how a macvlan, macvtap or ipvlan shares the device below: its mode, as ip spells it
	Active  int         // interface index of a bond's active slave; 0: none, or all are
	XDP     []int       // numbers of the BPF programs that see what it receives before the kernel does
}

// BridgePort is what a bridge does with one of its ports, as `bridge -d link`
// shows it.
type BridgePort struct {
	State          string // disabled, listening, learning, forwarding or blocking
	Hairpin        bool   // a frame may leave by the port that it came in by
	Isolated       bool   // nothing passes to or from another isolated port
	Learning       bool   // the source addresses of its frames come into the FDB
	Flood          bool   // unicast frames to an address the FDB lacks leave by it
	BroadcastFlood bool   // broadcast frames, such as ARP requests, leave by it
}

// Bridge is how a bridge itself is set.
type Bridge struct {
	VLANFiltering bool // always false when the kernel was built without it
	STP           bool // the spanning tree protocol decides about the ports' states
}

// VXLAN is the tunnel that a device is one end of.
type VXLAN struct {
	VNI      int        // 0 for a device that is External
	Local    netip.Addr // source of the outer packets; invalid: the route chooses
	Remote   netip.Addr // where to what the FDB lacks goes, perhaps a multicast group; invalid: none
	Underlay int        // interface index of `dev`, in the namespace the device was made in; 0: none
	DstPort  int        // UDP
	Learning bool       // inner source addresses come into the FDB with their outer ones
	External bool       // routes or programs choose VNI and remote per packet
}

// Tunnel is the tunnel in IPv4 that a device is one end of.
type Tunnel struct {
	Local      netip.Addr // source of the outer packets; invalid: the route chooses
	Remote     netip.Addr // where they go; invalid: where the next hop of the inner one is
	TTL        int        // of the outer packets; 0: that of the inner one
	PMTUDisc   bool       // no router may fragment them
	InKey, Key uint32     // of GRE: what the other end has to send, and what is sent; 0: none
	External   bool       // routes or programs choose the remote per packet
}

// Has reports whether the link carries a flag, in ip's spelling.
func (l Link) Has(flag string) bool { return slices.Contains(l.Flags, flag) }

// Up reports whether the link is administratively up (IFF_UP).
func (l Link) Up() bool { return l.Has("UP") }

// Carrier reports whether the link is up and its lower layer is too
// (IFF_LOWER_UP): for a veth, whether the other end is up as well.
func (l Link) Carrier() bool { return l.Up() && l.Has("LOWER_UP") }

// Addr is one address of a device, as `ip addr` shows it.
type Addr struct {
	Index     int // interface index of Dev
	Dev       string
	Prefix    netip.Prefix // the address itself with its prefix length
	Peer      netip.Addr   // the far end of a point-to-point address, else invalid
	Broadcast netip.Addr
	Scope     string   // global, link, host…
	Flags     []string // secondary, tentative, dadfailed, noprefixroute, dynamic…
	Label     string   // IPv4 only
	Metric    int      // of the connected route; 0: the kernel's default
}

// Family is 4 or 6.
func (a Addr) Family() int { return ipFamily(a.Prefix.Addr()) }

// ipFamily is 4 or 6, by what the address is.
func ipFamily(a netip.Addr) int {
	if a.Is4() {
		return 4
	}
	return 6
}

// fallbacks are the devices that the kernel makes in every new network namespace
// once their module is loaded, and that nobody can delete
// (net.core.fb_tunnels_only_for_init_net).
var fallbacks = []string{"tunl0", "gre0", "gretap0", "erspan0", "sit0", "ip_vti0", "ip6tnl0", "ip6gre0", "ip6_vti0"}

// Fallback says whether the device has been there since the namespace began
// without anybody having made it, as lo has, and is not in use.
func (l Link) Fallback() bool { return slices.Contains(fallbacks, l.Name) && !l.Up() }
