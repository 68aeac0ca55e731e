package socket

import (
	"context"
	"encoding/binary"
	"net/netip"
	"strings"

	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/diag/attr/nlconn"
	"nstutor/internal/nsenter"
	"nstutor/internal/say"
)

// Listeners are the sockets of a namespace that packets may be for.
type Listeners struct {
	All []Socket
	// acceptAcrossVRF are the protocols whose sockets without a device take packets
	// of VRFs too (net.ipv4.tcp_l3mdev_accept, for IPv6 as well).
	acceptAcrossVRF map[Proto]bool
}

// Read reads all of them: four dumps, some 2 µs a socket. It needs no capability.
func Read(ctx context.Context, ns *nsenter.Namespace) (*Listeners, error) {
	l := &Listeners{acceptAcrossVRF: map[Proto]bool{}}
	conn, err := nlconn.Open(ns, unix.NETLINK_INET_DIAG)
	if err != nil {
		return nil, say.At(ns.Name(), say.At("sock_diag", err))
	}
	defer conn.Close()
	for _, proto := range []Proto{TCP, UDP} {
		for _, family := range []byte{unix.AF_INET, unix.AF_INET6} {
			if err := context.Cause(ctx); err != nil {
				return nil, err
			}
			some := []Socket{}
			err := dump(ctx, conn, proto, family, states[proto], func(message []byte) {
				if s, ok := parse(message, proto); ok {
					some = append(some, s)
				}
			}, func() { some = some[:0] })
			if err != nil {
				return nil, say.Err("%s: sock_diag: %s sockets: %v", "%s：读取 %s 套接字（sock_diag）：%v", ns.Name(), proto, err)
			}
			l.All = append(l.All, some...)
		}
		// A kernel without VRFs does not have it.
		accept, err := ns.ReadSysctl("net/ipv4/" + proto.String() + "_l3mdev_accept")
		l.acceptAcrossVRF[proto] = err != nil || strings.TrimSpace(accept) != "0"
	}
	return l, nil
}

// What <linux/inet_diag.h> and <linux/sock_diag.h> call by these names.
const (
	sockDiagByFamily = 20

	inetDiagSKMemInfo = 7
	inetDiagSKV6Only  = 11
	inetDiagMark      = 15
	inetDiagSockOpt   = 22

	sockOptTransparent = 1 << 5 // of the first byte of struct inet_diag_sockopt, on little endian

	skMemInfoRmemAlloc = 0
	skMemInfoRcvbuf    = 1
	skMemInfoDrops     = 8
)

// The states that are asked for, TCP's own (<net/tcp_states.h>). UDP has two of
// them: a socket that is connected, and one that is not.
const (
	established = 1
	closed      = 7
	listen      = 10
)

// littleEndian machines have the first of a row of bits as the lowest.
var littleEndian = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

var states = map[Proto]uint32{TCP: 1 << listen, UDP: 1<<established | 1<<closed}

// The sizes of struct inet_diag_sockid, inet_diag_req_v2 and inet_diag_msg.
const (
	sizeofSockID  = 48
	sizeofRequest = 8 + sizeofSockID
	sizeofMessage = 4 + sizeofSockID + 20
)

// dump asks for the sockets of a protocol and a family in some states. It begins again
// when the kernel was disturbed, and has the caller forget what it was given.
func dump(ctx context.Context, conn *nlconn.Conn, proto Proto, family byte, states uint32, take func(message []byte), again func()) error {
	request := make([]byte, sizeofRequest)
	request[0], request[1], request[2] = family, byte(proto), 1<<(inetDiagSKMemInfo-1)
	binary.NativeEndian.PutUint32(request[4:], states)
	_, err := conn.Whole(ctx, func() error {
		again()
		return conn.Send(sockDiagByFamily, unix.NLM_F_DUMP, sockDiagByFamily, request, take)
	})
	return err
}

// parse reads a struct inet_diag_msg and the attributes behind it.
func parse(message []byte, proto Proto) (s Socket, ok bool) {
	if len(message) < sizeofMessage {
		return s, false
	}
	family, state, id, rest := message[0], message[1], message[4:4+sizeofSockID], message[4+sizeofSockID:]
	native := binary.NativeEndian
	s = Socket{
		Proto: proto, IPv6: family == unix.AF_INET6,
		Local:   endpoint(family, id[4:20], id[0:2]),
		Ifindex: int(native.Uint32(id[36:])),
		Waiting: int(native.Uint32(rest[4:])), UID: native.Uint32(rest[12:]), Inode: native.Uint32(rest[16:]),
	}
	if proto == UDP && state == established {
		s.Peer = endpoint(family, id[20:36], id[2:4])
	}
	if proto == TCP {
		s.Room = int(native.Uint32(rest[8:]))
	}
	for kind, value := range attr.All(message[sizeofMessage:]) {
		switch kind {
		case inetDiagSKV6Only:
			s.V6Only = attr.Uint8(value) != 0
		case inetDiagSockOpt:
			s.Opaque = littleEndian && attr.Uint8(value)&sockOptTransparent == 0
		case inetDiagSKMemInfo:
			s.addMemory(value)
		}
	}
	return s, s.Local.Port() != 0
}

// addMemory reads the numbers of INET_DIAG_SKMEMINFO (sk_get_meminfo()).
func (s *Socket) addMemory(value []byte) {
	at := func(i int) uint32 { return attr.Uint32(value[min(4*i, len(value)):]) }
	s.Dropped = uint64(at(skMemInfoDrops))
	if s.Proto == UDP {
		s.Waiting, s.Room = int(at(skMemInfoRmemAlloc)), int(at(skMemInfoRcvbuf))
	}
}

// endpoint is an address and a port; IPv4 inside IPv6 is IPv4.
func endpoint(family byte, address, port []byte) netip.AddrPort {
	addr := netip.AddrFrom4([4]byte(address))
	if family == unix.AF_INET6 {
		addr = netip.AddrFrom16([16]byte(address)).Unmap()
	}
	return netip.AddrPortFrom(addr, binary.BigEndian.Uint16(port))
}
