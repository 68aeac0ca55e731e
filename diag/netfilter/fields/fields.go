// Package fields has the names of what rules of a packet filter look at, and how the values
// of each are kept, compared and written.
package fields

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Name is what a rule looks at, in nft's spelling: "ip saddr",
// "iifname", "ct state", "tcp dport". Bytes of a packet without a name are
// "@BASE,OFFSET,LENGTH" in bits, such as "@th,64,32".
type Name string

// Info is how a field's values are kept and written.
type Info struct {
	Size int  // bytes
	Host bool // the kernel keeps it in the machine's byte order
	text func([]byte) string
}

// Known are the fields with a name.
var Known = withFIB(map[Name]Info{
	"ip saddr": {4, false, AddrText}, "ip daddr": {4, false, AddrText},
	"ip protocol": {1, false, protocolText}, "ip ttl": {1, false, NumberText},
	"ip length": {2, false, NumberText}, "ip id": {2, false, NumberText},
	"ip6 saddr": {16, false, AddrText}, "ip6 daddr": {16, false, AddrText},
	"ip6 nexthdr": {1, false, protocolText}, "ip6 hoplimit": {1, false, NumberText},
	"arp htype": {2, false, NumberText}, "arp ptype": {2, false, namesText(EtherTypes)}, "arp hlen": {1, false, NumberText}, "arp plen": {1, false, NumberText},
	"arp operation": {2, false, namesText(arpNames)}, "arp saddr ether": {6, false, macText}, "arp saddr ip": {4, false, AddrText}, "arp daddr ip": {4, false, AddrText},
	"ether saddr": {6, false, macText}, "ether daddr": {6, false, macText},
	"ether type": {2, false, namesText(EtherTypes)},
	"tcp sport":  {2, false, NumberText}, "tcp dport": {2, false, NumberText},
	"tcp flags": {1, false, bitsText(TCPFlags)},
	"udp sport": {2, false, NumberText}, "udp dport": {2, false, NumberText},
	"sctp sport": {2, false, NumberText}, "sctp dport": {2, false, NumberText},
	"th sport": {2, false, NumberText}, "th dport": {2, false, NumberText},
	"icmp type": {1, false, namesText(icmpNames)}, "icmp code": {1, false, NumberText},
	"icmpv6 type": {1, false, namesText(icmpv6Names)}, "icmpv6 code": {1, false, NumberText},

	"meta length": {4, true, NumberText}, "meta protocol": {2, false, namesText(EtherTypes)},
	"meta priority": {4, true, hexText}, "meta mark": {4, true, markText},
	"iif": {4, true, NumberText}, "oif": {4, true, NumberText},
	"iifname": {unix.IFNAMSIZ, false, deviceText}, "oifname": {unix.IFNAMSIZ, false, deviceText},
	"iiftype": {2, true, NumberText}, "oiftype": {2, true, NumberText},
	"meta skuid": {4, true, NumberText}, "meta skgid": {4, true, NumberText}, "meta nftrace": {1, true, NumberText},
	"meta nfproto":  {1, false, namesText(map[uint64]string{unix.NFPROTO_IPV4: "ipv4", unix.NFPROTO_IPV6: "ipv6"})},
	"meta l4proto":  {1, false, protocolText},
	"meta ibrname":  {unix.IFNAMSIZ, false, deviceText},
	"meta obrname":  {unix.IFNAMSIZ, false, deviceText},
	"meta pkttype":  {1, false, namesText(map[uint64]string{0: "host", 1: "broadcast", 2: "multicast", 3: "other"})},
	"meta cpu":      {4, true, NumberText},
	"meta iifgroup": {4, true, NumberText},
	"meta oifgroup": {4, true, NumberText},
	"meta cgroup":   {4, true, NumberText},
	"meta time":     {8, true, NumberText}, "meta day": {1, false, NumberText}, "meta hour": {4, true, hourText},
	"ct state":     {4, true, bitsText(ctStateNames)},
	"ct direction": {1, false, namesText(map[uint64]string{0: "original", 1: "reply"})},
	"ct status":    {4, true, bitsText(ctStatusNames)},
	"ct mark":      {4, true, markText},
	"ct zone":      {2, true, NumberText},
	"ct l3proto":   {1, false, NumberText},
	"ct protocol":  {1, false, protocolText},
	"verdict":      {0, false, hexText},
})

// Meta are the meta expression's keys, by number.
var Meta = map[uint32]Name{
	unix.NFT_META_LEN: "meta length", unix.NFT_META_PROTOCOL: "meta protocol", unix.NFT_META_PRIORITY: "meta priority",
	unix.NFT_META_MARK: "meta mark", unix.NFT_META_IIF: "iif", unix.NFT_META_OIF: "oif",
	unix.NFT_META_IIFNAME: "iifname", unix.NFT_META_OIFNAME: "oifname",
	unix.NFT_META_IIFTYPE: "iiftype", unix.NFT_META_OIFTYPE: "oiftype",
	unix.NFT_META_SKUID: "meta skuid", unix.NFT_META_SKGID: "meta skgid", unix.NFT_META_NFTRACE: "meta nftrace",
	unix.NFT_META_NFPROTO: "meta nfproto", unix.NFT_META_L4PROTO: "meta l4proto",
	unix.NFT_META_BRI_IIFNAME: "meta ibrname", unix.NFT_META_BRI_OIFNAME: "meta obrname",
	unix.NFT_META_PKTTYPE: "meta pkttype", unix.NFT_META_CPU: "meta cpu", unix.NFT_META_CGROUP: "meta cgroup",
	unix.NFT_META_IIFGROUP: "meta iifgroup", unix.NFT_META_OIFGROUP: "meta oifgroup", 30: "meta time", 31: "meta day", 32: "meta hour",
}

// CT are the ct expression's keys, by number, that do not depend on
// the direction.
var CT = map[uint32]Name{
	unix.NFT_CT_STATE: "ct state", unix.NFT_CT_DIRECTION: "ct direction", unix.NFT_CT_STATUS: "ct status",
	unix.NFT_CT_MARK: "ct mark", unix.NFT_CT_ZONE: "ct zone", unix.NFT_CT_L3PROTOCOL: "ct l3proto",
	unix.NFT_CT_PROTOCOL: "ct protocol",
}

// payload is where a field lies in the packet, when the packet is of proto.
type payload struct {
	base   uint32
	proto  string
	offset uint32
	field  Name
}

var payloads = []payload{
	{unix.NFT_PAYLOAD_LL_HEADER, "", 0, "ether daddr"}, {unix.NFT_PAYLOAD_LL_HEADER, "", 6, "ether saddr"},
	{unix.NFT_PAYLOAD_LL_HEADER, "", 12, "ether type"},
	{unix.NFT_PAYLOAD_NETWORK_HEADER, "ip", 2, "ip length"}, {unix.NFT_PAYLOAD_NETWORK_HEADER, "ip", 4, "ip id"},
	{unix.NFT_PAYLOAD_NETWORK_HEADER, "ip", 8, "ip ttl"}, {unix.NFT_PAYLOAD_NETWORK_HEADER, "ip", 9, "ip protocol"},
	{unix.NFT_PAYLOAD_NETWORK_HEADER, "ip", 12, "ip saddr"}, {unix.NFT_PAYLOAD_NETWORK_HEADER, "ip", 16, "ip daddr"},
	{unix.NFT_PAYLOAD_NETWORK_HEADER, "ip6", 6, "ip6 nexthdr"}, {unix.NFT_PAYLOAD_NETWORK_HEADER, "ip6", 7, "ip6 hoplimit"},
	{unix.NFT_PAYLOAD_NETWORK_HEADER, "ip6", 8, "ip6 saddr"}, {unix.NFT_PAYLOAD_NETWORK_HEADER, "ip6", 24, "ip6 daddr"},
	{unix.NFT_PAYLOAD_NETWORK_HEADER, "arp", 0, "arp htype"}, {unix.NFT_PAYLOAD_NETWORK_HEADER, "arp", 2, "arp ptype"},
	{unix.NFT_PAYLOAD_NETWORK_HEADER, "arp", 4, "arp hlen"}, {unix.NFT_PAYLOAD_NETWORK_HEADER, "arp", 5, "arp plen"},
	{unix.NFT_PAYLOAD_NETWORK_HEADER, "arp", 6, "arp operation"},
	{unix.NFT_PAYLOAD_NETWORK_HEADER, "arp", 8, "arp saddr ether"}, {unix.NFT_PAYLOAD_NETWORK_HEADER, "arp", 14, "arp saddr ip"}, {unix.NFT_PAYLOAD_NETWORK_HEADER, "arp", 24, "arp daddr ip"},
	{unix.NFT_PAYLOAD_TRANSPORT_HEADER, "tcp", 0, "tcp sport"}, {unix.NFT_PAYLOAD_TRANSPORT_HEADER, "tcp", 2, "tcp dport"},
	{unix.NFT_PAYLOAD_TRANSPORT_HEADER, "tcp", 13, "tcp flags"},
	{unix.NFT_PAYLOAD_TRANSPORT_HEADER, "udp", 0, "udp sport"}, {unix.NFT_PAYLOAD_TRANSPORT_HEADER, "udp", 2, "udp dport"},
	{unix.NFT_PAYLOAD_TRANSPORT_HEADER, "sctp", 0, "sctp sport"}, {unix.NFT_PAYLOAD_TRANSPORT_HEADER, "sctp", 2, "sctp dport"},
	{unix.NFT_PAYLOAD_TRANSPORT_HEADER, "icmp", 0, "icmp type"}, {unix.NFT_PAYLOAD_TRANSPORT_HEADER, "icmp", 1, "icmp code"},
	{unix.NFT_PAYLOAD_TRANSPORT_HEADER, "icmpv6", 0, "icmpv6 type"}, {unix.NFT_PAYLOAD_TRANSPORT_HEADER, "icmpv6", 1, "icmpv6 code"},
	{unix.NFT_PAYLOAD_TRANSPORT_HEADER, "", 0, "th sport"}, {unix.NFT_PAYLOAD_TRANSPORT_HEADER, "", 2, "th dport"},
}

// OfPayload names the bytes of a packet known to be of the protocols
// network and transport. A load that is shorter than its field, as for
// 10.0.0.0/8, is of the field's first bytes.
func OfPayload(base, offset, size uint32, network, transport string) Name {
	for _, p := range payloads {
		if p.base == base && p.offset == offset && int(size) <= Known[p.field].Size &&
			(p.proto == "" || p.proto == network || p.proto == transport) {
			if p.base != unix.NFT_PAYLOAD_NETWORK_HEADER && int(size) != Known[p.field].Size {
				continue
			}
			return p.field
		}
	}
	name := map[uint32]string{
		unix.NFT_PAYLOAD_LL_HEADER: "ll", unix.NFT_PAYLOAD_NETWORK_HEADER: "nh", unix.NFT_PAYLOAD_TRANSPORT_HEADER: "th",
	}[base]
	if name == "" {
		name = "ih"
	}
	return Name(fmt.Sprintf("@%s,%d,%d", name, offset*8, size*8))
}

// OfType gives, for each data type of a set's key, a field that has it.
// The numbers are nft's own (enum datatypes), 6 bits each in a concatenation.
func OfType(keyType uint32) []Name {
	byType := map[uint32]Name{
		7: "ip saddr", 8: "ip6 saddr", 9: "ether saddr", 10: "ether type", 12: "meta l4proto", 13: "th dport",
		14: "icmp type", 19: "meta mark", 20: "iif", 26: "ct state", 29: "icmpv6 type", 31: "meta pkttype",
		38: "fib daddr type", 41: "iifname",
	}
	var fields []Name
	for {
		fields = append(fields, byType[keyType&0x3f])
		if keyType >>= 6; keyType == 0 {
			slices.Reverse(fields)
			return fields
		}
	}
}

// NetworkOrder is b in network byte order.
func NetworkOrder(b []byte, host bool) []byte {
	out := bytes.Clone(b)
	if host && LittleEndian {
		slices.Reverse(out)
	}
	return out
}

// keys are made once for the fields with a name: most conditions have such.
var keys = func() map[Name][]Name {
	keys := make(map[Name][]Name, len(Known))
	for field := range Known {
		keys[field] = []Name{field}
	}
	return keys
}()

// Alone is the field as the key of a condition that looks at nothing else.
func Alone(field Name) []Name {
	if key, ok := keys[field]; ok {
		return key
	}
	return []Name{field}
}

// Drawn reports whether a field's value is drawn.
func Drawn(field Name) bool {
	return slices.ContainsFunc([]string{"numgen ", "jhash ", "symhash "}, func(kind string) bool { return strings.HasPrefix(string(field), kind) })
}
