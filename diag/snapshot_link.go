package diag

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

	Master string // the bridge, bond or VRF it is a port of

	// Peer is what ip prints behind '@': the other end of a veth or the device
	// below a VLAN, by name, or as "if608" when it is in another namespace.
	Peer        string
	PeerIndex   int    // its interface index in its own namespace; 0: none
	PeerNetnsID int    // its namespace as this one numbers it; -1: this very one
	PeerNetns   string // that namespace's name, when it is known
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
