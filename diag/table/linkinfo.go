package table

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"strconv"

	"github.com/vishvananda/netlink/nl"

	"nstutor/diag/attr"

	"golang.org/x/sys/unix"
)

// portStateNames are the states of a bridge port as bridge/link.c has them.
var portStateNames = map[int]string{0: "disabled", 1: "listening", 2: "learning", 3: "forwarding", 4: "blocking"}

// macvlanModes and ipvlanModes are the modes as ip spells them.
var (
	macvlanModes = map[int]string{1: "private", 2: "vepa", 4: "bridge", 8: "passthru", 16: "source"}
	ipvlanModes  = map[int]string{0: "l2", 1: "l3", 2: "l3s"}
)

// number is the attribute of a kind among all, of two or four bytes; 0 when
// there is none.
func number(all []byte, kind int) uint32 {
	for k, v := range attr.All(all) {
		switch {
		case int(k) != kind:
		case len(v) >= 4:
			return binary.NativeEndian.Uint32(v)
		case len(v) >= 2:
			return uint32(binary.NativeEndian.Uint16(v))
		}
	}
	return 0
}

// info reads IFLA_LINKINFO: what the device is, and what its master makes of it.
// The data are read by the kind, which may stand behind them.
func (l *Link) info(b []byte) {
	var data, slaveData []byte
	var slaveKind string
	for kind, v := range attr.All(b) {
		switch kind {
		case unix.IFLA_INFO_KIND:
			l.Kind = attr.String(v)
		case unix.IFLA_INFO_DATA:
			data = v
		case unix.IFLA_INFO_SLAVE_KIND:
			slaveKind = attr.String(v)
		case unix.IFLA_INFO_SLAVE_DATA:
			slaveData = v
		}
	}
	switch l.Kind {
	case "bridge":
		l.Bridge = parseBridge(data)
	case "vxlan":
		l.VXLAN = parseVXLAN(data)
	case "ipip", "sit":
		l.Tunnel = parseTunnel(data, iptunAttributes)
	case "gre", "gretap":
		l.Tunnel = parseTunnel(data, greAttributes)
	case "ip6tnl":
		l.Tunnel = parseTunnel(data, iptunAttributes)
		l.Tunnel.Option = number(data, nl.IFLA_IPTUN_FLAGS)&ignoreEncapLimit == 0
		l.Tunnel.Proto = byte(attr.Uint8(attr.Find(data, nl.IFLA_IPTUN_PROTO)))
	case "ip6gre", "ip6gretap":
		l.Tunnel = parseTunnel(data, greAttributes)
		l.Tunnel.Option = number(data, nl.IFLA_GRE_FLAGS)&ignoreEncapLimit == 0
	case "geneve":
		l.Tunnel = parseTunnel(data, geneveAttributes)
		l.Tunnel.InKey = l.Tunnel.Key // one number of the network, both ways
	case "vlan":
		l.VLANID = int(number(data, unix.IFLA_VLAN_ID))
		proto := attr.Find(data, unix.IFLA_VLAN_PROTOCOL)
		l.Service = len(proto) == 2 && binary.BigEndian.Uint16(proto) == unix.ETH_P_8021AD
	case "macvlan", "macvtap":
		l.Sharing = ipName(macvlanModes, int(number(data, unix.IFLA_MACVLAN_MODE)), strconv.Itoa)
		for _, mac := range attr.All(attr.Find(data, unix.IFLA_MACVLAN_MACADDR_DATA)) {
			l.Sources = append(l.Sources, bytes.Clone(mac))
		}
	case "ipvlan", "ipvtap":
		l.Sharing = ipName(ipvlanModes, int(number(data, unix.IFLA_IPVLAN_MODE)), strconv.Itoa)
	case "vrf":
		l.VRF = int(number(data, unix.IFLA_VRF_TABLE))
	case "bond":
		l.Active = int(number(data, unix.IFLA_BOND_ACTIVE_SLAVE))
		l.Backup = bondMode(data) == bondActiveBackup
	}
	l.MasterKind = slaveKind
	if slaveKind == "bridge" {
		l.Port = parseBridgePort(slaveData)
	}
}

// bondActiveBackup is BOND_MODE_ACTIVEBACKUP of <linux/if_bonding.h>.
const bondActiveBackup = 1

// bondMode is the mode of a bond, which is one byte.
func bondMode(data []byte) int {
	for kind, v := range attr.All(data) {
		if kind == unix.IFLA_BOND_MODE {
			return attr.Uint8(v)
		}
	}
	return 0
}

// parseBridge reads what br_fill_info() wrote. A kernel that was built without
// VLAN filtering does not write of it.
func parseBridge(b []byte) *Bridge {
	var bridge Bridge
	var snooping, known bool
	for kind, v := range attr.All(b) {
		switch kind {
		case unix.IFLA_BR_STP_STATE:
			bridge.STP = attr.Uint32(v) != 0
		case unix.IFLA_BR_VLAN_FILTERING:
			bridge.VLANFiltering = attr.Uint8(v) != 0
		case unix.IFLA_BR_MCAST_SNOOPING:
			snooping = attr.Uint8(v) != 0
		case unix.IFLA_BR_MCAST_QUERIER:
			bridge.Queried = bridge.Queried || attr.Uint8(v) != 0
		case unix.IFLA_BR_MULTI_BOOLOPT:
			const byVLAN = 1 << 1 // BR_BOOLOPT_MCAST_VLAN_SNOOPING, of struct br_boolopt_multi
			bridge.Queried = bridge.Queried || attr.Int(v)&byVLAN != 0
			known = len(v) >= 8 && attr.Int(v[4:])&byVLAN != 0
		case unix.IFLA_BR_MCAST_QUERIER_STATE:
			const addr6 = 5 // BRIDGE_QUERIER_IPV6_ADDRESS
			for kind := range attr.All(v) {
				bridge.Queried = bridge.Queried || kind == addr6
			}
		}
	}
	bridge.Queried = snooping && (bridge.Queried || !known) // before Linux 5.15, which has that option too, others are not told of
	return &bridge
}

// parseBridgePort reads what br_port_fill_attrs() wrote.
func parseBridgePort(b []byte) *BridgePort {
	var port BridgePort
	for kind, v := range attr.All(b) {
		switch kind {
		case unix.IFLA_BRPORT_STATE:
			port.State = ipName(portStateNames, attr.Uint8(v), strconv.Itoa)
		case unix.IFLA_BRPORT_MODE:
			port.Hairpin = attr.Uint8(v) != 0
		case unix.IFLA_BRPORT_ISOLATED:
			port.Isolated = attr.Uint8(v) != 0
		case unix.IFLA_BRPORT_LOCKED:
			port.Locked = attr.Uint8(v) != 0
		case unix.IFLA_BRPORT_LEARNING:
			port.Learning = attr.Uint8(v) != 0
		case unix.IFLA_BRPORT_UNICAST_FLOOD:
			port.Flood = attr.Uint8(v) != 0
		case unix.IFLA_BRPORT_BCAST_FLOOD:
			port.BroadcastFlood = attr.Uint8(v) != 0
		case unix.IFLA_BRPORT_MCAST_FLOOD:
			port.MulticastFlood = attr.Uint8(v) != 0
		case unix.IFLA_BRPORT_NEIGH_SUPPRESS:
			port.NeighSuppress = attr.Uint8(v) != 0
		}
	}
	return &port
}

// parseVXLAN reads what vxlan_fill_info() wrote, which leaves unset addresses
// out.
func parseVXLAN(b []byte) *VXLAN {
	var vxlan VXLAN
	for kind, v := range attr.All(b) {
		switch kind {
		case unix.IFLA_VXLAN_ID:
			vxlan.VNI = attr.Int(v)
		case unix.IFLA_VXLAN_LOCAL, unix.IFLA_VXLAN_LOCAL6:
			vxlan.Local = attr.Addr(v)
		case unix.IFLA_VXLAN_GROUP, unix.IFLA_VXLAN_GROUP6:
			vxlan.Remote = attr.Addr(v)
		case unix.IFLA_VXLAN_LINK:
			vxlan.Underlay = attr.Int(v)
		case unix.IFLA_VXLAN_PORT:
			vxlan.DstPort = attrPort(v)
		case unix.IFLA_VXLAN_LEARNING:
			vxlan.Learning = attr.Uint8(v) != 0
		case unix.IFLA_VXLAN_COLLECT_METADATA:
			vxlan.External = attr.Uint8(v) != 0
		case unix.IFLA_VXLAN_GBP:
			vxlan.GBP = true
		}
	}
	return &vxlan
}

// ignoreEncapLimit is IP6_TNL_F_IGN_ENCAP_LIMIT of <linux/ip6_tunnel.h>.
const ignoreEncapLimit = 1

// tunnelAttributes are the numbers of the attributes of one kind of tunnel; 0 where
// that has none such.
type tunnelAttributes struct{ local, remote, remote6, ttl, pmtuDisc, inKey, key, port, external uint16 }

var (
	iptunAttributes = tunnelAttributes{
		local: nl.IFLA_IPTUN_LOCAL, remote: nl.IFLA_IPTUN_REMOTE, ttl: nl.IFLA_IPTUN_TTL, pmtuDisc: nl.IFLA_IPTUN_PMTUDISC,
		external: nl.IFLA_IPTUN_COLLECT_METADATA,
	}
	greAttributes = tunnelAttributes{
		local: nl.IFLA_GRE_LOCAL, remote: nl.IFLA_GRE_REMOTE, ttl: nl.IFLA_GRE_TTL, pmtuDisc: nl.IFLA_GRE_PMTUDISC,
		inKey: nl.IFLA_GRE_IKEY, key: nl.IFLA_GRE_OKEY, external: nl.IFLA_GRE_COLLECT_METADATA,
	}
	geneveAttributes = tunnelAttributes{
		remote: nl.IFLA_GENEVE_REMOTE, remote6: nl.IFLA_GENEVE_REMOTE6, ttl: nl.IFLA_GENEVE_TTL,
		key: nl.IFLA_GENEVE_ID, port: nl.IFLA_GENEVE_PORT, external: nl.IFLA_GENEVE_COLLECT_METADATA,
	}
)

// parseTunnel reads what ipip_fill_info() wrote, ipip6_fill_info(), ipgre_fill_info(), the
// same of IPv6 or geneve_fill_info(). Addresses that are not set are all zeroes there.
func parseTunnel(b []byte, at tunnelAttributes) *Tunnel {
	var t Tunnel
	for kind, v := range attr.All(b) {
		switch kind {
		case 0:
		case at.local:
			t.Local = setAddr(v)
		case at.remote, at.remote6:
			t.Remote = setAddr(v)
		case at.ttl:
			t.TTL = attr.Uint8(v)
		case at.pmtuDisc:
			t.PMTUDisc = attr.Uint8(v) != 0
		case at.inKey:
			t.InKey = attr.Uint32(v)
		case at.key:
			t.Key = attr.Uint32(v)
		case at.port:
			t.Port = attrPort(v)
		case at.external:
			t.External = true
		}
	}
	return &t
}

// setAddr is an address, or invalid where it is that of nobody.
func setAddr(v []byte) netip.Addr {
	if addr := attr.Addr(v); addr.IsValid() && !addr.IsUnspecified() {
		return addr
	}
	return netip.Addr{}
}

// parseXDP reads what rtnl_xdp_fill() wrote: the programs of each mode, which may
// be attached side by side.
func parseXDP(b []byte) (programs []int) {
	for kind, v := range attr.All(b) {
		switch kind {
		case unix.IFLA_XDP_DRV_PROG_ID, unix.IFLA_XDP_SKB_PROG_ID, unix.IFLA_XDP_HW_PROG_ID:
			programs = append(programs, attr.Int(v))
		}
	}
	return programs
}

// attrPort is the payload as a port number, which is in network byte order; 0
// when it is too short for one.
func attrPort(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	return int(binary.BigEndian.Uint16(b))
}
