package replica

import (
	"encoding/binary"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/internal/replica/packet"
)

// far answers outside as somebody would who has the addresses that were seen there,
// or that are taken to be there: requests of ARP and of neighbour discovery, and echo
// requests that come from where an answer finds its way back to. Connections open there, and datagrams come
// back, at every port.
type far struct {
	file      *os.File
	ends      map[int]outlook // by the index of the other end
	copied    map[netip.Addr]bool
	strangers map[netip.Addr]bool // who ask, and answer nobody
	senders   map[string][]sender // by their MAC address
	tunnels   map[uint16]bool     // the ports of VXLAN
}

// farMAC is the MAC address of who was never seen.
var farMAC = []byte{0x02, 0x6e, 0x73, 0, 0, 0x01}

// answerOutside gets who answers ready.
func (b *builder) answerOutside() error {
	if len(b.wires) == 0 {
		return nil
	}
	c, err := dial(b.copy.outside)
	if err != nil {
		return err
	}
	defer c.Close()
	rows, err := c.dump(unix.RTM_GETLINK, make([]byte, unix.SizeofIfInfomsg))
	if err != nil {
		return err
	}
	f := &far{ends: map[int]outlook{}, copied: map[netip.Addr]bool{}, strangers: map[netip.Addr]bool{}, senders: b.senders(), tunnels: b.vxlanPorts()}
	for _, row := range rows {
		name := attr.String(attr.Find(row[unix.SizeofIfInfomsg:], unix.IFLA_IFNAME))
		for _, w := range b.wires {
			if w.end == name {
				f.ends[indexOf(row)] = b.look(w)
			}
		}
	}
	for _, s := range b.network.Spaces {
		for _, p := range s.Prefixes() {
			f.copied[p.Addr()] = true
		}
	}
	err = b.copy.outside.Do(func() error {
		const all = unix.ETH_P_ALL<<8&0xff00 | unix.ETH_P_ALL>>8 // in network order
		fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, all)
		if err == nil {
			f.file = os.NewFile(uintptr(fd), "outside")
		}
		return err
	})
	if err != nil {
		return err
	}
	b.copy.far = f
	return nil
}

// attend begins to hear what is sent outside.
func (b *builder) attend() error {
	if b.copy.far != nil {
		go b.copy.far.listen()
	}
	return nil
}

// close ends the answering.
func (f *far) close() { f.file.Close() }

func (f *far) listen() {
	raw, err := f.file.SyscallConn()
	if err != nil {
		return
	}
	frame := make([]byte, 1<<16)
	for {
		var n int
		var from unix.Sockaddr
		var failed error
		err := raw.Read(func(fd uintptr) bool {
			n, from, failed = unix.Recvfrom(int(fd), frame, 0)
			return failed != unix.EAGAIN
		})
		if err != nil {
			return
		}
		at, ok := from.(*unix.SockaddrLinklayer)
		if failed != nil || !ok || at.Pkttype == unix.PACKET_OUTGOING {
			continue
		}
		reply := f.reply(f.ends[at.Ifindex], frame[:n])
		if reply == nil {
			continue
		}
		to := &unix.SockaddrLinklayer{Ifindex: at.Ifindex, Halen: 6}
		copy(to.Addr[:], reply[:6])
		// A frame that does not fit is lost there as well.
		_ = raw.Write(func(fd uintptr) bool { _ = unix.Sendto(int(fd), reply, 0, to); return true })
	}
}

// reply is what the far side sends when it gets a frame; nil: nothing.
func (f *far) reply(o outlook, frame []byte) []byte {
	if len(frame) < packet.Ethernet {
		return nil
	}
	switch binary.BigEndian.Uint16(frame[12:]) {
	case unix.ETH_P_ARP:
		return f.replyARP(o, frame)
	case unix.ETH_P_IP:
		if reply := f.replyEcho(o, frame); reply != nil {
			return reply
		}
		return f.replyTransport(o, frame)
	case unix.ETH_P_IPV6:
		return f.reply6(o, frame)
	}
	return nil
}

// replyARP answers a request (RFC 826).
func (f *far) replyARP(o outlook, frame []byte) []byte {
	p := frame[packet.Ethernet:]
	if len(p) < 28 || binary.BigEndian.Uint16(p[6:]) != 1 {
		return nil
	}
	asked := netip.AddrFrom4([4]byte(p[24:28]))
	mac := f.has(o, asked)
	if mac == nil {
		return nil
	}
	reply := append([]byte{}, p[8:14]...)
	reply = append(reply, mac...)
	reply = append(reply, 0x08, 0x06)
	reply = append(reply, p[:6]...)
	reply = append(reply, 0, 2)
	reply = append(append(reply, mac...), p[24:28]...)
	return append(append(reply, p[8:14]...), p[14:18]...)
}

// has is the MAC address of who has an address at the other end of a wire; nil: nobody.
func (f *far) has(o outlook, addr netip.Addr) []byte {
	mac, yes := o.answers(addr)
	switch {
	case f.strangers[addr]:
		return farMAC
	case !yes || f.copied[addr]:
		return nil
	case mac == nil:
		return farMAC
	}
	return mac
}

// replyEcho answers an echo request (RFC 792).
func (f *far) replyEcho(o outlook, frame []byte) []byte {
	p, header, ok := f.takes(o, frame)
	if !ok || p[9] != unix.IPPROTO_ICMP || len(p) < header+8 || p[header] != 8 {
		return nil
	}
	reply := append(packet.Turned(frame), p...)
	q := reply[packet.Ethernet:]
	copy(q[12:], p[16:20])
	copy(q[16:], p[12:16])
	q[8], q[10], q[11] = 64, 0, 0
	binary.BigEndian.PutUint16(q[10:], packet.Checksum(q[:header]))
	q[header], q[header+2], q[header+3] = 0, 0, 0
	binary.BigEndian.PutUint16(q[header+2:], packet.Checksum(q[header:]))
	return reply
}

// takes is the packet of a frame, with the length of its header, where it is one that
// who is taken to be outside would answer: whole, and with a way back.
func (f *far) takes(o outlook, frame []byte) (p []byte, header int, ok bool) {
	p = frame[packet.Ethernet:]
	if len(p) < 20 || p[0]>>4 != 4 || frame[0]&1 != 0 || binary.BigEndian.Uint16(p[6:])&0x3fff != 0 {
		return nil, 0, false
	}
	header, length := int(p[0]&15)*4, int(binary.BigEndian.Uint16(p[2:]))
	if header < 20 || length < header || length > len(p) {
		return nil, 0, false
	}
	src, dst := netip.AddrFrom4([4]byte(p[12:16])), netip.AddrFrom4([4]byte(p[16:20]))
	return p[:length], header, !f.copied[dst] && !f.strangers[dst] && f.returns(o, frame, src, dst)
}
