package table

import (
	"context"
	"encoding/binary"
	"errors"
	"net/netip"
	"slices"

	"nstutor/diag/attr"

	"golang.org/x/sys/unix"

	"nstutor/internal/say"
)

// RouteRequest is a packet to look up a route for, as in `ip route get`.
type RouteRequest struct {
	Dst, Src netip.Addr // Src may be invalid: not chosen yet
	// IIF is the device the packet came in on: then the kernel goes through all
	// that it does with a received packet. 0: it is sent from here.
	IIF   int
	OIF   int
	Mark  uint32
	Proto byte // only ICMP, TCP and UDP make a difference
	// The ports that policy rules can ask for; they need Proto. 0: not known.
	SrcPort, DstPort uint16
}

// RouteReply is the kernel's answer to a RouteRequest.
type RouteReply struct {
	Route
	Index int    // interface index of Dev
	IIF   string // the device of RouteRequest.IIF
	// PathMTU is the route's own MTU or the one learned on the way; 0: the device's.
	PathMTU int
}

// Line is the answer as the first line of `ip route get` has it, without the
// user the kernel looked it up for:
//
//	10.2.0.2 from 10.1.0.2 via 10.9.0.1 dev right iif left
func (r RouteReply) Line() string {
	line := r.Route
	line.Proto, line.Scope = "boot", "global" // ip does not print them here
	if r.IIF != "" {
		return line.Line() + " iif " + say.Clean(r.IIF)
	}
	return line.Line()
}

// Route asks for the route of a packet (RTM_GETROUTE). An error is the kernel's
// verdict on the packet, as errno.
func (o *One) Route(q RouteRequest) (RouteReply, error) {
	return o.route(q, unix.RTM_F_LOOKUP_TABLE)
}

// Refused says whether an error of Route is the kernel's answer about the packet:
// there is no route, or one of the kinds that reject (fib_props in
// net/ipv4/fib_semantics.c).
func Refused(err error) bool {
	for _, errno := range []unix.Errno{unix.ENETUNREACH, unix.EHOSTUNREACH, unix.EACCES, unix.EINVAL} {
		if errors.Is(err, errno) {
			return true
		}
	}
	return false
}

// RouteEntry asks which entry of the routing tables decides about a packet
// (RTM_F_FIB_MATCH). An entry that rejects is not told: see RejectRoutes.
func (o *One) RouteEntry(q RouteRequest) (Route, error) {
	reply, err := o.route(q, unix.RTM_F_LOOKUP_TABLE|unix.RTM_F_FIB_MATCH)
	// While there are no policy rules but the usual, the kernel keeps the local
	// table in the main one, and says that it found the entry there.
	if kernel := reply.Proto == "kernel"; kernel && reply.Table == tableMain && (reply.Type == "local" || reply.Type == "broadcast") {
		reply.Table = tableLocal
	}
	return reply.Route, err
}

func (o *One) route(q RouteRequest, flags uint32) (RouteReply, error) {
	o.forget()
	if q.Dst.Is6() {
		flags &= unix.RTM_F_FIB_MATCH // inet6_rtm_valid_getroute_req() takes no other, and tells the table anyway
	}
	reply, found, err := one(o, unix.RTM_GETROUTE, unix.RTM_NEWROUTE, q.message(flags), o.parseReply)
	if err == nil && !found {
		err = unix.ENODATA
	}
	if err != nil {
		return RouteReply{}, say.Err("%s: route to %s: %v", "%s：到 %s 的路由：%v", o.r.ns.Name(), q.Dst, err)
	}
	reply.name(o)
	return reply.RouteReply, nil
}

func (q RouteRequest) message(flags uint32) []byte {
	b := make([]byte, unix.SizeofRtMsg)
	b[0], b[1] = addrFamily(q.Dst), byte(q.Dst.BitLen())
	binary.NativeEndian.PutUint32(b[8:], flags)
	b = attr.Append(b, unix.RTA_DST, q.Dst.AsSlice())
	if q.Src.IsValid() {
		b[2] = byte(q.Src.BitLen())
		b = attr.Append(b, unix.RTA_SRC, q.Src.AsSlice())
	}
	for _, number := range []struct {
		kind  uint16
		value uint32
	}{{unix.RTA_IIF, uint32(q.IIF)}, {unix.RTA_OIF, uint32(q.OIF)}, {unix.RTA_MARK, q.Mark}} {
		if number.value != 0 {
			b = attr.Append(b, number.kind, binary.NativeEndian.AppendUint32(nil, number.value))
		}
	}
	switch q.Proto { // rtm_getroute_parse_ip_proto() refuses the others
	case unix.IPPROTO_TCP, unix.IPPROTO_UDP, unix.IPPROTO_ICMP, unix.IPPROTO_ICMPV6:
		b = attr.Append(b, unix.RTA_IP_PROTO, []byte{q.Proto})
	}
	for _, port := range []struct {
		kind  uint16
		value uint16
	}{{unix.RTA_SPORT, q.SrcPort}, {unix.RTA_DPORT, q.DstPort}} {
		if port.value != 0 {
			b = attr.Append(b, port.kind, binary.BigEndian.AppendUint16(nil, port.value))
		}
	}
	return b
}

// rawReply is a reply whose message is kept until the devices in it have names:
// they cannot be asked for while the answer is being received.
type rawReply struct {
	RouteReply
	body []byte
}

func (o *One) parseReply(b []byte) (rawReply, bool) {
	return rawReply{body: b}, len(b) >= unix.SizeofRtMsg
}

func (r *rawReply) name(o *One) {
	iif := 0
	for kind, v := range attr.All(r.body[unix.SizeofRtMsg:]) {
		switch kind {
		case unix.RTA_OIF:
			r.Index = attr.Int(v)
		case unix.RTA_IIF:
			iif = attr.Int(v)
		case unix.RTA_METRICS:
			for kind, v := range attr.All(v) {
				if kind == unix.RTAX_MTU {
					r.PathMTU = attr.Int(v)
				}
			}
		}
	}
	o.learn(iif)
	r.IIF = o.r.device(iif)
	r.Route, _ = o.parseRoute(r.body)
}

// parseRoute is Reader.parseRoute for one message, be it a cached clone.
func (o *One) parseRoute(b []byte) (Route, bool) {
	for kind, v := range attr.All(b[unix.SizeofRtMsg:]) {
		switch kind {
		case unix.RTA_OIF:
			o.learn(attr.Int(v))
		case unix.RTA_MULTIPATH:
			for len(v) >= unix.SizeofRtNexthop {
				o.learn(attr.Int(v[4:]))
				size := max(int(binary.NativeEndian.Uint16(v)), unix.SizeofRtNexthop)
				v = v[min(attr.Align(size), len(v)):]
			}
		}
	}
	flags := binary.NativeEndian.Uint32(b[8:])
	binary.NativeEndian.PutUint32(b[8:], flags&^unix.RTM_F_CLONED)
	return o.r.parseRoute(b)
}

// RejectRoutes returns the routes of one type that cover dst, the longest prefix
// first: for the types that have no device, "blackhole", "unreachable",
// "prohibit" and "throw". The kernel goes through all its tables for it, but
// sends no others.
func (o *One) RejectRoutes(kind string, dst netip.Addr) ([]Route, error) {
	request := make([]byte, unix.SizeofRtMsg)
	request[0] = addrFamily(dst)
	for number, name := range rtTypeNames {
		if name == kind {
			request[7] = byte(number)
		}
	}
	number := request[7]
	dump := func() ([]Route, error) {
		return dumpTable(context.Background(), o.r.conn, unix.RTM_GETROUTE, unix.RTM_NEWROUTE, request, func(b []byte) (Route, bool) {
			if len(b) < unix.SizeofRtMsg || b[0] != request[0] || b[7] != number {
				return Route{}, false
			}
			route, ok := o.r.parseRoute(b)
			return route, ok && route.Dst.Contains(dst)
		})
	}
	rows, err := dump()
	if err == nil && len(rows) == 0 && number == unix.RTN_BLACKHOLE {
		// A route by a nexthop object that is one is told as a blackhole, and kept as another
		// (fib_dump_info()): the kernel does not find it by its type.
		request[7] = 0
		rows, err = dump()
	}
	if err != nil {
		return nil, say.Err("%s: %s routes: %v", "%s：%s 路由：%v", o.r.ns.Name(), kind, err)
	}
	slices.SortStableFunc(rows, func(a, b Route) int { return b.Dst.Bits() - a.Dst.Bits() })
	return rows, nil
}

// PolicyRules returns the rules of `ip rule`, in order of priority.
func (o *One) PolicyRules() ([]PolicyRule, error) {
	rules, err := o.r.readRules(context.Background())
	if err != nil {
		return nil, say.Err("%s: rules: %v", "%s：规则：%v", o.r.ns.Name(), err)
	}
	return rules, nil
}
