package replica

import (
	"encoding/binary"
	"errors"
	"maps"
	"slices"

	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
)

// vethInfoPeer is VETH_INFO_PEER of <linux/veth.h>.
const vethInfoPeer = 1

// linkData is what of IFLA_INFO_DATA is handed back when a device of a kind is
// made: the rest is what the kernel only tells, and partly refuses to hear. A kind
// that is not here is copied as a wire that leads nowhere.
var linkData = map[string]func(data []byte) []byte{
	"dummy":   func([]byte) []byte { return nil },
	"bridge":  bridgeData,
	"vxlan":   vxlanData,
	"vlan":    vlanData,
	"macvlan": macvlanData,
	"macvtap": macvlanData,
	"ipvlan":  func(data []byte) []byte { return data },
	"vrf":     func(data []byte) []byte { return data },
	"bond": func(data []byte) []byte {
		return attr.Only(data, unix.IFLA_BOND_MODE, unix.IFLA_BOND_MIIMON, unix.IFLA_BOND_XMIT_HASH_POLICY)
	},
}

// bridgeData leaves out what has to do with VLANs where the bridge does not filter by
// them: a kernel that cannot refuses to hear that it shall not. The spanning tree
// comes last (growTrees).
func bridgeData(data []byte) []byte {
	kinds := []uint16{unix.IFLA_BR_FORWARD_DELAY, unix.IFLA_BR_HELLO_TIME, unix.IFLA_BR_MAX_AGE, unix.IFLA_BR_AGEING_TIME,
		unix.IFLA_BR_PRIORITY, unix.IFLA_BR_GROUP_FWD_MASK, unix.IFLA_BR_FDB_MAX_LEARNED,
		unix.IFLA_BR_MCAST_SNOOPING, unix.IFLA_BR_MCAST_ROUTER, unix.IFLA_BR_MCAST_QUERIER, unix.IFLA_BR_MCAST_QUERY_USE_IFADDR,
		unix.IFLA_BR_MCAST_HASH_MAX, unix.IFLA_BR_MCAST_LAST_MEMBER_CNT, unix.IFLA_BR_MCAST_STARTUP_QUERY_CNT, unix.IFLA_BR_MCAST_LAST_MEMBER_INTVL,
		unix.IFLA_BR_MCAST_MEMBERSHIP_INTVL, unix.IFLA_BR_MCAST_QUERIER_INTVL, unix.IFLA_BR_MCAST_QUERY_INTVL, unix.IFLA_BR_MCAST_QUERY_RESPONSE_INTVL,
		unix.IFLA_BR_MCAST_STARTUP_QUERY_INTVL, unix.IFLA_BR_MCAST_IGMP_VERSION, unix.IFLA_BR_MCAST_MLD_VERSION,
		unix.IFLA_BR_NF_CALL_IPTABLES, unix.IFLA_BR_NF_CALL_IP6TABLES, unix.IFLA_BR_NF_CALL_ARPTABLES}
	if attr.Uint8(attr.Find(data, unix.IFLA_BR_VLAN_FILTERING)) != 0 {
		kinds = append(kinds, unix.IFLA_BR_VLAN_FILTERING, unix.IFLA_BR_VLAN_PROTOCOL, unix.IFLA_BR_VLAN_DEFAULT_PVID)
	}
	set := attr.Only(data, kinds...)
	if options := attr.Find(data, unix.IFLA_BR_MULTI_BOOLOPT); attr.Uint32(options) != 0 { // struct br_boolopt_multi: those that are on
		set = attr.Append(set, unix.IFLA_BR_MULTI_BOOLOPT, slices.Concat(options[:4], options[:4]))
	}
	return set
}

// snoops reports whether a bridge sends what is for a group to those alone who have joined
// it: somebody asks for them.
func (l Link) snoops() bool {
	data := l.info(unix.IFLA_INFO_DATA)
	return l.Kind == "bridge" && attr.Uint8(attr.Find(data, unix.IFLA_BR_MCAST_SNOOPING)) != 0 && len(attr.Find(data, unix.IFLA_BR_MCAST_QUERIER_STATE)) > 0
}

// vlanData names those flags alone that are set: the kernel tells them with a mask of all
// bits, and takes none with bits that it has no flag for (vlan_dev_change_flags()).
func vlanData(data []byte) []byte {
	flags := attr.Find(data, unix.IFLA_VLAN_FLAGS)
	if len(flags) < 4 {
		return data
	}
	data = attr.Without(data, unix.IFLA_VLAN_FLAGS)
	return attr.Append(data, unix.IFLA_VLAN_FLAGS, slices.Concat(flags[:4], flags[:4])) // struct ifla_vlan_flags
}

// vxlanData turns IFLA_VXLAN_TTL_INHERIT, which the kernel tells as a number, into
// the flag that it wants to hear (vxlan_policy), and leaves
// out what a kernel tells and does not take.
func vxlanData(data []byte) []byte {
	const reservedBits = 33 // IFLA_VXLAN_RESERVED_BITS
	inherits := attr.Uint8(attr.Find(data, unix.IFLA_VXLAN_TTL_INHERIT)) != 0
	var on []byte // to say that it is off reserves the bits for it
	for _, kind := range []uint16{unix.IFLA_VXLAN_REMCSUM_TX, unix.IFLA_VXLAN_REMCSUM_RX} {
		if attr.Uint8(attr.Find(data, kind)) != 0 {
			on = append(on, attr.Only(data, kind)...)
		}
	}
	data = attr.Only(data, unix.IFLA_VXLAN_ID, unix.IFLA_VXLAN_GROUP, unix.IFLA_VXLAN_LINK, unix.IFLA_VXLAN_LOCAL, unix.IFLA_VXLAN_TTL,
		unix.IFLA_VXLAN_GROUP6, unix.IFLA_VXLAN_LOCAL6, unix.IFLA_VXLAN_LABEL, unix.IFLA_VXLAN_UDP_ZERO_CSUM6_TX, unix.IFLA_VXLAN_UDP_ZERO_CSUM6_RX,
		unix.IFLA_VXLAN_LIMIT, unix.IFLA_VXLAN_L2MISS, unix.IFLA_VXLAN_L3MISS, unix.IFLA_VXLAN_LOCALBYPASS,
		reservedBits, unix.IFLA_VXLAN_REMCSUM_NOPARTIAL,
		unix.IFLA_VXLAN_TOS, unix.IFLA_VXLAN_DF, unix.IFLA_VXLAN_LEARNING, unix.IFLA_VXLAN_AGEING, unix.IFLA_VXLAN_PORT,
		unix.IFLA_VXLAN_PORT_RANGE, unix.IFLA_VXLAN_PROXY, unix.IFLA_VXLAN_RSC, unix.IFLA_VXLAN_COLLECT_METADATA, unix.IFLA_VXLAN_GBP,
		unix.IFLA_VXLAN_GPE, unix.IFLA_VXLAN_UDP_CSUM)
	if inherits {
		data = attr.Append(data, unix.IFLA_VXLAN_TTL_INHERIT, nil)
	}
	return append(data, on...)
}

// macvlanData says which senders a device in the mode "source" hears, as those that it is to
// have.
func macvlanData(data []byte) []byte {
	const replaces = 3 // MACVLAN_MACADDR_SET
	set := attr.Only(data, unix.IFLA_MACVLAN_MODE, unix.IFLA_MACVLAN_FLAGS, unix.IFLA_MACVLAN_BC_QUEUE_LEN, unix.IFLA_MACVLAN_BC_CUTOFF)
	if heard := attr.Find(data, unix.IFLA_MACVLAN_MACADDR_DATA); len(heard) > 0 {
		set = attr.Nest(attr.Number(set, unix.IFLA_MACVLAN_MACADDR_MODE, replaces), unix.IFLA_MACVLAN_MACADDR_DATA, heard)
	}
	return set
}

// stacked are the kinds that stand on the device of their IFLA_LINK.
var stacked = []string{"vlan", "macvlan", "macvtap", "ipvlan", "vxlan"}

// makeLinks makes the devices of all namespaces, those first that others stand on.
func (b *builder) makeLinks() error {
	b.made = maps.Clone(b.born)
	for again := true; again; {
		again = false
		for i := range b.network.Spaces {
			for _, l := range b.network.Spaces[i].Links {
				if b.made[place{i, l.Index}] || b.waits(i, l) {
					continue
				}
				if err := b.makeLink(i, l); err != nil {
					b.miss(i, Device, l.Name, err)
				}
				b.made[place{i, l.Index}], again = true, true
			}
		}
	}
	return nil
}

// waits reports whether what the device stands on has to be made first.
func (b *builder) waits(space int, l Link) bool {
	lower := place{l.At, l.lower()}
	return slices.Contains(stacked, l.Kind) && l.At != Elsewhere && lower.index != 0 && lower != (place{space, l.Index}) && !b.made[lower]
}

func (b *builder) makeLink(space int, l Link) error {
	data, soft := linkData[l.Kind]
	peer, paired := b.peer(l)
	switch {
	case l.Kind == "veth" && paired:
		err := b.makeVeth(space, l, vethEnd(b.copy.Spaces[l.At].FD(), peer))
		b.made[place{l.At, peer.Index}] = true
		return err
	case !soft || slices.Contains(stacked, l.Kind) && l.At == Elsewhere:
		what := Hardware
		if l.Kind != "" {
			what = FarSide
		}
		b.miss(space, what, l.Name, nil)
		if l.Alone && b.makeAlone(space, l) == nil {
			return nil
		}
		return b.makeWire(space, l)
	}
	body := linkBody(l.Index, l)
	info := attr.Text(nil, unix.IFLA_INFO_KIND, l.Kind)
	info = attr.Nest(info, unix.IFLA_INFO_DATA, data(l.info(unix.IFLA_INFO_DATA)))
	body = attr.Nest(body, unix.IFLA_LINKINFO, info)
	c := b.conns[space]
	if lower := l.lower(); lower != 0 && slices.Contains(stacked, l.Kind) {
		body = attr.Number(body, unix.IFLA_LINK, uint32(lower))
		if l.At != space {
			// What it stands on is looked for where the request is made.
			c = b.conns[l.At]
			body = attr.Number(body, unix.IFLA_NET_NS_FD, uint32(b.copy.Spaces[space].FD()))
		}
	}
	return c.do(unix.RTM_NEWLINK, unix.NLM_F_CREATE|unix.NLM_F_EXCL, body)
}

// makeAlone makes a device that loses what is sent on it: of a kind that this kernel has.
func (b *builder) makeAlone(space int, l Link) (err error) {
	for _, kind := range []string{"dummy", "ifb"} {
		info := attr.Text(nil, unix.IFLA_INFO_KIND, kind)
		err = b.conns[space].do(unix.RTM_NEWLINK, unix.NLM_F_CREATE|unix.NLM_F_EXCL, attr.Nest(linkBody(l.Index, l), unix.IFLA_LINKINFO, info))
		if !errors.Is(err, unix.EOPNOTSUPP) {
			return err
		}
	}
	return err
}

// peer is the other end of a veth, if it is among what is copied.
func (b *builder) peer(l Link) (Link, bool) {
	if l.At == Elsewhere {
		return Link{}, false
	}
	for _, p := range b.network.Spaces[l.At].Links {
		if p.Index == l.lower() && p.Kind == "veth" {
			return p, true
		}
	}
	return Link{}, false
}

// vethEnd is the peer in VETH_INFO_PEER.
func vethEnd[FD ~int](fd FD, peer Link) []byte {
	return attr.Number(linkBody(peer.Index, peer), unix.IFLA_NET_NS_FD, uint32(fd))
}

func (b *builder) makeVeth(space int, l Link, end []byte) error {
	info := attr.Text(nil, unix.IFLA_INFO_KIND, "veth")
	info = attr.Nest(info, unix.IFLA_INFO_DATA, attr.Append(nil, vethInfoPeer, end))
	return b.conns[space].do(unix.RTM_NEWLINK, unix.NLM_F_CREATE|unix.NLM_F_EXCL, attr.Nest(linkBody(l.Index, l), unix.IFLA_LINKINFO, info))
}

// linkBody is a request to make a device that is like another.
func linkBody(index int, l Link) []byte {
	body := make([]byte, unix.SizeofIfInfomsg)
	binary.NativeEndian.PutUint32(body[4:], uint32(index))
	body = attr.Text(body, unix.IFLA_IFNAME, l.Name)
	return append(body, l.measures()...)
}

// measures are what a device is given when it is made, of whatever kind it is: its MAC address, and how
// much it takes.
func (l Link) measures() []byte {
	kinds := []uint16{unix.IFLA_MTU, unix.IFLA_TXQLEN, unix.IFLA_GROUP}
	// An ipvlan has the MAC address of what it stands on, and one of zeros is none.
	if mac := l.attr(unix.IFLA_ADDRESS); len(mac) == 6 && l.Kind != "ipvlan" && slices.ContainsFunc(mac, func(c byte) bool { return c != 0 }) {
		kinds = append(kinds, unix.IFLA_ADDRESS)
	}
	return attr.Only(l.Message[unix.SizeofIfInfomsg:], kinds...)
}
