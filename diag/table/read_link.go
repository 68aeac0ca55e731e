package table

import (
	"context"
	"encoding/binary"
	"net"
	"slices"
	"strconv"

	"nstutor/diag/attr"
	"nstutor/internal/say"

	"golang.org/x/sys/unix"
)

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
