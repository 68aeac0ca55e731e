package fields

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// LittleEndian says how this machine keeps numbers.
var LittleEndian = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

// Flag is one flag of a bit field.
type Flag struct {
	Bit  uint64
	Name string
}

var (
	// Protocols are those of /etc/protocols that filters speak of.
	Protocols = map[uint64]string{
		1: "icmp", 2: "igmp", 4: "ipencap", 6: "tcp", 17: "udp", 33: "dccp", 41: "ipv6", 47: "gre", 50: "esp", 51: "ah",
		58: "ipv6-icmp", 89: "ospf", 103: "pim", 112: "vrrp", 132: "sctp", 136: "udplite",
	}
	// EtherTypes are the protocols behind an Ethernet header that filters speak of.
	EtherTypes = map[uint64]string{0x0800: "ip", 0x0806: "arp", 0x86dd: "ip6", 0x8100: "8021q", 0x88a8: "8021ad"}
	arpNames   = map[uint64]string{1: "request", 2: "reply"}
	icmpNames  = map[uint64]string{
		0: "echo-reply", 3: "destination-unreachable", 4: "source-quench", 5: "redirect", 8: "echo-request",
		9: "router-advertisement", 10: "router-solicitation", 11: "time-exceeded", 12: "parameter-problem",
		13: "timestamp-request", 14: "timestamp-reply", 17: "address-mask-request", 18: "address-mask-reply",
	}
	icmpv6Names = map[uint64]string{
		1: "destination-unreachable", 2: "packet-too-big", 3: "time-exceeded", 4: "parameter-problem", 128: "echo-request",
		129: "echo-reply", 130: "mld-listener-query", 131: "mld-listener-report", 132: "mld-listener-done",
		133: "nd-router-solicit", 134: "nd-router-advert", 135: "nd-neighbor-solicit", 136: "nd-neighbor-advert",
		137: "nd-redirect", 143: "mld2-listener-report",
	}
	// addrTypes are the route types (RTN_*) of an address.
	addrTypes = map[uint64]string{
		0: "unspec", 1: "unicast", 2: "local", 3: "broadcast", 4: "anycast", 5: "multicast", 6: "blackhole",
		7: "unreachable", 8: "prohibit",
	}
	ctStateNames = []Flag{{0x1, "invalid"}, {0x2, "established"}, {0x4, "related"}, {0x8, "new"}, {0x40, "untracked"}}
	// ctStatusNames are enum ip_conntrack_status.
	ctStatusNames = []Flag{
		{0x1, "expected"}, {0x2, "seen-reply"}, {0x4, "assured"}, {0x8, "confirmed"}, {0x10, "snat"}, {0x20, "dnat"}, {0x200, "dying"},
	}
	// TCPFlags are the flags of a TCP header.
	TCPFlags = []Flag{
		{0x01, "fin"}, {0x02, "syn"}, {0x04, "rst"}, {0x08, "psh"}, {0x10, "ack"}, {0x20, "urg"}, {0x40, "ecn"}, {0x80, "cwr"},
	}
)

// Number is b, in network byte order, as a number.
func Number(b []byte) uint64 {
	var n uint64
	for _, c := range b {
		n = n<<8 | uint64(c)
	}
	return n
}

// NumberText is b as a decimal number.
func NumberText(b []byte) string { return strconv.FormatUint(Number(b), 10) }

func markText(b []byte) string { return fmt.Sprintf("0x%08x", Number(b)) }

func hexText(b []byte) string { return "0x" + hex.EncodeToString(b) }

// hourText is seconds since midnight as nft writes an hour.
func hourText(b []byte) string { return fmt.Sprintf("\"%02d:%02d\"", Number(b)/3600, Number(b)/60%60) }

func macText(b []byte) string { return net.HardwareAddr(b).String() }

func protocolText(b []byte) string { return namesText(Protocols)(b) }

// AddrText is b as an address, or in hexadecimal digits where it is none.
func AddrText(b []byte) string {
	if addr, ok := netip.AddrFromSlice(b); ok {
		return addr.String()
	}
	return hexText(b)
}

// deviceText quotes a device name; one that does not end is a wildcard.
func deviceText(b []byte) string {
	name, _, _ := bytes.Cut(b, []byte{0})
	return strconv.Quote(string(name))
}

func namesText(names map[uint64]string) func([]byte) string {
	return func(b []byte) string {
		if name, ok := names[Number(b)]; ok {
			return name
		}
		return NumberText(b)
	}
}

func bitsText(bits []Flag) func([]byte) string {
	return func(b []byte) string { return strings.Join(FlagNames(bits, Number(b)), ",") }
}

// FlagNames lists the flags that are set; what has no name is a number.
func FlagNames(bits []Flag, n uint64) []string {
	var names []string
	for _, bit := range bits {
		if n&bit.Bit != 0 {
			names = append(names, bit.Name)
			n &^= bit.Bit
		}
	}
	if n != 0 || len(names) == 0 {
		names = append(names, fmt.Sprintf("%#x", n))
	}
	return names
}

// Text writes one value of a field; device names, a wildcard too.
func Text(field Name, value []byte) string {
	if text := Known[field].text; text != nil {
		return text(value)
	}
	if Drawn(field) {
		return NumberText(value)
	}
	if strings.HasPrefix(string(field), "ct original") || strings.HasPrefix(string(field), "ct reply") {
		if len(value) == 2 {
			return NumberText(value)
		}
		return AddrText(value)
	}
	return hexText(value)
}

// RangeText writes a range as nft does: a value, a prefix, or first-last.
func RangeText(field Name, r Range) string {
	if bytes.Equal(r.Lo, r.Hi) {
		return Text(field, r.Lo)
	}
	if bits, ok := PrefixLen(not(Xor(r.Lo, r.Hi))); ok && IsAddress(field) && AllZero(And(r.Lo, Xor(r.Lo, r.Hi))) {
		return fmt.Sprintf("%s/%d", Text(field, r.Lo), bits)
	}
	return Text(field, r.Lo) + "-" + Text(field, r.Hi)
}

// KeyText writes what a condition looks at, as nft does.
func KeyText(key []Name) string {
	var names []string
	for _, field := range key {
		names = append(names, strings.TrimSuffix(string(field), Present))
	}
	return strings.Join(names, " . ")
}

// TupleText writes what a concatenation compares with, a range for each of its fields.
func TupleText(names []Name, tuple Tuple) string {
	var parts []string
	for i, r := range tuple {
		if i < len(names) {
			parts = append(parts, RangeText(names[i], r))
		}
	}
	return strings.Join(parts, " . ")
}

// IsAddress says whether the field is an address, which has prefixes.
func IsAddress(field Name) bool {
	return slices.Contains([]Name{"ip saddr", "ip daddr", "ip6 saddr", "ip6 daddr", "arp saddr ip", "arp daddr ip"}, field)
}

// IsDevice says whether the field is the name of a device, which may end in a wildcard.
func IsDevice(field Name) bool {
	return slices.Contains([]Name{"iifname", "oifname", "meta ibrname", "meta obrname"}, field)
}

func not(b []byte) []byte {
	out := bytes.Clone(b)
	for i := range out {
		out[i] = ^out[i]
	}
	return out
}
