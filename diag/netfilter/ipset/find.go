package ipset

import (
	"encoding/binary"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/internal/nsenter"
)

// Entry is the entry of a set that a packet is in, or the one that it would be, were it.
type Entry struct {
	Set  string        // by its name: of a list of sets, the one that the entry is in
	Text string        // as ipset writes it; empty where that is not known
	Left time.Duration // until it is gone by itself; 0: it stays
	// Alone tells that the entry is for this packet's own address, and no network.
	Alone bool
}

// First is what the first dimension of a set asks for, and what the packet has there.
func (q Question) First() (field, has string) {
	side, addr := "daddr", q.Dst
	if len(q.FromSrc) > 0 && q.FromSrc[0] {
		side, addr = "saddr", q.Src
	}
	if addr.Is6() {
		return "ip6 " + side, addr.String()
	}
	return "ip " + side, addr.String()
}

// Find is the entry that a packet is in; of a set that it is not in, the one that would be
// its own. It takes CAP_NET_ADMIN.
func Find(ns *nsenter.Namespace, q Question) (found Entry, err error) {
	err = q.about(ns, func(name string) (err error) {
		found, err = q.find(name)
		return err
	})
	return found, err
}

func (q Question) find(name string) (Entry, error) {
	kind, err := typeOf(name)
	if err != nil {
		return Entry{}, err
	}
	if kind == "list:set" {
		member, err := q.holder(name)
		if err != nil {
			return Entry{}, err
		}
		if member == "" {
			return Entry{Set: name}, nil
		}
		return q.find(member)
	}
	own, err := q.entry(kind)
	if err != nil {
		return Entry{Set: name}, nil // its name is known all the same
	}
	entries, err := entriesOf(name)
	if err != nil {
		return Entry{}, err
	}
	bits, best := -1, Entry{Set: name, Text: spelled(kind, *own), Alone: true}
	for _, e := range entries {
		if !covers(e, *own) || int(e.CIDR) < bits && e.CIDR != 0 {
			continue
		}
		if bits = int(e.CIDR); bits == 0 {
			bits = 8 * len(own.IP)
		}
		best = Entry{Set: name, Text: spelled(kind, e), Alone: bits == 8*len(own.IP)}
		if e.Timeout != nil {
			best.Left = time.Duration(*e.Timeout) * time.Second
		}
	}
	return best, nil
}

// entriesOf are the entries of a set, but for those that are excepted.
func entriesOf(name string) (all []netlink.IPSetEntry, err error) {
	answer, err := ask(nl.IPSET_CMD_LIST, nl.NewRtAttr(nl.IPSET_ATTR_SETNAME, nl.ZeroTerminated(name)))
	if err != nil {
		return nil, err
	}
	for _, b := range answer {
		for kind, data := range attr.All(get(b[min(nl.SizeofNfgenmsg, len(b)):], nl.IPSET_ATTR_ADT)) {
			if e, ok := entryOf(data); ok && kind == nl.IPSET_ATTR_DATA {
				all = append(all, e)
			}
		}
	}
	return all, nil
}

func entryOf(data []byte) (e netlink.IPSetEntry, ok bool) {
	const second, secondBits, device, flags, nomatch = 20, 21, 23, 8, 1 << 2
	for kind, value := range attr.All(data) {
		switch {
		case kind == nl.IPSET_ATTR_IP:
			e.IP = addrOf(value)
		case kind == second:
			e.IP2 = addrOf(value)
		case kind == device:
			e.IFace = attr.String(value)
		case kind == nl.IPSET_ATTR_CIDR && len(value) == 1:
			e.CIDR = value[0]
		case kind == secondBits && len(value) == 1:
			e.CIDR2 = value[0]
		case kind == nl.IPSET_ATTR_PROTO && len(value) == 1:
			e.Protocol = &value[0]
		case kind == nl.IPSET_ATTR_PORT && len(value) == 2:
			e.Port = new(binary.BigEndian.Uint16(value))
		case kind == dataTimeout && len(value) == 4:
			e.Timeout = new(binary.BigEndian.Uint32(value))
		case kind == flags && len(value) == 4 && binary.BigEndian.Uint32(value)&nomatch != 0:
			return e, false
		}
	}
	return e, true
}

// addrOf is the address in the nest of one.
func addrOf(nest []byte) net.IP {
	for _, addr := range attr.All(nest) {
		return addr
	}
	return nil
}

// covers reports whether what a packet has is in an entry.
func covers(e, own netlink.IPSetEntry) bool {
	same := func(a, b *uint16) bool { return a == nil || b == nil || *a == *b }
	return inNet(e.IP, e.CIDR, own.IP) && inNet(e.IP2, e.CIDR2, own.IP2) && same(e.Port, own.Port) &&
		(e.Protocol == nil || own.Protocol == nil || *e.Protocol == *own.Protocol) && e.IFace == own.IFace
}

func inNet(base net.IP, bits uint8, addr net.IP) bool {
	in, ok := netip.AddrFromSlice(addr)
	from, known := netip.AddrFromSlice(base)
	if !ok || !known {
		return !ok && !known
	}
	if in, from = in.Unmap(), from.Unmap(); bits == 0 {
		return in == from
	}
	return netip.PrefixFrom(from, int(bits)).Contains(in)
}

// protocols are those that ipset writes a port with.
var protocols = map[uint8]string{unix.IPPROTO_TCP: "tcp", unix.IPPROTO_UDP: "udp", unix.IPPROTO_SCTP: "sctp"}

// spelled is an entry as ipset writes it; empty where a part of it has no such words here.
func spelled(kind string, e netlink.IPSetEntry) string {
	var parts []string
	ips := []string{written(e.IP, e.CIDR), written(e.IP2, e.CIDR2)}
	_, dims, _ := strings.Cut(kind, ":")
	for dim := range strings.SplitSeq(dims, ",") {
		switch {
		case dim == "ip" || dim == "net":
			parts, ips = append(parts, ips[0]), ips[1:]
		case dim == "iface":
			parts = append(parts, e.IFace)
		case dim == "port" && e.Port != nil && e.Protocol != nil && protocols[*e.Protocol] != "":
			parts = append(parts, protocols[*e.Protocol]+":"+strconv.Itoa(int(*e.Port)))
		default:
			return ""
		}
	}
	return strings.Join(parts, ",")
}

func written(ip net.IP, bits uint8) string {
	if bits == 0 || int(bits) == 8*len(ip) {
		return ip.String()
	}
	return ip.String() + "/" + strconv.Itoa(int(bits))
}
