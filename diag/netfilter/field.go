package netfilter

import (
	"bytes"
	"fmt"
	"slices"

	"golang.org/x/sys/unix"
)

// fieldInfo is how a field's values are kept and written.
type fieldInfo struct {
	size int  // bytes
	host bool // the kernel keeps it in the machine's byte order
	text func([]byte) string
}

// ruleFields are the fields with a name.
var ruleFields = withFIB(map[Field]fieldInfo{
	"ip saddr": {4, false, addrText}, "ip daddr": {4, false, addrText},
	"ip protocol": {1, false, protocolText}, "ip ttl": {1, false, numberText},
	"ip length": {2, false, numberText}, "ip id": {2, false, numberText},
	"ip6 saddr": {16, false, addrText}, "ip6 daddr": {16, false, addrText},
	"ip6 nexthdr": {1, false, protocolText}, "ip6 hoplimit": {1, false, numberText},
	"arp operation": {2, false, namesText(arpNames)}, "arp saddr ether": {6, false, macText}, "arp saddr ip": {4, false, addrText}, "arp daddr ip": {4, false, addrText},
	"ether saddr": {6, false, macText}, "ether daddr": {6, false, macText},
	"ether type": {2, false, namesText(etherNames)},
	"tcp sport":  {2, false, numberText}, "tcp dport": {2, false, numberText},
	"tcp flags": {1, false, bitsText(tcpFlagNames)},
	"udp sport": {2, false, numberText}, "udp dport": {2, false, numberText},
	"sctp sport": {2, false, numberText}, "sctp dport": {2, false, numberText},
	"th sport": {2, false, numberText}, "th dport": {2, false, numberText},
	"icmp type": {1, false, namesText(icmpNames)}, "icmp code": {1, false, numberText},
	"icmpv6 type": {1, false, namesText(icmpv6Names)}, "icmpv6 code": {1, false, numberText},

	"meta length": {4, true, numberText}, "meta protocol": {2, false, namesText(etherNames)},
	"meta priority": {4, true, hexText}, "meta mark": {4, true, markText},
	"iif": {4, true, numberText}, "oif": {4, true, numberText},
	"iifname": {unix.IFNAMSIZ, false, deviceText}, "oifname": {unix.IFNAMSIZ, false, deviceText},
	"iiftype": {2, true, numberText}, "oiftype": {2, true, numberText},
	"meta skuid": {4, true, numberText}, "meta skgid": {4, true, numberText}, "meta nftrace": {1, true, numberText},
	"meta nfproto":  {1, false, namesText(map[uint64]string{unix.NFPROTO_IPV4: "ipv4", unix.NFPROTO_IPV6: "ipv6"})},
	"meta l4proto":  {1, false, protocolText},
	"meta ibrname":  {unix.IFNAMSIZ, false, deviceText},
	"meta obrname":  {unix.IFNAMSIZ, false, deviceText},
	"meta pkttype":  {1, false, namesText(map[uint64]string{0: "host", 1: "broadcast", 2: "multicast", 3: "other"})},
	"meta cpu":      {4, true, numberText},
	"meta iifgroup": {4, true, numberText},
	"meta oifgroup": {4, true, numberText},
	"meta cgroup":   {4, true, numberText}, "meta time": {8, true, numberText}, "meta day": {1, false, numberText}, "meta hour": {4, true, func(b []byte) string { return fmt.Sprintf("\"%02d:%02d\"", number(b)/3600, number(b)/60%60) }},
	"ct state":     {4, true, bitsText(ctStateNames)},
	"ct direction": {1, false, namesText(map[uint64]string{0: "original", 1: "reply"})},
	"ct status":    {4, true, bitsText(ctStatusNames)},
	"ct mark":      {4, true, markText},
	"ct zone":      {2, true, numberText},
	"ct l3proto":   {1, false, numberText},
	"ct protocol":  {1, false, protocolText},
	"verdict":      {0, false, hexText},
})

// metaFields are the meta expression's keys, by number.
var metaFields = map[uint32]Field{
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

// ctFields are the ct expression's keys, by number, that do not depend on
// the direction.
var ctFields = map[uint32]Field{
	unix.NFT_CT_STATE: "ct state", unix.NFT_CT_DIRECTION: "ct direction", unix.NFT_CT_STATUS: "ct status",
	unix.NFT_CT_MARK: "ct mark", unix.NFT_CT_ZONE: "ct zone", unix.NFT_CT_L3PROTOCOL: "ct l3proto",
	unix.NFT_CT_PROTOCOL: "ct protocol",
}

// payload is where a field lies in the packet, when the packet is of proto.
type payload struct {
	base   uint32
	proto  string
	offset uint32
	field  Field
}

var payloads = []payload{
	{unix.NFT_PAYLOAD_LL_HEADER, "", 0, "ether daddr"}, {unix.NFT_PAYLOAD_LL_HEADER, "", 6, "ether saddr"},
	{unix.NFT_PAYLOAD_LL_HEADER, "", 12, "ether type"},
	{unix.NFT_PAYLOAD_NETWORK_HEADER, "ip", 2, "ip length"}, {unix.NFT_PAYLOAD_NETWORK_HEADER, "ip", 4, "ip id"},
	{unix.NFT_PAYLOAD_NETWORK_HEADER, "ip", 8, "ip ttl"}, {unix.NFT_PAYLOAD_NETWORK_HEADER, "ip", 9, "ip protocol"},
	{unix.NFT_PAYLOAD_NETWORK_HEADER, "ip", 12, "ip saddr"}, {unix.NFT_PAYLOAD_NETWORK_HEADER, "ip", 16, "ip daddr"},
	{unix.NFT_PAYLOAD_NETWORK_HEADER, "ip6", 6, "ip6 nexthdr"}, {unix.NFT_PAYLOAD_NETWORK_HEADER, "ip6", 7, "ip6 hoplimit"},
	{unix.NFT_PAYLOAD_NETWORK_HEADER, "ip6", 8, "ip6 saddr"}, {unix.NFT_PAYLOAD_NETWORK_HEADER, "ip6", 24, "ip6 daddr"},
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

// payloadField names the bytes of a packet known to be of the protocols
// network and transport. A load that is shorter than its field, as for
// 10.0.0.0/8, is of the field's first bytes.
func payloadField(base, offset, size uint32, network, transport string) Field {
	for _, p := range payloads {
		if p.base == base && p.offset == offset && int(size) <= ruleFields[p.field].size &&
			(p.proto == "" || p.proto == network || p.proto == transport) {
			if p.base != unix.NFT_PAYLOAD_NETWORK_HEADER && int(size) != ruleFields[p.field].size {
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
	return Field(fmt.Sprintf("@%s,%d,%d", name, offset*8, size*8))
}

// typeFields gives, for each data type of a set's key, a field that has it.
// The numbers are nft's own (enum datatypes), 6 bits each in a concatenation.
func typeFields(keyType uint32) []Field {
	byType := map[uint32]Field{
		7: "ip saddr", 8: "ip6 saddr", 9: "ether saddr", 10: "ether type", 12: "meta l4proto", 13: "th dport",
		14: "icmp type", 19: "meta mark", 20: "iif", 26: "ct state", 29: "icmpv6 type", 31: "meta pkttype",
		38: "fib daddr type", 41: "iifname",
	}
	var fields []Field
	for {
		fields = append(fields, byType[keyType&0x3f])
		if keyType >>= 6; keyType == 0 {
			slices.Reverse(fields)
			return fields
		}
	}
}

// networkOrder is b in network byte order.
func networkOrder(b []byte, host bool) []byte {
	out := bytes.Clone(b)
	if host && littleEndian {
		slices.Reverse(out)
	}
	return out
}
