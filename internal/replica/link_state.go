package replica

import (
	"encoding/binary"
	"errors"
	"unsafe"

	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/internal/nsenter"
)

// configure gives the devices what is set once all of them are there: their
// masters, their IPv4 settings, their ports and VLANs. They are still down.
func (b *builder) configure(space int) {
	s := b.network.Spaces[space]
	c := b.conns[space]
	for _, l := range s.Links {
		err := c.do(unix.RTM_NEWLINK, 0, b.setBody(space, l))
		if errors.Is(err, unix.EAFNOSUPPORT) && l.up() { // tunl0 has IPv6 once it has been up (addrconf_notify())
			_ = c.do(unix.RTM_NEWLINK, 0, l.raised())
			err = c.do(unix.RTM_NEWLINK, 0, b.setBody(space, l))
		}
		if err != nil {
			b.miss(space, Device, l.Name, err)
			continue
		}
		if l.master() != 0 {
			b.configurePort(space, l)
		}
		b.copyVLANs(space, l)
	}
	b.configure6(space)
}

// flagsKept are the flags of a device that somebody sets, but for IFF_UP.
const flagsKept = unix.IFF_NOARP | unix.IFF_PROMISC | unix.IFF_ALLMULTI | unix.IFF_MULTICAST | unix.IFF_DYNAMIC

// setBody is a request to give a device its master, its flags, and its settings
// net.ipv4.conf.DEV, which the kernel tells and takes by their places
// (inet_set_link_af()): a file for each would cost more than all the rest.
func (b *builder) setBody(space int, l Link) []byte {
	body := make([]byte, unix.SizeofIfInfomsg)
	binary.NativeEndian.PutUint32(body[4:], uint32(l.Index))
	binary.NativeEndian.PutUint32(body[8:], l.flags()&flagsKept)
	binary.NativeEndian.PutUint32(body[12:], flagsKept)
	if master := l.master(); master != 0 {
		body = attr.Number(body, unix.IFLA_MASTER, uint32(master))
	}
	if b.born[place{space, l.Index}] {
		body = append(body, l.measures()...)
	}
	var families []byte
	if conf := attr.Find(attr.Find(l.attr(unix.IFLA_AF_SPEC), unix.AF_INET), unix.IFLA_INET_CONF); conf != nil {
		var values []byte
		for place := 0; 4*place+4 <= len(conf); place++ {
			values = attr.Append(values, uint16(place+1), conf[4*place:4*place+4])
		}
		families = attr.Nest(families, unix.AF_INET, attr.Nest(nil, unix.IFLA_INET_CONF, values))
	}
	if mode := l.generates(); mode != nil {
		families = attr.Nest(families, unix.AF_INET6, attr.Append(nil, unix.IFLA_INET6_ADDR_GEN_MODE, mode))
	}
	if families != nil {
		body = attr.Nest(body, unix.IFLA_AF_SPEC, families)
	}
	return body
}

// portData is what of a bridge's port is handed back. Its state is, once it is up.
var portData = []uint16{
	unix.IFLA_BRPORT_PRIORITY, unix.IFLA_BRPORT_COST, unix.IFLA_BRPORT_MODE, unix.IFLA_BRPORT_GUARD, unix.IFLA_BRPORT_PROTECT,
	unix.IFLA_BRPORT_LEARNING, unix.IFLA_BRPORT_UNICAST_FLOOD, unix.IFLA_BRPORT_PROXYARP, unix.IFLA_BRPORT_PROXYARP_WIFI,
	unix.IFLA_BRPORT_MCAST_FLOOD, unix.IFLA_BRPORT_BCAST_FLOOD, unix.IFLA_BRPORT_NEIGH_SUPPRESS, unix.IFLA_BRPORT_ISOLATED,
	unix.IFLA_BRPORT_GROUP_FWD_MASK, unix.IFLA_BRPORT_LOCKED, unix.IFLA_BRPORT_VLAN_TUNNEL, unix.IFLA_BRPORT_MCAST_TO_UCAST,
	unix.IFLA_BRPORT_MULTICAST_ROUTER, unix.IFLA_BRPORT_FAST_LEAVE, unix.IFLA_BRPORT_MAB, unix.IFLA_BRPORT_NEIGH_VLAN_SUPPRESS, unix.IFLA_BRPORT_MCAST_MAX_GROUPS,
}

func isPort(l Link) bool { return attr.String(l.info(unix.IFLA_INFO_SLAVE_KIND)) == "bridge" }

func (b *builder) configurePort(space int, l Link) {
	if !isPort(l) {
		return
	}
	if err := b.setPort(space, l, attr.Only(l.info(unix.IFLA_INFO_SLAVE_DATA), portData...)); err != nil {
		b.miss(space, Device, l.Name, err)
	}
}

func (b *builder) setPort(space int, l Link, data []byte) error {
	body := make([]byte, unix.SizeofIfInfomsg)
	binary.NativeEndian.PutUint32(body[4:], uint32(l.Index))
	info := attr.Text(nil, unix.IFLA_INFO_SLAVE_KIND, "bridge")
	return b.conns[space].do(unix.RTM_NEWLINK, 0, attr.Nest(body, unix.IFLA_LINKINFO, attr.Nest(info, unix.IFLA_INFO_SLAVE_DATA, data)))
}

// holdPorts puts ports into the state that they had, where the kernel has not
// opened them as it does without a spanning tree. One whose carrier it had not looked at
// yet was about to open.
func (b *builder) holdPorts(space int) {
	const forwarding = 3 // BR_STATE_FORWARDING
	for _, l := range b.network.Spaces[space].Links {
		state := attr.Find(l.info(unix.IFLA_INFO_SLAVE_DATA), unix.IFLA_BRPORT_STATE)
		if !isPort(l) || !l.up() || !l.carrier() || !l.running() || attr.Uint8(state) == forwarding || state == nil {
			continue
		}
		// As bridge(8) does it: what is done as to any link is told to everybody, and the
		// bridge opens a port anew that it hears of (br_port_carrier_check()).
		head := family(unix.SizeofIfInfomsg, unix.AF_BRIDGE)
		binary.NativeEndian.PutUint32(head[4:], uint32(l.Index))
		if err := b.conns[space].do(unix.RTM_SETLINK, 0, attr.Nest(head, unix.IFLA_PROTINFO, attr.Append(nil, unix.IFLA_BRPORT_STATE, state))); err != nil {
			b.miss(space, Device, l.Name, err)
		}
	}
}

// growTrees has the bridges run their spanning trees again. Their ports are in the
// states by then that they had: with the protocol on they would begin anew, and pass
// nothing for half a minute.
func (b *builder) growTrees(space int) {
	for _, l := range b.network.Spaces[space].Links {
		stp := attr.Find(l.info(unix.IFLA_INFO_DATA), unix.IFLA_BR_STP_STATE)
		if l.Kind != "bridge" || len(stp) < 4 || attr.Uint32(stp) == 0 {
			continue
		}
		body := make([]byte, unix.SizeofIfInfomsg)
		binary.NativeEndian.PutUint32(body[4:], uint32(l.Index))
		info := attr.Nest(attr.Text(nil, unix.IFLA_INFO_KIND, "bridge"), unix.IFLA_INFO_DATA, attr.Append(nil, unix.IFLA_BR_STP_STATE, stp))
		if err := b.conns[space].do(unix.RTM_NEWLINK, 0, attr.Nest(body, unix.IFLA_LINKINFO, info)); err != nil {
			b.miss(space, Device, l.Name, err)
		}
	}
}

// What AF_BRIDGE has in IFLA_AF_SPEC, of <linux/if_bridge.h>. BRIDGE_FLAGS_SELF says
// that the bridge itself is meant, and no port.
const (
	iflaBridgeFlags, iflaBridgeVLANInfo = 0, 2
	bridgeFlagsSelf                     = 2
)

// copyVLANs gives a bridge or a port the VLANs that it had, in the place of the one
// that it is born with.
func (b *builder) copyVLANs(space int, l Link) {
	if l.VLANs == nil || !isPort(l) && l.Kind != "bridge" {
		return
	}
	head := make([]byte, unix.SizeofIfInfomsg)
	head[0] = unix.AF_BRIDGE
	binary.NativeEndian.PutUint32(head[4:], uint32(l.Index))
	var self []byte
	if l.Kind == "bridge" {
		self = attr.Append(nil, iflaBridgeFlags, binary.NativeEndian.AppendUint16(nil, bridgeFlagsSelf))
	}
	born := binary.NativeEndian.AppendUint16(binary.NativeEndian.AppendUint16(nil, 0), 1) // struct bridge_vlan_info: VLAN 1
	c := b.conns[space]
	// Whether it is born with VLAN 1 is the bridge's default_pvid's to say.
	_ = c.do(unix.RTM_DELLINK, 0, attr.Nest(head, unix.IFLA_AF_SPEC, attr.Append(self, iflaBridgeVLANInfo, born)))
	vlans := attr.Only(l.VLANs, iflaBridgeVLANInfo)
	if len(vlans) == 0 {
		return
	}
	if err := c.do(unix.RTM_SETLINK, 0, attr.Nest(head, unix.IFLA_AF_SPEC, append(self, vlans...))); err != nil {
		b.miss(space, Device, l.Name, err)
	}
}

// raise sets the devices up that were, those last that stand on others, and withholds the
// carrier of those that are held down.
func (b *builder) raise() {
	for i, s := range b.network.Spaces {
		for _, l := range s.Links {
			if !l.up() && !l.held() {
				continue
			}
			if err := b.conns[i].do(unix.RTM_NEWLINK, 0, l.raised()); err != nil {
				b.miss(i, Device, l.Name, err)
			}
		}
	}
}

// held reports whether somebody withholds a device's carrier.
func (l Link) held() bool { return attr.Uint8(l.attr(unix.IFLA_PROTO_DOWN)) != 0 }

// raised is a request to set a device up, or to withhold its carrier, as it was.
func (l Link) raised() []byte {
	body := make([]byte, unix.SizeofIfInfomsg)
	binary.NativeEndian.PutUint32(body[4:], uint32(l.Index))
	binary.NativeEndian.PutUint32(body[8:], l.flags()&unix.IFF_UP)
	binary.NativeEndian.PutUint32(body[12:], unix.IFF_UP)
	if l.held() {
		body = attr.Append(body, unix.IFLA_PROTO_DOWN, l.attr(unix.IFLA_PROTO_DOWN))
	}
	return body
}

// settle makes the kernel deal with every new carrier now: it may put that off for
// a second (linkwatch_schedule_work()), and until then the device drops what it is
// to send. To ask for the link by ethtool is to have it dealt with
// (ethtool_op_get_link()).
func settle(ns *nsenter.Namespace, links []Link) error {
	return ns.Do(func() error {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		for _, l := range links {
			if !l.up() || len(l.Name) >= unix.IFNAMSIZ {
				continue
			}
			value := struct{ cmd, data uint32 }{unix.ETHTOOL_GLINK, 0}
			var request struct {
				name [unix.IFNAMSIZ]byte
				data unsafe.Pointer
				_    [16]byte
			}
			copy(request.name[:], l.Name)
			request.data = unsafe.Pointer(&value)
			// A device that knows no such question tells nothing of a carrier either.
			unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&request)))
		}
		return nil
	})
}
