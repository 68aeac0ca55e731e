package replica

import (
	"net/netip"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/internal/nsenter"
	"nstutor/internal/replica/packet"
)

// An address that somebody else turned out to have cannot be given to the kernel as such:
// it has to find that out. So it is made to ask (RFC 4862, 5.4), and somebody on the wire
// says that he has it.

// patienceDuplicate bounds what the kernel may take to find out, on a busy machine: it asks
// in a work queue, and hears it at once.
const patienceDuplicate = time.Second

// duplicated are the addresses of a namespace that somebody else turned out to have.
func (s Space) duplicated() (rows [][]byte) {
	for _, row := range s.Addrs {
		if p := prefixOf(row); p.IsValid() && row[0] == unix.AF_INET6 && attr.Uint32(attr.Find(row[unix.SizeofIfAddrmsg:], unix.IFA_FLAGS))&unix.IFA_F_DADFAILED != 0 {
			rows = append(rows, row)
		}
	}
	return rows
}

// failDuplicates has the kernel find out of them, and tells of those of which it does not.
func (b *builder) failDuplicates(space int) {
	for _, row := range b.network.Spaces[space].duplicated() {
		addr := prefixOf(row).Addr()
		i := slices.IndexFunc(b.network.Spaces[space].Links, func(l Link) bool { return l.Index == indexOf(row) })
		if i < 0 || !b.failDuplicate(space, b.network.Spaces[space].Links[i], row, addr) {
			b.miss(space, Address, addr.String(), nil)
		}
	}
}

func (b *builder) failDuplicate(space int, l Link, row []byte, addr netip.Addr) (failed bool) {
	said := func(name, value string) {
		_ = b.copy.Spaces[space].Do(func() error { return nsenter.WriteSetting("net/ipv6/conf/"+l.Name+"/"+name, value) })
	}
	said("accept_dad", "1")
	said("dad_transmits", "1")
	defer said("accept_dad", "0")
	defer said("dad_transmits", "0")
	head := slices.Clone(row[:unix.SizeofIfAddrmsg])
	head[2] = 0
	flags := attr.Uint32(attr.Find(row[unix.SizeofIfAddrmsg:], unix.IFA_FLAGS)) & asked6 &^ unix.IFA_F_NODAD
	body := attr.Number(append(head, attr.Without(row[unix.SizeofIfAddrmsg:], unix.IFA_CACHEINFO, unix.IFA_FLAGS)...), unix.IFA_FLAGS, flags)
	if b.conns[space].do(unix.RTM_NEWADDR, unix.NLM_F_CREATE|unix.NLM_F_EXCL, body) != nil {
		return false
	}
	for until := time.Now().Add(patienceDuplicate); time.Now().Before(until); time.Sleep(time.Millisecond) {
		b.claim(space, l, addr)
		if b.hasFailed(space, l, addr) {
			return true
		}
	}
	_ = b.conns[space].do(unix.RTM_DELADDR, 0, body)
	return false
}

// hasFailed reports whether the kernel knows that somebody else has the address.
func (b *builder) hasFailed(space int, l Link, addr netip.Addr) bool {
	rows, err := b.conns[space].dump(unix.RTM_GETADDR, family(unix.SizeofIfAddrmsg, unix.AF_INET6))
	return err == nil && slices.ContainsFunc(rows, func(row []byte) bool {
		p := prefixOf(row)
		return p.Addr() == addr && indexOf(row) == l.Index && attr.Uint32(attr.Find(row[unix.SizeofIfAddrmsg:], unix.IFA_FLAGS))&unix.IFA_F_DADFAILED != 0
	})
}

// claim has somebody at the other end of a device say that he has an address, or at that of
// a port, where the device is a bridge.
func (b *builder) claim(space int, l Link, addr netip.Addr) {
	const unsolicited, override, targetAddress = 0, 1 << 5, 2
	body := append([]byte{advert, 0, 0, 0, unsolicited | override, 0, 0, 0}, addr.AsSlice()...)
	body = append(append(body, targetAddress, 1), farMAC...)
	everybody := netip.IPv6LinkLocalAllNodes().AsSlice()
	frame := packet.OfIPv6(slices.Concat([]byte{0x33, 0x33, 0, 0, 0, 1}, farMAC, []byte{0x86, 0xdd}), unix.IPPROTO_ICMPV6, 255, addr.AsSlice(), everybody, body)
	for _, end := range b.network.Spaces[space].Links {
		if end.Index != l.Index && end.master() != l.Index {
			continue
		}
		peer, copied := b.peer(end)
		switch {
		case copied && end.Kind == "veth":
			b.inject(end.At, peer.Index, frame)
		case slices.ContainsFunc(b.wires, func(w wire) bool { return w.space == space && w.link.Index == end.Index }):
			b.injectOutside(space, end, frame)
		}
	}
}

// inject sends a frame by a device of the copy.
func (b *builder) inject(space, index int, frame []byte) {
	_ = b.copy.Spaces[space].Do(func() error { return sendFrame(index, frame) })
}

// injectOutside sends a frame to a device from its end outside.
func (b *builder) injectOutside(space int, l Link, frame []byte) {
	i := slices.IndexFunc(b.wires, func(w wire) bool { return w.space == space && w.link.Index == l.Index })
	c, err := dial(b.copy.outside)
	if err != nil {
		return
	}
	defer c.Close()
	rows, err := c.dump(unix.RTM_GETLINK, make([]byte, unix.SizeofIfInfomsg))
	if err != nil {
		return
	}
	for _, row := range rows {
		if attr.String(attr.Find(row[unix.SizeofIfInfomsg:], unix.IFLA_IFNAME)) == b.wires[i].end {
			_ = b.copy.outside.Do(func() error { return sendFrame(indexOf(row), frame) })
		}
	}
}

// sendFrame sends a frame by a device of the calling thread's namespace.
func sendFrame(index int, frame []byte) error {
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	to := &unix.SockaddrLinklayer{Ifindex: index, Halen: 6, Protocol: unix.ETH_P_IPV6<<8&0xff00 | unix.ETH_P_IPV6>>8}
	return unix.Sendto(fd, frame, 0, to)
}
