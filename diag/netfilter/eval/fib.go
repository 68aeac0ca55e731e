package eval

import (
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"nstutor/diag/netfilter"
)

// fibValue is what the routes of the namespace answer for a packet.
func (e *evaluator) fibValue(field netfilter.Field, p Packet) fieldValue {
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
	found, known := dev, true
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
		name := make([]byte, unix.IFNAMSIZ)
		copy(name, found)
		return fieldValue{bytes: name}
	case found == "":
		return uint32Value(0)
	}
	index, err := e.env.DeviceIndex(found)
	if err != nil {
		return unknown
	}
	return uint32Value(uint32(index))
}

// fibDevice is the device of the way, when it leads over dev (empty: any), as
// nft_fib4_eval() has it: what is for this namespace itself has none.
func (e *evaluator) fibDevice(dst, src netip.Addr, mark uint32, dev string) (found string, known bool) {
	devs, kind, err := e.env.Lookup(dst, src, mark)
	switch {
	case err != nil:
		return "", false
	case kind == "" || kind == "local":
		return "", true
	case dev != "" && slices.Contains(devs, dev):
		return dev, true
	case dev != "":
		return "", true
	case len(devs) == 1:
		return devs[0], true
	default:
		return "", false // a hash chooses
	}
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
