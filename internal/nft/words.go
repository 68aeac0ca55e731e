package nft

import (
	"slices"
	"strings"
)

// Identifier reports whether nft can be told a table, a chain or a set of
// that name. The kernel takes any bytes for a name; the language of nft has
// letters, digits and / \ _ . for it, and words of its own that it takes for
// nothing else (src/scanner.l).
func Identifier(name string) bool {
	for i := 0; i < len(name); i++ {
		c := name[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '.'
		if !letter && (i == 0 || !(c >= '0' && c <= '9' || c == '/' || c == '\\' || c == '-')) {
			return false
		}
	}
	return name != "" && !slices.Contains(keywords, name)
}

// keywords are the words of the language that name nothing else: `add chain t WORD`
// is a syntax error in nft 1.0.6, or in a later one.
var keywords = []string{
	"accept", "add", "ah", "all", "and", "arp", "auto-merge", "bridge", "cgroup", "chain", "comment", "comp",
	"constant", "continue", "counter", "create", "ct", "day", "dccp", "delete", "describe", "destroy", "device",
	"devices", "dnat", "drop", "dst", "dup", "dynamic", "ecn", "element", "elements", "egress", "eq", "esp",
	"ether", "exists", "expires", "export", "exthdr", "fib", "flags", "flow", "flowtable", "flush", "frag", "fwd",
	"ge", "goto", "gt", "hbh", "hook", "hour", "ibriport", "icmp", "icmpv6", "iif", "iifgroup", "iifname",
	"iiftype", "import", "inet", "insert", "interval", "ip", "ip6", "ipsec", "jhash", "jump", "last", "le",
	"limit", "list", "log", "lt", "map", "mark", "masquerade", "meta", "meter", "mh", "missing", "monitor", "ne",
	"netdev", "nftrace", "not", "notrack", "numgen", "obriport", "oif", "oifgroup", "oifname", "oiftype", "or",
	"osf", "pkttype", "policy", "position", "priority", "queue", "quota", "random", "redirect", "reject",
	"rename", "replace", "reset", "return", "rt", "rtclassid", "rule", "ruleset", "sctp", "secmark", "set",
	"size", "skgid", "skuid", "snat", "socket", "symhash", "synproxy", "table", "tcp", "th", "time", "timeout",
	"tproxy", "type", "typeof", "udp", "udplite", "update", "vlan", "vmap", "xor", "xt",
}

// CanName reports whether nft can be told the name of a device: its strings
// have no way to write a quotation mark, and a * at the end is any end.
func CanName(name string) bool { return !strings.ContainsAny(name, "\"\n*\\") }
