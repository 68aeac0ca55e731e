package netfile

import "golang.org/x/sys/unix"

// kind is what is in an attribute.
type kind int

const (
	raw     kind = iota // bytes of which nobody here knows what they say
	blob                // bytes that say nothing of names and addresses
	number              // of 1, 2, 4 or 8 bytes, in the machine's order
	network             // the same in the network's order
	word                // a string, with its zero
	dev                 // the name of a device
	label               // the name of a chain, a set, an object
	addr                // 4 or 16 bytes
	mac                 // 6 bytes
	flag                // nothing: it is there
	nest                // attributes
	array               // numbers of 4 bytes, each at the place that is a field's number
	hops                // struct rtnexthop, each with attributes
)

// field is an attribute that has a name.
type field struct {
	id   uint16
	name string
	kind kind
	in   *schema
	// by has the attributes of a nest that depend on the word before it: a device's
	// kind, the name of an expression.
	by map[string]*schema
	// sparse is a switch that next to nobody uses: it is only told where it is on.
	sparse bool
}

// part is a number at the beginning of a row.
type part struct {
	name string
	size int // bytes; of name "": padding
}

// schema is what a row, or a nest, is made of.
type schema struct {
	head   []part
	fields []field
	closed bool // other attributes are what a kernel only tells
}

func (s *schema) headSize() (n int) {
	for _, p := range s.head {
		n += p.size
	}
	return n
}

func (s *schema) byID(id uint16) *field {
	for i := range s.fields {
		if s.fields[i].id == id {
			return &s.fields[i]
		}
	}
	return nil
}

func (s *schema) byName(name string) *field {
	for i := range s.fields {
		if s.fields[i].name == name {
			return &s.fields[i]
		}
	}
	return nil
}

var addrRow = &schema{
	head: []part{{"family", 1}, {"prefixlen", 1}, {"flags8", 1}, {"scope", 1}, {"index", 4}},
	fields: []field{
		{id: unix.IFA_ADDRESS, name: "address", kind: addr}, {id: unix.IFA_LOCAL, name: "local", kind: addr},
		{id: unix.IFA_LABEL, name: "label", kind: dev}, {id: unix.IFA_BROADCAST, name: "broadcast", kind: addr},
		{id: unix.IFA_FLAGS, name: "flags", kind: number}, {id: unix.IFA_RT_PRIORITY, name: "metric", kind: number},
		{id: 11, name: "proto", kind: number},
	},
	closed: true,
}

var nextHopRow = &schema{
	head: []part{{"family", 1}, {"scope", 1}, {"protocol", 1}, {"", 1}, {"flags", 4}},
	fields: []field{
		{id: unix.NHA_ID, name: "id", kind: number}, {id: unix.NHA_GROUP, name: "group", kind: blob},
		{id: unix.NHA_GROUP_TYPE, name: "group-type", kind: number}, {id: unix.NHA_BLACKHOLE, name: "blackhole", kind: flag},
		{id: unix.NHA_OIF, name: "oif", kind: number}, {id: unix.NHA_GATEWAY, name: "gateway", kind: addr},
		{id: unix.NHA_ENCAP_TYPE, name: "encap-type", kind: number}, {id: unix.NHA_ENCAP, name: "encap", kind: raw},
		{id: 11, name: "fdb", kind: flag}, {id: 12, name: "buckets", kind: nest, in: &schema{closed: true, fields: numbers(1, 2, 3)}}, // NHA_FDB, NHA_RES_GROUP
	},
	closed: true,
}

var routeFields = []field{
	{id: unix.RTA_DST, name: "dst", kind: addr}, {id: unix.RTA_SRC, name: "src", kind: addr},
	{id: unix.RTA_IIF, name: "iif", kind: number}, {id: unix.RTA_OIF, name: "oif", kind: number},
	{id: unix.RTA_GATEWAY, name: "gateway", kind: addr}, {id: unix.RTA_PRIORITY, name: "metric", kind: number},
	{id: unix.RTA_PREFSRC, name: "prefsrc", kind: addr}, {id: unix.RTA_METRICS, name: "metrics", kind: blob},
	{id: unix.RTA_FLOW, name: "flow", kind: number}, {id: unix.RTA_TABLE, name: "in-table", kind: number},
	{id: unix.RTA_MARK, name: "mark", kind: number}, {id: unix.RTA_PREF, name: "pref", kind: number},
	{id: unix.RTA_ENCAP_TYPE, name: "encap-type", kind: number}, {id: unix.RTA_ENCAP, name: "encap", kind: raw},
	{id: unix.RTA_VIA, name: "via", kind: raw}, {id: unix.RTA_TTL_PROPAGATE, name: "ttl-propagate", kind: number},
	{id: 30, name: "nhid", kind: number}, // RTA_NH_ID
}

// hop is one of several next hops: struct rtnexthop but for its length.
var hop = &schema{head: []part{{"flags", 1}, {"weight-1", 1}, {"index", 4}}, fields: routeFields, closed: true}

var routeRow = &schema{
	head:   []part{{"family", 1}, {"dst-len", 1}, {"src-len", 1}, {"tos", 1}, {"table", 1}, {"protocol", 1}, {"scope", 1}, {"type", 1}, {"flags", 4}},
	fields: append([]field{{id: unix.RTA_MULTIPATH, name: "hops", kind: hops, in: hop}}, routeFields...),
	closed: true,
}

var ruleRow = &schema{
	head: []part{{"family", 1}, {"dst-len", 1}, {"src-len", 1}, {"tos", 1}, {"table", 1}, {"", 2}, {"action", 1}, {"flags", 4}},
	fields: []field{
		{id: unix.FRA_DST, name: "dst", kind: addr}, {id: unix.FRA_SRC, name: "src", kind: addr}, {id: unix.FRA_IIFNAME, name: "iif", kind: dev},
		{id: unix.FRA_OIFNAME, name: "oif", kind: dev}, {id: unix.FRA_GOTO, name: "goto", kind: number}, {id: unix.FRA_PRIORITY, name: "priority", kind: number},
		{id: unix.FRA_FWMARK, name: "fwmark", kind: number}, {id: unix.FRA_FWMASK, name: "fwmask", kind: number}, {id: unix.FRA_FLOW, name: "flow", kind: number},
		{id: unix.FRA_TUN_ID, name: "tunnel", kind: network}, {id: unix.FRA_SUPPRESS_IFGROUP, name: "suppress-group", kind: number},
		{id: unix.FRA_SUPPRESS_PREFIXLEN, name: "suppress-prefixlen", kind: number}, {id: unix.FRA_TABLE, name: "in-table", kind: number},
		{id: unix.FRA_L3MDEV, name: "l3mdev", kind: number}, {id: unix.FRA_UID_RANGE, name: "uids", kind: blob}, {id: unix.FRA_PROTOCOL, name: "protocol", kind: number},
		{id: unix.FRA_IP_PROTO, name: "ip-proto", kind: number}, {id: unix.FRA_SPORT_RANGE, name: "sports", kind: blob}, {id: unix.FRA_DPORT_RANGE, name: "dports", kind: blob},
	},
	closed: true,
}

var neighbourRow = &schema{
	head: []part{{"family", 1}, {"", 3}, {"index", 4}, {"state", 2}, {"flags", 1}, {"type", 1}},
	fields: []field{
		{id: unix.NDA_DST, name: "dst", kind: addr}, {id: unix.NDA_LLADDR, name: "lladdr", kind: mac}, {id: unix.NDA_VLAN, name: "vlan", kind: number},
		{id: unix.NDA_PORT, name: "port", kind: network}, {id: unix.NDA_VNI, name: "vni", kind: number}, {id: unix.NDA_IFINDEX, name: "via", kind: number},
		// NDA_PROTOCOL is 12, NDA_NH_ID 13, NDA_FLAGS_EXT 15.
		{id: unix.NDA_MASTER, name: "master", kind: number}, {id: unix.NDA_SRC_VNI, name: "src-vni", kind: number}, {id: 12, name: "protocol", kind: number},
		{id: 13, name: "nhid", kind: number}, {id: 15, name: "flags-ext", kind: number},
	},
	closed: true,
}

// timerRow has of ARP's parameters those that a copy takes.
var timerRow = &schema{
	head: []part{{"family", 1}, {"", 3}},
	fields: []field{
		{id: 1, name: "table", kind: word}, // NDTA_NAME
		{id: 6, name: "parms", kind: nest, in: &schema{closed: true, fields: []field{ // NDTA_PARMS
			{id: 1, name: "index", kind: number}, {id: 9, name: "app-probes", kind: number}, {id: 10, name: "unicast-probes", kind: number},
			{id: 11, name: "multicast-probes", kind: number}, {id: 16, name: "queue-bytes", kind: number},
		}}},
	},
	closed: true,
}
