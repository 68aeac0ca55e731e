package change

import (
	"slices"
	"strings"
)

// device are the words that name a device where ip takes options as well: one
// whose name could be an option is announced by dev.
func device(name string) []string {
	if strings.HasPrefix(name, "-") || slices.ContainsFunc(linkWords, func(word string) bool { return strings.HasPrefix(word, name) }) {
		return []string{"dev", name}
	}
	return []string{name}
}

// linkWords are what iplink_parse() of iproute2 takes before it takes a word for
// the name of a device. Some may be shortened.
var linkWords = []string{
	"addr", "address", "addrgenmode", "alias", "allmulticast", "arp", "bpf", "broadcast", "brd", "carrier", "dev", "dormant", "down",
	"dynamic", "group", "gro_ipv4_max_size", "gro_max_size", "gso_ipv4_max_size", "gso_max_segs", "gso_max_size", "help", "index",
	"link", "link-netns", "link-netnsid", "macaddr", "master", "mode", "mtu", "multicast", "name", "netns", "nomaster",
	"numrxqueues", "numtxqueues", "parentbus", "parentdev", "promisc", "protodown", "protodown_reason", "protocol", "qlen", "state",
	"trailers", "txqlen", "txqueuelen", "type", "up", "vf", "vrf", "xdp", "xdpdrv", "xdpgeneric", "xdpoffload",
}
