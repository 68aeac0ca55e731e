package replica

import (
	"encoding/binary"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/internal/replica/packet"
)

// sender is a device that sends frames outside, and what its namespace knows of who is there.
type sender struct {
	own    []netip.Prefix // of the namespace; of other devices the addresses alone
	routed []netip.Prefix // who is reached by it on a route of their own, and so has one back
}

// senders are the devices of the copied namespaces by their MAC addresses, of which several
// may have the same.
func (b *builder) senders() map[string][]sender {
	all := map[string][]sender{}
	for _, s := range b.network.Spaces {
		for _, l := range s.Links {
			if mac := string(l.attr(unix.IFLA_ADDRESS)); len(mac) == 6 {
				all[mac] = append(all[mac], s.sender(l))
			}
		}
	}
	return all
}

func (s Space) sender(l Link) (by sender) {
	for _, row := range s.Addrs {
		p := prefixOf(row)
		if !p.IsValid() {
			continue
		}
		if indexOf(row) != l.Index {
			p = netip.PrefixFrom(p.Addr(), p.Addr().BitLen())
		} else if l.Kind == "bridge" {
			by.routed = append(by.routed, p.Masked()) // of its pods, whose gateway it is
		}
		by.own = append(by.own, p.Masked())
	}
	for _, row := range s.Routes {
		by.routed = append(by.routed, routed(row, l.Index)...)
	}
	return by
}

// routed is the destination of a route by a device that somebody has made for it: a host, or
// a network behind a gateway, and that. By the default route goes what knows nobody here, and
// who is on the same network has not been told of others.
func routed(row []byte, dev int) []netip.Prefix {
	if len(row) < unix.SizeofRtMsg || row[7] != unix.RTN_UNICAST || row[1] == 0 {
		return nil
	}
	rest := row[unix.SizeofRtMsg:]
	dst := netip.PrefixFrom(attr.Addr(attr.Find(rest, unix.RTA_DST)), int(row[1]))
	via := attr.Find(rest, unix.RTA_GATEWAY)
	if attr.Int(attr.Find(rest, unix.RTA_OIF)) != dev || !dst.IsValid() || via == nil && attr.Find(rest, unix.RTA_VIA) == nil && !dst.IsSingleIP() {
		return nil
	}
	if gateway := attr.Addr(via); via != nil {
		return []netip.Prefix{dst, netip.PrefixFrom(gateway, gateway.BitLen())}
	}
	return []netip.Prefix{dst}
}

// returns reports whether an answer to the sender of a frame would find its way back, or was
// seen to.
func (f *far) returns(o outlook, frame []byte, src, dst netip.Addr) bool {
	in := func(p []netip.Prefix, a netip.Addr) bool {
		return slices.ContainsFunc(p, func(p netip.Prefix) bool { return p.Contains(a) })
	}
	return slices.Contains(o.answered, Answer{By: dst, To: src}) || slices.ContainsFunc(f.senders[string(frame[6:12])], func(s sender) bool {
		return in(s.own, src) || within(src) && within(dst) && in(s.routed, dst)
	})
}

// within reports whether an address is one of a network of one's own.
func within(a netip.Addr) bool { return a.IsPrivate() || a.Is6() }

// vxlanPorts are the ports of UDP at which tunnels of the copied namespaces open packets.
func (b *builder) vxlanPorts() map[uint16]bool {
	all := map[uint16]bool{}
	for _, s := range b.network.Spaces {
		for _, l := range s.Links {
			if port := attr.Find(l.info(unix.IFLA_INFO_DATA), unix.IFLA_VXLAN_PORT); l.Kind == "vxlan" && len(port) == 2 {
				all[binary.BigEndian.Uint16(port)] = true
			}
		}
	}
	return all
}

// openVXLAN answers what a packet of VXLAN carries as who is behind the other end of the
// tunnel would. It is the body of the packet that carries the answer.
func (f *far) openVXLAN(udp []byte) []byte {
	const inside = packet.UDP + packet.VXLAN
	if len(udp) < inside || !f.tunnels[binary.BigEndian.Uint16(udp[2:])] {
		return nil
	}
	reply := f.reply(outlook{assumes: true}, udp[inside:])
	if reply == nil {
		return nil
	}
	body := slices.Concat(udp[:inside], reply)
	binary.BigEndian.PutUint16(body[4:], uint16(len(body)))
	return body
}
