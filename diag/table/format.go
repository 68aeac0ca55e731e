package table

import (
	"net"
	"net/netip"
	"strconv"

	"nstutor/internal/say"
)

// ipLine builds a line of words, each separated by one space. Unlike iproute2,
// it never ends in a space.
type ipLine struct {
	text []byte
	ends []int // of the words, where they are asked for
	kept bool  // they are
}

func (l *ipLine) add(words ...string) {
	for _, w := range words {
		if !l.kept {
			w = say.Clean(w)
		}
		if len(l.text) > 0 {
			l.text = append(l.text, ' ')
		}
		l.text = append(l.text, w...)
		if l.kept {
			l.ends = append(l.ends, len(l.text))
		}
	}
}

// words are the words one by one, as they are: a name may have in it what a line
// has between words, and what no screen should get.
func (l *ipLine) words() []string {
	words, start := make([]string, len(l.ends)), 0
	for i, end := range l.ends {
		words[i] = string(l.text[start:end])
		start = end + 1
	}
	return words
}

// pair adds key and value, unless the value is empty.
func (l *ipLine) pair(key, value string) {
	if value != "" {
		l.add(key, value)
	}
}

// addr adds key and address, unless the address is invalid.
func (l *ipLine) addr(key string, a netip.Addr) {
	if a.IsValid() {
		l.add(key, a.String())
	}
}

// number adds key and number, unless it is 0.
func (l *ipLine) number(key string, n int) {
	if n != 0 {
		l.add(key, strconv.Itoa(n))
	}
}

// flag adds the word when it holds.
func (l *ipLine) flag(holds bool, word string) {
	if holds {
		l.add(word)
	}
}

func (l *ipLine) String() string { return string(l.text) }

// Names of the numbers in netlink messages, as iproute2 has them built in
// (lib/rt_names.c, ip/rtm_map.c, lib/ll_types.c). Names that the machine adds in
// /etc/iproute2 are not read: the number is shown.
var (
	rtProtoNames = map[int]string{
		0: "unspec", 1: "redirect", 2: "kernel", 3: "boot", 4: "static", 8: "gated", 9: "ra",
		10: "mrt", 11: "zebra", 12: "bird", 13: "dnrouted", 14: "xorp", 15: "ntk", 16: "dhcp",
		18: "keepalived", 42: "babel", 99: "openr", 186: "bgp", 187: "isis", 188: "ospf", 189: "rip", 192: "eigrp",
	}
	rtScopeNames = map[int]string{0: "global", 200: "site", 253: "link", 254: "host", 255: "nowhere"}
	rtTableNames = map[int]string{tableDefault: "default", tableMain: "main", tableLocal: "local"}
	rtTypeNames  = map[int]string{
		0: "none", 1: "unicast", 2: "local", 3: "broadcast", 4: "anycast", 5: "multicast",
		6: "blackhole", 7: "unreachable", 8: "prohibit", 9: "throw", 10: "nat", 11: "xresolve",
	}
	linkGroupNames = map[int]string{0: "default"}
	rtPrefNames    = map[int]string{0: "medium", 1: "high", 3: "low"}
	linkTypeNames  = map[int]string{
		1: "ether", 32: "infiniband", 280: "can", 512: "ppp", 768: "ipip", 769: "tunnel6",
		772: "loopback", 776: "sit", 778: "gre", 801: "ieee802.11", 803: "ieee802.11/radiotap",
		804: "ieee802.15.4", 820: "phonet", 823: "gre6", 824: "netlink", 825: "6lowpan",
		0xFFFE: "none", 0xFFFF: "void",
	}
	linkStateNames = map[int]string{
		0: "UNKNOWN", 1: "NOTPRESENT", 2: "DOWN", 3: "LOWERLAYERDOWN", 4: "TESTING", 5: "DORMANT", 6: "UP",
	}
	linkModeNames    = map[int]string{0: "DEFAULT", 1: "DORMANT"}
	ruleIPProtoNames = map[int]string{
		1: "icmp", 2: "igmp", 4: "ipencap", 6: "tcp", 17: "udp", 33: "dccp", 47: "gre", 50: "esp",
		51: "ah", 58: "ipv6-icmp", 132: "sctp", 136: "udplite",
	}
)

// ipName is the name of n, or n itself in the notation format.
func ipName(names map[int]string, n int, unknown func(int) string) string {
	if name, ok := names[n]; ok {
		return name
	}
	return unknown(n)
}

func ipBracketed(n int) string { return "[" + strconv.Itoa(n) + "]" }

// ipHex is C's %#x, which leaves 0 bare.
func ipHex(n uint32) string {
	if n == 0 {
		return "0"
	}
	return "0x" + strconv.FormatUint(uint64(n), 16)
}

// rtTOSName is a type of service as iproute2 shows one that has no name.
func rtTOSName(tos int) string {
	if tos < 16 {
		return "0x0" + strconv.FormatInt(int64(tos), 16)
	}
	return ipHex(uint32(tos))
}

// linkAddress spells a link-layer address as ll_addr_n2a() does: the addresses
// of IPv4 tunnels are IPv4 addresses.
func linkAddress(a net.HardwareAddr, linkType string) string {
	ip, ok := netip.AddrFromSlice(a)
	switch {
	case ok && ip.Is4() && (linkType == "ipip" || linkType == "sit" || linkType == "gre"),
		ok && ip.Is6() && (linkType == "tunnel6" || linkType == "gre6"):
		return ip.String()
	}
	return a.String()
}

// ShortPrefix is a prefix as `ip route` prints it: "default" for all addresses,
// and no length behind a single one.
func ShortPrefix(p netip.Prefix) string {
	switch {
	case p.Bits() == 0:
		return "default"
	case p.IsSingleIP():
		return p.Addr().String()
	}
	return p.String()
}
