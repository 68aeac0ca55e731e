package spelled

import (
	"fmt"

	"golang.org/x/sys/unix"

	"nstutor/diag/netfilter/fields"
)

// part is a field of a header: where it begins and how long it is, in bits.
type part struct {
	header      string
	base        uint32
	first, size int
	name        string
	text        func([]byte) string // nil: as conditions have it
}

const (
	network   = unix.NFT_PAYLOAD_NETWORK_HEADER
	transport = unix.NFT_PAYLOAD_TRANSPORT_HEADER
)

// parts are those that nft writes to.
var parts = []part{
	{"ip", network, 8, 6, "dscp", dscp}, {"ip", network, 14, 2, "ecn", ecn},
	{"ip", network, 16, 16, "length", nil}, {"ip", network, 32, 16, "id", nil}, {"ip", network, 64, 8, "ttl", nil},
	{"ip", network, 72, 8, "protocol", nil}, {"ip", network, 96, 32, "saddr", nil}, {"ip", network, 128, 32, "daddr", nil},
	{"ip6", network, 4, 6, "dscp", dscp}, {"ip6", network, 10, 2, "ecn", ecn}, {"ip6", network, 12, 20, "flowlabel", fields.NumberText},
	{"ip6", network, 48, 8, "nexthdr", nil}, {"ip6", network, 56, 8, "hoplimit", nil},
	{"ip6", network, 64, 128, "saddr", nil}, {"ip6", network, 192, 128, "daddr", nil},
	{"tcp", transport, 0, 16, "sport", nil}, {"tcp", transport, 16, 16, "dport", nil}, {"tcp", transport, 104, 8, "flags", nil},
	{"tcp", transport, 112, 16, "window", fields.NumberText},
	{"udp", transport, 0, 16, "sport", nil}, {"udp", transport, 16, 16, "dport", nil},
	{"th", transport, 0, 16, "sport", nil}, {"th", transport, 16, 16, "dport", nil},
	{"ether", unix.NFT_PAYLOAD_LL_HEADER, 0, 48, "daddr", nil}, {"ether", unix.NFT_PAYLOAD_LL_HEADER, 48, 48, "saddr", nil},
}

// Written is what a statement writes into a packet of these protocols, in nft's words: value,
// over the bytes of a header from offset on, but for the bits that are set in kept. It is empty
// where that is no field with a name.
func Written(base, offset uint32, value, kept []byte, protocols ...string) string {
	first, size := -1, 0
	for i := range 8 * len(value) {
		switch {
		case bit(kept, i) && bit(value, i):
			return "" // it turns bits round
		case bit(kept, i):
		case first < 0:
			first, size = i, 1
		case i != first+size:
			return ""
		default:
			size++
		}
	}
	for _, p := range parts {
		if p.base != base || p.first != 8*int(offset)+first || p.size != size {
			continue
		}
		for _, protocol := range append(protocols, "th", "ether") {
			if protocol == p.header {
				return fmt.Sprintf("%s %s set %s", p.header, p.name, p.said(bits(value, first, size)))
			}
		}
	}
	return ""
}

func (p part) said(value []byte) string {
	if p.text != nil {
		return p.text(value)
	}
	return fields.Text(fields.Name(p.header+" "+p.name), value)
}

func bit(b []byte, i int) bool { return i/8 < len(b) && b[i/8]&(0x80>>(i%8)) != 0 }

// bits are some of the bits of b, as a number in the network's order.
func bits(b []byte, first, size int) []byte {
	out := make([]byte, (size+7)/8)
	for i := range size {
		if to := 8*len(out) - size + i; bit(b, first+i) {
			out[to/8] |= 0x80 >> (to % 8)
		}
	}
	return out
}

// dscp is a code point with its name, where it has one.
func dscp(value []byte) string {
	n := fields.Number(value)
	class, drop := n/8, n%8
	switch {
	case n == 46:
		return "ef"
	case n == 44:
		return "va"
	case n == 1:
		return "lephb"
	case drop == 0:
		return fmt.Sprintf("cs%d", class)
	case class >= 1 && class <= 4 && drop%2 == 0:
		return fmt.Sprintf("af%d%d", class, drop/2)
	}
	return fmt.Sprintf("0x%02x", n)
}

// ecn is what of congestion is told.
func ecn(value []byte) string {
	return []string{"not-ect", "ect1", "ect0", "ce"}[fields.Number(value)&3]
}
