package eval

import (
	"net/netip"
	"slices"
	"strings"

	"nstutor/diag/netfilter/fields"

	"golang.org/x/sys/unix"
)

// fibValue is what the routes of the namespace answer for a packet.
func (e *evaluator) fibValue(field fields.Name, p Packet) fieldValue {
	q, ok := field.FIB()
	if !ok || p.conn.srcUnknown || p.conn.dstUnknown || q.Mark && p.conn.pktMarkUnknown {
		return unknown
	}
	dst, src := p.Dst, p.Src
	if q.Source {
		dst, src = src, dst
	}
	dev := map[string]string{"iif": p.IIF, "oif": p.OIF}[q.Dev]
	if q.Result == "type" {
		return e.fibType(dst, dev)
	}
	// What comes in by lo is asked nothing (nft_fib_is_loopback()).
	found, known := p.IIF, true
	if e.hook != "prerouting" || p.IIF != "lo" {
		mark := uint32(0)
		if q.Mark {
			mark = p.Mark
		}
		found, known = e.fibDevice(dst, src, mark, dev)
	}
	switch {
	case !known:
		return unknown
	case q.Present:
		return byteValue(byte(when(found != "") / yes))
	case q.Result == "oifname":
		return nameValue(found)
	default:
		return e.indexValue(found)
	}
}

// fibDevice is the device of the way, when it leads over dev (empty: any), as
// nft_fib4_eval() has it: what is for this namespace itself has none.
func (e *evaluator) fibDevice(dst, src netip.Addr, mark uint32, dev string) (found string, known bool) {
	way := e.lookup(dst, src, mark)
	switch {
	case way.err != nil:
		return "", false
	case way.kind == "" || way.kind == "local":
		return "", true
	case dev != "" && slices.Contains(way.devs, dev):
		return dev, true
	case dev != "":
		return "", true
	case len(way.devs) == 1:
		return way.devs[0], true
	default:
		return "", false // a hash chooses
	}
}

// flight is a packet to look a route up for, and way the answer of Env.
type flight struct {
	dst, src netip.Addr
	mark     uint32
}

type way struct {
	devs []string
	kind string
	err  error
}

// lookup asks for each packet once: rules that look at the way back stand in many
// places, and each is judged more than once.
func (e *evaluator) lookup(dst, src netip.Addr, mark uint32) way {
	asked := flight{dst, src, mark}
	w, known := e.ways[asked]
	if !known {
		w.devs, w.kind, w.err = e.env.Lookup(dst, src, mark)
		e.ways[asked] = w
	}
	return w
}

// fibType is the type of an address; where only one device counts, those of the
// others are strangers (inet_dev_addr_type()).
func (e *evaluator) fibType(addr netip.Addr, dev string) fieldValue {
	t := e.addrType(addr)
	switch {
	case !t.known:
		return unknown
	case dev == "" || t.number == unix.RTN_UNICAST || t.number == unix.RTN_MULTICAST || t.dev == dev:
		return uint32Value(t.number)
	case t.dev == "":
		return unknown
	default:
		return uint32Value(unix.RTN_UNICAST)
	}
}

// addrType asks for each address once.
func (e *evaluator) addrType(addr netip.Addr) addrType {
	if t, ok := e.types[addr]; ok {
		return t
	}
	var t addrType
	name, dev, err := e.env.AddrType(addr)
	if t.number, t.known = addrTypes[strings.ToLower(name)]; err != nil || addr.Is6() && t.number == unix.RTN_UNICAST && !strings.EqualFold(name, "unicast") {
		t.known = false // of IPv6 they ask all tables
	}
	t.dev = dev
	e.types[addr] = t
	return t
}
