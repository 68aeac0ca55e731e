package table

import (
	"bytes"
	"context"
	"encoding/binary"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/internal/say"
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
	Port      *BridgePort // how the bridge that is its Master treats it; nil when it is no bridge port
	VXLAN     *VXLAN      // nil when it is none
	Tunnel    *Tunnel     // of ipip, sit, gre and gretap; nil when it is none
	Bridge    *Bridge     // nil when it is none
	VLANID    int         // of a VLAN device; 0 when it is none
	Service   bool        // its tag is one of 802.1ad, and not of 802.1Q
	VRF       int         // the table of a VRF; 0 when it is none
	ProtoDown ProtoDown
	Sharing   string             // how a macvlan, macvtap or ipvlan shares the device below: its mode, as ip spells it
	Sources   []net.HardwareAddr // of a macvlan in mode source: whose frames it takes, and nobody's else
	Active    int                // interface index of a bond's active slave; 0: none, or all are
	Backup    bool               // of a bond: nothing but its active slave carries anything (active-backup)
	XDP       []int              // numbers of the BPF programs that see what it receives before the kernel does
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
	Locked         bool   // frames pass only from whom the FDB has at this port, and it learns nobody
	MulticastFlood bool   // multicast frames that nobody's membership decides about leave by it
	NeighSuppress  bool   // the bridge answers who asks for somebody behind it, by its own neighbour table
}

// Bridge is how a bridge itself is set.
type Bridge struct {
	VLANFiltering bool // always false when the kernel was built without it
	STP           bool // the spanning tree protocol decides about the ports' states
	// Queried says that somebody asks on it who listens to groups of IPv6, or may ask: then
	// frames to a group leave by the ports of those who have answered, and by no others
	// (br_multicast_querier_exists()).
	Queried bool
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
	GBP      bool       // the mark of a packet goes with it (Group Based Policy)
}

// Tunnel is the tunnel, other than VXLAN, that a device is one end of.
type Tunnel struct {
	Local      netip.Addr // source of the outer packets; invalid: the route chooses
	Remote     netip.Addr // where they go; invalid: where the next hop of the inner one is
	TTL        int        // of the outer packets; 0: that of the inner one
	PMTUDisc   bool       // no router may fragment them
	InKey, Key uint32     // of GRE: what the other end has to send, and what is sent; 0: none. Of GENEVE: the VNI
	Proto      byte       // of ip6tnl: what it carries, IPPROTO_IPIP or IPPROTO_IPV6; 0: both
	Port       int        // of GENEVE: UDP
	Option     bool       // in IPv6: with an option that bounds how deep tunnels nest
	External   bool       // routes or programs choose the remote per packet
}

// ProtoDown is what withholds a device's carrier while it is up (IFLA_PROTO_DOWN).
type ProtoDown struct {
	On      bool
	Reasons uint32 // bits of the programs that want it so; they name them in protodown_reasons.d
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

// RTEXT_FILTER_SKIP_STATS leaves the counters out of the answer: they are long,
// and they change with every packet.
const extFilterSkipStats = 1 << 3

// rawLink is a device before the indexes in it have names.
type rawLink struct {
	Link
	flags    uint32
	lower    int // IFLA_LINK
	hasLower bool
	master   int
	devconf  []uint32
}

// readLinks reads the devices, and with them the names of all indexes and the
// IPv4 settings of each device.
func (r *Reader) readLinks(ctx context.Context) error {
	raw, err := dumpTable(ctx, r.conn, unix.RTM_GETLINK, unix.RTM_NEWLINK, linkRequest(), parseLink)
	if err != nil {
		return say.Err("%s: read links: %v", "%s：读取网卡：%v", r.ns.Name(), err)
	}
	r.names = make(map[int]string, len(raw))
	up := make(map[int]bool, len(raw))
	for _, l := range raw {
		r.names[l.Index] = l.Name
		up[l.Index] = l.flags&unix.IFF_UP != 0
	}
	r.links = make([]Link, 0, len(raw))
	r.devconf = make([][]uint32, 0, len(raw))
	for _, l := range raw {
		l.Master = r.device(l.master)
		r.namePeer(&l, up)
		r.links = append(r.links, l.Link)
		r.devconf = append(r.devconf, l.devconf)
	}
	r.nameNetns(r.links)
	return nil
}

// linkRequest is an ifinfomsg and the wish to be spared the counters.
func linkRequest() []byte {
	b := make([]byte, unix.SizeofIfInfomsg, unix.SizeofIfInfomsg+8)
	b = binary.NativeEndian.AppendUint16(b, 8)
	b = binary.NativeEndian.AppendUint16(b, unix.IFLA_EXT_MASK)
	return binary.NativeEndian.AppendUint32(b, extFilterSkipStats)
}

// namePeer says what stands behind '@', as print_name_and_link() does.
func (r *Reader) namePeer(l *rawLink, up map[int]bool) {
	switch {
	case !l.hasLower:
		return
	case l.lower == 0:
		l.Peer = "NONE"
		return
	case l.PeerNetnsID >= 0 || l.PeerNetnsID == netnsUnknown:
		l.Peer = "if" + strconv.Itoa(l.lower)
	default:
		l.Peer = r.device(l.lower)
		if !up[l.lower] {
			l.Flags = append(l.Flags, "M-DOWN")
		}
	}
	l.PeerIndex = l.lower
}

func parseLink(b []byte) (rawLink, bool) {
	if len(b) < unix.SizeofIfInfomsg {
		return rawLink{}, false
	}
	l := rawLink{flags: binary.NativeEndian.Uint32(b[8:])}
	l.Index = int(int32(binary.NativeEndian.Uint32(b[4:])))
	l.Type = ipName(linkTypeNames, int(binary.NativeEndian.Uint16(b[2:])), ipBracketed)
	l.Flags = linkFlags(l.flags)
	l.PeerNetnsID = netnsHere
	for kind, v := range attr.All(b[unix.SizeofIfInfomsg:]) {
		l.attribute(kind, v)
	}
	return l, l.Name != ""
}

func (l *rawLink) attribute(kind uint16, v []byte) {
	switch kind {
	case unix.IFLA_IFNAME:
		l.Name = attr.String(v)
	case unix.IFLA_MTU:
		l.MTU = attr.Int(v)
	case unix.IFLA_ADDRESS:
		l.MAC = net.HardwareAddr(slices.Clone(v))
	case unix.IFLA_BROADCAST:
		l.Broadcast = net.HardwareAddr(slices.Clone(v))
	case unix.IFLA_PERM_ADDRESS:
		l.PermMAC = net.HardwareAddr(slices.Clone(v))
	case unix.IFLA_QDISC:
		l.Qdisc = attr.String(v)
	case unix.IFLA_OPERSTATE:
		l.State = ipName(linkStateNames, attr.Uint8(v), func(n int) string { return ipHex(uint32(n)) })
	case unix.IFLA_LINKMODE:
		l.Mode = ipName(linkModeNames, attr.Uint8(v), strconv.Itoa)
	case unix.IFLA_GROUP:
		l.Group = ipName(linkGroupNames, attr.Int(v), strconv.Itoa)
	case unix.IFLA_TXQLEN:
		l.QLen = attr.Int(v)
	case unix.IFLA_MASTER:
		l.master = attr.Int(v)
	case unix.IFLA_LINK:
		l.lower, l.hasLower = attr.Int(v), true
	case unix.IFLA_LINK_NETNSID:
		if l.PeerNetnsID = attr.Int(v); l.PeerNetnsID < 0 {
			l.PeerNetnsID = netnsUnknown
		}
	case unix.IFLA_LINKINFO:
		l.info(v)
	case unix.IFLA_PROTO_DOWN:
		l.ProtoDown.On = attr.Uint8(v) != 0
	case unix.IFLA_PROTO_DOWN_REASON:
		for kind, v := range attr.All(v) {
			if kind == unix.IFLA_PROTO_DOWN_REASON_VALUE {
				l.ProtoDown.Reasons = uint32(attr.Int(v))
			}
		}
	case unix.IFLA_XDP:
		l.XDP = parseXDP(v)
	case unix.IFLA_AF_SPEC:
		l.devconf = parseDevconf(v)
	}
}

// linkFlagNames are in the order of print_link_flags(). IFF_RUNNING is not
// shown; its absence on a device that is up is NO-CARRIER.
var linkFlagNames = []struct {
	mask uint32
	name string
}{
	{unix.IFF_LOOPBACK, "LOOPBACK"}, {unix.IFF_BROADCAST, "BROADCAST"}, {unix.IFF_POINTOPOINT, "POINTOPOINT"},
	{unix.IFF_MULTICAST, "MULTICAST"}, {unix.IFF_NOARP, "NOARP"}, {unix.IFF_ALLMULTI, "ALLMULTI"},
	{unix.IFF_PROMISC, "PROMISC"}, {unix.IFF_MASTER, "MASTER"}, {unix.IFF_SLAVE, "SLAVE"},
	{unix.IFF_DEBUG, "DEBUG"}, {unix.IFF_DYNAMIC, "DYNAMIC"}, {unix.IFF_AUTOMEDIA, "AUTOMEDIA"},
	{unix.IFF_PORTSEL, "PORTSEL"}, {unix.IFF_NOTRAILERS, "NOTRAILERS"}, {unix.IFF_UP, "UP"},
	{unix.IFF_LOWER_UP, "LOWER_UP"}, {unix.IFF_DORMANT, "DORMANT"}, {unix.IFF_ECHO, "ECHO"},
}

func linkFlags(flags uint32) []string {
	var names []string
	if flags&unix.IFF_UP != 0 && flags&unix.IFF_RUNNING == 0 {
		names = append(names, "NO-CARRIER")
	}
	flags &^= unix.IFF_RUNNING
	for _, f := range linkFlagNames {
		if flags&f.mask != 0 {
			names = append(names, f.name)
			flags &^= f.mask
		}
	}
	if flags != 0 {
		names = append(names, strconv.FormatUint(uint64(flags), 16))
	}
	return names
}

// Line is the first of the two lines of `ip link show DEV`:
//
//	607: veth-ns1@if608: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP mode DEFAULT group default qlen 1000
func (l Link) Line() string {
	name := l.Name
	if l.Peer != "" {
		name += "@" + l.Peer
	}
	var line ipLine
	line.add(strconv.Itoa(l.Index)+":", name+":", "<"+strings.Join(l.Flags, ",")+">", "mtu", strconv.Itoa(l.MTU))
	line.pair("qdisc", l.Qdisc)
	line.pair("master", l.Master)
	line.pair("state", l.State)
	line.pair("mode", l.Mode)
	line.pair("group", l.Group)
	line.number("qlen", l.QLen)
	return line.String()
}

// AddressLine is the second line of `ip link show DEV`, not indented:
//
//	link/ether b6:58:7b:0e:35:b3 brd ff:ff:ff:ff:ff:ff link-netns ns1
func (l Link) AddressLine() string {
	var line ipLine
	// A device without an address has the space for it all the same.
	line.add("link/"+l.Type, linkAddress(l.MAC, l.Type))
	if len(l.Broadcast) > 0 {
		word := "brd"
		if l.Has("POINTOPOINT") {
			word = "peer"
		}
		line.add(word, linkAddress(l.Broadcast, l.Type))
	}
	if len(l.PermMAC) > 0 && !bytes.Equal(l.PermMAC, l.MAC) {
		line.add("permaddr", linkAddress(l.PermMAC, l.Type))
	}
	switch {
	case l.PeerNetns != "":
		line.add("link-netns", l.PeerNetns)
	case l.PeerNetnsID >= 0:
		line.add("link-netnsid", strconv.Itoa(l.PeerNetnsID))
	}
	return strings.TrimRight(line.String(), " ")
}

// Line is the address as `ip -o addr` shows it, without its lifetimes:
//
//	2: eth0    inet 172.20.1.10/24 scope global eth0
func (a Addr) Line() string {
	return strconv.Itoa(a.Index) + ": " + say.Clean(a.Dev) + "    " + a.Inet()
}

// Inet is the address as `ip addr` shows it below its device, not indented:
//
//	inet 172.20.1.10/24 scope global eth0
func (a Addr) Inet() string {
	var line ipLine
	line.add("inet")
	if a.Family() == 6 {
		line.text = append(line.text, '6')
	}
	if a.Peer.IsValid() {
		line.add(a.Prefix.Addr().String(), "peer", a.Peer.String()+"/"+strconv.Itoa(a.Prefix.Bits()))
	} else {
		line.add(a.Prefix.String())
	}
	line.number("metric", a.Metric)
	line.addr("brd", a.Broadcast)
	line.add("scope", a.Scope)
	line.add(a.Flags...)
	line.flag(a.Label != "", a.Label)
	return line.String()
}
