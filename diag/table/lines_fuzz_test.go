package table

import (
	"net"
	"net/netip"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// FuzzLines: whatever devices and namespaces are called, a line of a table is one
// line, and does nothing to a terminal.
func FuzzLines(f *testing.F) {
	for _, name := range []string{"eth0", "\x1b[2J", "a\nb", "\u202egpj", "\xff\x9b1m", "\u009b1m", "\x00", "\t", "eth0.5", "网卡", "e\u0301", "\u2028"} {
		f.Add(name, uint32(1))
	}
	f.Fuzz(func(t *testing.T, name string, n uint32) {
		p, a := netip.MustParsePrefix("10.0.0.0/24"), netip.MustParseAddr("10.0.0.1")
		mac, i := net.HardwareAddr{2, 0, 0, 0, 0, 1}, int(int32(n))
		route := Route{Dst: p, Via: a, Dev: name, Table: i, TOS: i & 0xff, Type: name, Proto: name, Scope: name, Metrics: name, Pref: name, NHID: i,
			Nexthops: []Nexthop{{Via: a, Dev: name, Weight: i}}}
		link := Link{Index: i, Name: name, Peer: name, Type: name, Flags: []string{name}, Qdisc: name, Master: name, State: name, Mode: name, Group: name,
			QLen: i, MAC: mac, Broadcast: mac, PermMAC: net.HardwareAddr{2}, PeerNetns: name, PeerNetnsID: i}
		for what, line := range map[string]string{
			"link": link.Line(), "address": link.AddressLine(),
			"addr":      Addr{Index: i, Dev: name, Prefix: p, Scope: name, Flags: []string{name}, Label: name, Metric: i}.Line(),
			"route":     strings.ReplaceAll(route.Line(), "\\\t", ""),
			"reply":     strings.ReplaceAll(RouteReply{Route: route, IIF: name}.Line(), "\\\t", ""),
			"neighbour": Neighbour{Dst: a, Dev: name, MAC: mac, State: name, Proto: name}.Line(),
			"rule": strings.Replace(PolicyRule{Family: 4, Priority: i, Src: p, IIF: name, OIF: name, Mark: n, Mask: n, IPProto: i, SPort: &[2]uint16{1, 2},
				Action: name, Table: i, Goto: i, Proto: name, TOS: i & 0xff}.Line(), "\t", "", 1),
			"fdb":    FDBEntry{MAC: mac, Dev: name, Master: name, State: name, Dst: a, Via: name, Flags: []string{name}, VLAN: i}.Line(),
			"sysctl": Sysctl{"net.ipv4.conf." + name + ".forwarding", name}.Line(),
		} {
			if at := strings.IndexFunc(line, func(c rune) bool { return !unicode.IsPrint(c) }); at >= 0 || !utf8.ValidString(line) {
				t.Errorf("the %s of %q is %q", what, name, line)
			}
		}
		if words := route.Args(); len(strings.Fields(name)) == 1 && strings.TrimSpace(name) == name && !contains(words, name) {
			t.Errorf("the words of a route over %q are %q", name, words)
		}
	})
}

func contains(words []string, word string) bool {
	for _, w := range words {
		if w == word {
			return true
		}
	}
	return false
}
