package replica

import (
	"context"
	"encoding/binary"
	"net/netip"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/internal/nsenter"
	"nstutor/internal/replica/packet"
)

// Door is an uplink: beyond it there are strangers, who can send whatever they like. It is
// a device by which a default route leads out of what is copied, or to a namespace that has
// no default route itself.
type Door struct {
	Space int // the place of its namespace
	Dev   string
	From  netip.Addr // the stranger
	// Beyond is the place of the namespace that he is in; Elsewhere: he is in none.
	Beyond int

	beyond       *nsenter.Namespace
	end          int // the index of the wire's other end there
	mac, hisMAC  []byte
	firstStamped uint16
}

// Call is what a stranger asks: a connection, a datagram, or an echo (0).
type Call struct {
	To    netip.Addr
	Proto byte
	Port  uint16
}

// worldly are addresses that nobody has (RFC 5737, RFC 3849), one of which a stranger from
// far away takes.
var worldly = []netip.Addr{netip.MustParseAddr("198.51.100.77"), netip.MustParseAddr("203.0.113.77"), netip.MustParseAddr("192.0.2.77"),
	netip.MustParseAddr("2001:db8:77::77")}

// findDoors notes where strangers come from: one from far away, and where nobody at the
// other end is copied also a neighbour.
func (b *builder) findDoors() error {
	for i, s := range b.network.Spaces {
		for _, l := range s.Links {
			if l.Alone || !l.up() || !l.carrier() {
				continue
			}
			for _, f := range families {
				if !s.leavesBy(l, f) {
					continue
				}
				if err := b.addDoors(i, l, f); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// leavesBy reports whether a default route of the family goes by a device, or by the bridge
// that it is a port of.
func (s Space) leavesBy(l Link, family byte) bool {
	by := func(index int) bool { return index != 0 && (index == l.Index || index == l.master()) }
	return slices.ContainsFunc(s.Routes, func(row []byte) bool {
		if len(row) < unix.SizeofRtMsg || row[0] != family || row[1] != 0 || row[7] != unix.RTN_UNICAST {
			return false
		}
		rest := row[unix.SizeofRtMsg:]
		if by(attr.Int(attr.Find(rest, unix.RTA_OIF))) {
			return true
		}
		for hops := attr.Find(rest, unix.RTA_MULTIPATH); len(hops) >= unix.SizeofRtNexthop; {
			if by(int(int32(binary.NativeEndian.Uint32(hops[4:])))) {
				return true
			}
			hops = hops[min(max(attr.Align(int(binary.NativeEndian.Uint16(hops))), unix.SizeofRtNexthop), len(hops)):]
		}
		return false
	})
}

// defaults reports whether a namespace has a default route of the family.
func (s Space) defaults(family byte) bool {
	return slices.ContainsFunc(s.Links, func(l Link) bool { return s.leavesBy(l, family) })
}

func (b *builder) addDoors(space int, l Link, family byte) error {
	d := Door{Space: space, Dev: l.Name, Beyond: Elsewhere, mac: l.attr(unix.IFLA_ADDRESS)}
	for _, over := range b.network.Spaces[space].Links {
		if over.Index == l.master() {
			d.mac = over.attr(unix.IFLA_ADDRESS)
		}
	}
	froms := b.strangers(family)
	if peer, copied := b.peer(l); copied && l.At != space {
		if b.network.Spaces[l.At].defaults(family) {
			return nil // it is no end of what is copied
		}
		d.Beyond = l.At
		d.beyond, d.end, d.hisMAC = b.copy.Spaces[l.At], peer.Index, peer.attr(unix.IFLA_ADDRESS)
		froms = froms[:min(len(froms), 1)]
	} else if i := slices.IndexFunc(b.wires, func(w wire) bool { return w.space == space && w.link.Index == l.Index }); i >= 0 && b.copy.far != nil {
		for index, o := range b.copy.far.ends {
			if o.wire == b.wires[i].end {
				d.beyond, d.end, d.hisMAC = b.copy.outside, index, farMAC
			}
		}
		froms = append(froms, b.neighbours(space, l, family)...)
	}
	if d.beyond == nil || len(d.mac) != 6 || len(d.hisMAC) != 6 {
		return nil
	}
	for _, from := range froms {
		d.From = from
		if b.copy.far != nil {
			b.copy.far.strangers[from] = true
		}
		b.copy.Doors = append(b.copy.Doors, d)
	}
	return nil
}

// strangers is an address that nobody has, if there is one left.
func (b *builder) strangers(family byte) []netip.Addr {
	for _, addr := range worldly {
		taken := slices.ContainsFunc(b.network.Spaces, func(s Space) bool {
			return slices.ContainsFunc(s.Prefixes(), func(p netip.Prefix) bool { return p.Masked().Contains(addr) })
		})
		if addr.Is6() == (family == unix.AF_INET6) && !taken && addr != b.network.Asked {
			return []netip.Addr{addr}
		}
	}
	return nil
}

// neighbours is an address of the wire's network that nobody has who was seen, or is named.
func (b *builder) neighbours(space int, l Link, family byte) []netip.Addr {
	s := b.network.Spaces[space]
	seen := map[netip.Addr]bool{b.network.Asked: true}
	for _, row := range s.Routes {
		if len(row) >= unix.SizeofRtMsg {
			seen[attr.Addr(attr.Find(row[unix.SizeofRtMsg:], unix.RTA_GATEWAY))] = true
		}
	}
	for _, other := range b.network.Spaces {
		for _, p := range other.Prefixes() {
			seen[p.Addr()] = true
		}
		for _, known := range other.Known() {
			for _, addr := range known {
				seen[addr] = true
			}
		}
	}
	for _, row := range s.Addrs {
		p := prefixOf(row)
		if at := indexOf(row); !p.IsValid() || p.Addr().IsLinkLocalUnicast() || row[0] != family || at != l.Index && at != l.master() {
			continue
		}
		addr := p.Addr()
		for range 50 { // behind one's own, where a router seldom is
			if addr = addr.Next(); p.Contains(addr) && p.Contains(addr.Next()) && !seen[addr] {
				return []netip.Addr{addr}
			}
		}
	}
	return nil
}

// Ask has a stranger ask everything at once, and reports what was answered until enough is
// closed: who refuses has not answered. sent is called when he has asked. stamp tells one time of
// asking from another.
func (d Door) Ask(ctx context.Context, calls []Call, stamp uint16, sent func(), enough <-chan struct{}) (answered []bool, err error) {
	sent = sync.OnceFunc(sent)
	defer sent() // or will not ask
	answered = make([]bool, len(calls))
	fd := -1
	err = d.beyond.Do(func() (err error) {
		const all = unix.ETH_P_ALL<<8&0xff00 | unix.ETH_P_ALL>>8 // in network order
		if fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, all); err != nil {
			return err
		}
		return unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: d.end})
	})
	if fd >= 0 {
		defer unix.Close(fd)
	}
	if err != nil {
		return nil, err
	}
	d.firstStamped = stamp
	for i, c := range calls {
		if c.To.Is6() == d.From.Is6() {
			// What does not go out is not answered.
			_ = unix.Sendto(fd, d.frame(c, d.port(i)), 0, &unix.SockaddrLinklayer{Ifindex: d.end})
		}
	}
	sent()
	buf := make([]byte, 1<<16)
	for done := false; ; {
		for {
			n, _, err := unix.Recvfrom(fd, buf, 0)
			if err != nil {
				break
			}
			d.note(buf[:n], calls, answered)
		}
		if done {
			return answered, nil
		}
		select {
		case <-ctx.Done():
			done = true
		case <-enough:
			done = true // but for what has come meanwhile
		case <-time.After(time.Millisecond):
		}
	}
}

// port is that which the stranger asks from, and by which he knows the answer.
func (d Door) port(i int) uint16 { return d.firstStamped + uint16(i) }

// frame is what he sends.
func (d Door) frame(c Call, port uint16) []byte {
	var body []byte
	proto := c.Proto
	switch c.Proto {
	case unix.IPPROTO_TCP:
		body = binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, port), c.Port)
		body = append(body, 0, 0, 0, 1, 0, 0, 0, 0, packet.TCP/4<<4, packet.SYN, 0xff, 0xff, 0, 0, 0, 0)
	case unix.IPPROTO_UDP:
		body = binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, port), c.Port)
		body = append(body, 0, packet.UDP+2, 0, 0, 'h', 'i')
	default:
		proto = unix.IPPROTO_ICMP
		body = []byte{8, 0, 0, 0, byte(port >> 8), byte(port), 0, 1}
		if c.To.Is6() {
			proto, body[0] = unix.IPPROTO_ICMPV6, echoRequest6
		}
	}
	src, dst := d.From.AsSlice(), c.To.AsSlice()
	if c.To.Is6() {
		return packet.OfIPv6(slices.Concat(d.mac, d.hisMAC, []byte{0x86, 0xdd}), proto, 64, src, dst, body)
	}
	ip := []byte{0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, proto, 0, 0}
	ip = append(append(ip, src...), dst...)
	binary.BigEndian.PutUint16(ip[2:], uint16(len(ip)+len(body)))
	binary.BigEndian.PutUint16(ip[10:], packet.Checksum(ip))
	if proto == unix.IPPROTO_ICMP {
		binary.BigEndian.PutUint16(body[2:], packet.Checksum(body))
	} else {
		packet.Seal(proto, ip[12:20], body)
	}
	return slices.Concat(d.mac, d.hisMAC, []byte{0x08, 0x00}, ip, body)
}

// note notes which call a frame answers.
func (d Door) note(frame []byte, calls []Call, answered []bool) {
	if len(frame) < packet.Ethernet+20 {
		return
	}
	p := frame[packet.Ethernet:]
	var src, dst netip.Addr
	var proto byte
	var body []byte
	switch p[0] >> 4 {
	case 4:
		header := int(p[0]&15) * 4
		if len(p) < header+8 {
			return
		}
		src, dst, proto, body = netip.AddrFrom4([4]byte(p[12:16])), netip.AddrFrom4([4]byte(p[16:20])), p[9], p[header:]
	case 6:
		if len(p) < packet.IPv6+8 {
			return
		}
		src, dst, proto, body = netip.AddrFrom16([16]byte(p[8:24])), netip.AddrFrom16([16]byte(p[24:40])), p[6], p[packet.IPv6:]
	}
	if dst != d.From {
		return
	}
	for i, c := range calls {
		if c.To != src {
			continue
		}
		port := d.port(i)
		switch {
		case proto == unix.IPPROTO_TCP && c.Proto == proto && len(body) >= packet.TCP && body[13]&(packet.SYN|packet.ACK|packet.RST) == packet.SYN|packet.ACK,
			proto == unix.IPPROTO_UDP && c.Proto == proto:
			answered[i] = answered[i] || binary.BigEndian.Uint16(body) == c.Port && binary.BigEndian.Uint16(body[2:]) == port
		case proto == unix.IPPROTO_ICMP && c.Proto == 0 && body[0] == 0, proto == unix.IPPROTO_ICMPV6 && c.Proto == 0 && body[0] == echoReply6:
			answered[i] = answered[i] || binary.BigEndian.Uint16(body[4:]) == port
		}
	}
}
