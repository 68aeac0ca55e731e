// Package conntrack asks the kernel what it remembers of a connection: where its
// packets go, whatever the rules say by now.
package conntrack

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/internal/nsenter"
	"nstutor/internal/say"
)

// Tuple is one direction of a connection.
type Tuple struct {
	Proto    byte           // as in the IP header
	Src, Dst netip.AddrPort // the ports are 0 of what has none
}

// names are those of protocols, as conntrack(8) spells them.
var names = map[byte]string{unix.IPPROTO_ICMP: "icmp", unix.IPPROTO_ICMPV6: "icmpv6", unix.IPPROTO_TCP: "tcp", unix.IPPROTO_UDP: "udp"}

// Protocol is the number of a protocol by that spelling; 0 of any other.
func Protocol(name string) byte {
	for number, known := range names {
		if known == name {
			return number
		}
	}
	return 0
}

// Name is the protocol as conntrack(8) spells it, or its number.
func (t Tuple) Name() string { return cmp.Or(names[t.Proto], strconv.Itoa(int(t.Proto))) }

func (t Tuple) String() string {
	line := fmt.Sprintf("src=%s dst=%s", t.Src.Addr(), t.Dst.Addr())
	if t.Src.Port() != 0 || t.Dst.Port() != 0 {
		line += fmt.Sprintf(" sport=%d dport=%d", t.Src.Port(), t.Dst.Port())
	}
	return line
}

// Entry is a connection that is remembered.
type Entry struct {
	Original Tuple // as its first packet came
	Reply    Tuple // what answers it, as that comes: from where the request was sent on to
	Answered bool  // packets have been seen in both directions (IPS_SEEN_REPLY)
	Mark     uint32
	State    string // of TCP, such as "SYN_SENT"; empty of others
	// Offloaded connections go past the rules, by a flow table (IPS_OFFLOAD).
	Offloaded bool
}

// String is the connection as conntrack(8) lists it, without its times.
func (e Entry) String() string {
	return fmt.Sprintf("%s %s %s", e.Original.Name(), e.Original, e.Reply)
}

// What package nl does not have of <linux/netfilter/nf_conntrack_common.h>.
const (
	seenReply = 1 << 1        // IPS_SEEN_REPLY
	offloaded = 1<<14 | 1<<15 // IPS_OFFLOAD, and IPS_HW_OFFLOAD
)

// Get is the entry that a packet belongs to which begins or goes on with a
// connection, false where there is none: it costs the same however many there are.
// The error is EPERM without CAP_NET_ADMIN.
func Get(ns *nsenter.Namespace, t Tuple) (e Entry, found bool, err error) {
	var answer [][]byte
	failed := ns.Do(func() error {
		req := nl.NewNetlinkRequest(unix.NFNL_SUBSYS_CTNETLINK<<8|nl.IPCTNL_MSG_CT_GET, unix.NLM_F_ACK)
		req.AddData(&nl.Nfgenmsg{NfgenFamily: t.family(), Version: nl.NFNETLINK_V0})
		req.AddData(t.Attr(nl.CTA_TUPLE_ORIG))
		answer, err = req.Execute(unix.NETLINK_NETFILTER, 0)
		return nil
	})
	switch {
	case failed != nil:
		return Entry{}, false, failed
	case errors.Is(err, unix.ENOENT):
		return Entry{}, false, nil
	case err != nil:
		return Entry{}, false, say.Err("%s: connection tracking: %v", "%s：连接跟踪：%v", ns.Name(), err)
	}
	for _, b := range answer {
		if len(b) > nl.SizeofNfgenmsg {
			if e, ok := parse(b[nl.SizeofNfgenmsg:]); ok && e.Original == t {
				return e, true, nil
			}
		}
	}
	return Entry{}, false, nil // the tuple is that of an answer
}

// List are the connections that a namespace tracks, of both IP versions.
func List(ns *nsenter.Namespace) ([]Entry, error) { return dump(ns, unix.AF_UNSPEC) }

// Bits of a filter by what of a tuple counts (CTA_FILTER_F_… in <net/netfilter/nf_conntrack.h>).
const (
	bySource, byDestination uint32 = 1 << 0, 1 << 1
	byProtocol, bySrcPort   uint32 = 1 << 3, 1 << 4
	byDstPort               uint32 = 1 << 5
)

// What package nl does not have of <linux/netfilter/nfnetlink_conntrack.h>.
const (
	ctaFilter          = 25 // CTA_FILTER
	ctaFilterOrigFlags = 1  // CTA_FILTER_ORIG_FLAGS
	ctaFilterReplFlags = 2  // CTA_FILTER_REPLY_FLAGS
)

// Like are the connections that began like one, from whatever port of the same
// address.
func Like(ns *nsenter.Namespace, t Tuple) ([]Entry, error) {
	return picked(ns, t, nl.CTA_TUPLE_ORIG, ctaFilterOrigFlags, byDstPort, func(e Entry) bool {
		o := e.Original
		return o.Proto == t.Proto && o.Dst == t.Dst && o.Src.Addr() == t.Src.Addr()
	})
}

// Answering are the connections whose answers come like one, to whatever port of the
// same address: those that have been given that address for their source.
func Answering(ns *nsenter.Namespace, t Tuple) ([]Entry, error) {
	return picked(ns, t, nl.CTA_TUPLE_REPLY, ctaFilterReplFlags, bySrcPort, func(e Entry) bool {
		r := e.Reply
		return r.Proto == t.Proto && r.Src == t.Src && r.Dst.Addr() == t.Dst.Addr()
	})
}

// picked are the connections that have one port of a tuple, its protocol and its
// addresses, in one direction. The kernel picks them out (Linux 5.8); an older one gives
// all. By addresses of IPv6 it picks those that have others:
// ctnetlink_filter_match_tuple() has them swapped.
func picked(ns *nsenter.Namespace, t Tuple, direction int, flags uint16, port uint32, is func(Entry) bool) ([]Entry, error) {
	by := byProtocol | port
	if t.family() == unix.AF_INET {
		by |= bySource | byDestination
	}
	filter := nl.NewRtAttr(unix.NLA_F_NESTED|ctaFilter, nil)
	for _, f := range []uint16{ctaFilterOrigFlags, ctaFilterReplFlags} {
		value := uint32(0)
		if f == flags {
			value = by
		}
		filter.AddRtAttr(int(f), binary.NativeEndian.AppendUint32(nil, value))
	}
	all, err := dump(ns, t.family(), t.Attr(direction), filter)
	return slices.DeleteFunc(all, func(e Entry) bool { return !is(e) }), err
}

func dump(ns *nsenter.Namespace, family byte, which ...*nl.RtAttr) (all []Entry, err error) {
	var answer [][]byte
	failed := ns.Do(func() error {
		answer, err = attr.Dump(unix.NETLINK_NETFILTER, 0, func() *nl.NetlinkRequest {
			req := nl.NewNetlinkRequest(unix.NFNL_SUBSYS_CTNETLINK<<8|nl.IPCTNL_MSG_CT_GET, unix.NLM_F_DUMP)
			req.AddData(&nl.Nfgenmsg{NfgenFamily: family, Version: nl.NFNETLINK_V0})
			for _, a := range which {
				req.AddData(a)
			}
			return req
		})
		return nil
	})
	if err := cmp.Or(failed, err); err != nil {
		return nil, say.At(ns.Name(), say.At("conntrack", err))
	}
	for _, b := range answer {
		if len(b) > nl.SizeofNfgenmsg {
			if e, ok := parse(b[nl.SizeofNfgenmsg:]); ok {
				all = append(all, e)
			}
		}
	}
	return all, nil
}

func (t Tuple) family() byte {
	if t.Src.Addr().Is6() {
		return unix.AF_INET6
	}
	return unix.AF_INET
}

// Attr is the tuple as ctnetlink_parse_tuple() reads it: kind is CTA_TUPLE_ORIG or
// CTA_TUPLE_REPLY.
func (t Tuple) Attr(kind int) *nl.RtAttr {
	src, dst := nl.CTA_IP_V4_SRC, nl.CTA_IP_V4_DST
	if t.family() == unix.AF_INET6 {
		src, dst = nl.CTA_IP_V6_SRC, nl.CTA_IP_V6_DST
	}
	tuple := nl.NewRtAttr(unix.NLA_F_NESTED|kind, nil)
	ip := tuple.AddRtAttr(unix.NLA_F_NESTED|nl.CTA_TUPLE_IP, nil)
	ip.AddRtAttr(src, t.Src.Addr().AsSlice())
	ip.AddRtAttr(dst, t.Dst.Addr().AsSlice())
	proto := tuple.AddRtAttr(unix.NLA_F_NESTED|nl.CTA_TUPLE_PROTO, nil)
	proto.AddRtAttr(nl.CTA_PROTO_NUM, []byte{t.Proto})
	proto.AddRtAttr(nl.CTA_PROTO_SRC_PORT, binary.BigEndian.AppendUint16(nil, t.Src.Port()))
	proto.AddRtAttr(nl.CTA_PROTO_DST_PORT, binary.BigEndian.AppendUint16(nil, t.Dst.Port()))
	return tuple
}

// parse reads what ctnetlink_fill_info() wrote.
func parse(b []byte) (e Entry, ok bool) {
	for kind, value := range attr.All(b) {
		switch kind {
		case nl.CTA_TUPLE_ORIG:
			e.Original = parseTuple(value)
		case nl.CTA_TUPLE_REPLY:
			e.Reply = parseTuple(value)
		case nl.CTA_STATUS:
			e.Answered, e.Offloaded = number(value)&seenReply != 0, number(value)&offloaded != 0
		case nl.CTA_MARK:
			e.Mark = number(value)
		case nl.CTA_PROTOINFO:
			e.State = tcpState(value)
		}
	}
	return e, e.Original.Src.IsValid() && e.Reply.Src.IsValid()
}

func parseTuple(b []byte) (t Tuple) {
	var src, dst netip.Addr
	var ports [2]uint16
	for kind, value := range attr.All(b) {
		for part, value := range attr.All(value) {
			switch {
			case kind == nl.CTA_TUPLE_IP && (part == nl.CTA_IP_V4_SRC || part == nl.CTA_IP_V6_SRC):
				src = attr.Addr(value)
			case kind == nl.CTA_TUPLE_IP && (part == nl.CTA_IP_V4_DST || part == nl.CTA_IP_V6_DST):
				dst = attr.Addr(value)
			case kind == nl.CTA_TUPLE_PROTO && part == nl.CTA_PROTO_NUM && len(value) > 0:
				t.Proto = value[0]
			case kind == nl.CTA_TUPLE_PROTO && part == nl.CTA_PROTO_SRC_PORT && len(value) >= 2:
				ports[0] = binary.BigEndian.Uint16(value)
			case kind == nl.CTA_TUPLE_PROTO && part == nl.CTA_PROTO_DST_PORT && len(value) >= 2:
				ports[1] = binary.BigEndian.Uint16(value)
			}
		}
	}
	t.Src, t.Dst = netip.AddrPortFrom(src, ports[0]), netip.AddrPortFrom(dst, ports[1])
	return t
}

// number is a number in the byte order of the network.
func number(b []byte) uint32 {
	if len(b) < 4 {
		return 0
	}
	return binary.BigEndian.Uint32(b)
}
