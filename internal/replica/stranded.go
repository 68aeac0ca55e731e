package replica

import (
	"encoding/binary"

	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
)

// hop is the gateway of a route, and the device to it.
type hop struct {
	gateway []byte
	dev     uint32
}

// hops are those of a route; none of one that is a next hop's object's.
func hops(row []byte) (all []hop) {
	rest := row[unix.SizeofRtMsg:]
	add := func(attrs []byte, dev uint32) {
		if gateway := attr.Find(attrs, unix.RTA_GATEWAY); gateway != nil && dev != 0 {
			all = append(all, hop{gateway, dev})
		}
	}
	add(rest, attr.Uint32(attr.Find(rest, unix.RTA_OIF)))
	for b := attr.Find(rest, unix.RTA_MULTIPATH); len(b) >= unix.SizeofRtNexthop; {
		size := int(binary.NativeEndian.Uint16(b))
		if size < unix.SizeofRtNexthop || size > len(b) {
			break
		}
		add(b[unix.SizeofRtNexthop:size], binary.NativeEndian.Uint32(b[4:]))
		b = b[min(attr.Align(size), len(b)):]
	}
	return all
}

// addStranded adds a route whose gateway was near when it was made, and is not any more,
// for the address or the route that led to it has gone: the kernel asks that once
// (fib_check_nh(), ip6_route_check_nh()). As long as that takes, a route leads to the gateway.
func (b *builder) addStranded(space int, row []byte) error {
	for _, h := range hops(row) {
		near := make([]byte, unix.SizeofRtMsg)
		near[0], near[1], near[4] = row[0], byte(8*len(h.gateway)), row[4] // family, prefix length, table
		near[5], near[6], near[7] = unix.RTPROT_BOOT, unix.RT_SCOPE_LINK, unix.RTN_UNICAST
		near = attr.Number(attr.Append(near, unix.RTA_DST, h.gateway), unix.RTA_OIF, h.dev)
		if table := attr.Find(row[unix.SizeofRtMsg:], unix.RTA_TABLE); table != nil {
			near = attr.Append(near, unix.RTA_TABLE, table)
		}
		if b.conns[space].do(unix.RTM_NEWROUTE, unix.NLM_F_CREATE|unix.NLM_F_EXCL, near) == nil {
			defer func() { _ = b.conns[space].do(unix.RTM_DELROUTE, 0, near) }()
		}
	}
	return b.conns[space].do(unix.RTM_NEWROUTE, unix.NLM_F_CREATE|unix.NLM_F_APPEND, row)
}
