package explain_test

import (
	"flag"
	"fmt"
	"net/netip"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"nstutor/internal/lab/labtest"
	"nstutor/internal/nsenter"
)

var randomSix = flag.Int("random.six", 12, "how many random networks to try that are of IPv6")

// TestRandomNetworksOfIPv6: the same networks and faults, said in the words of the other
// IP, as far as it has them.
func TestRandomNetworksOfIPv6(t *testing.T) {
	labtest.Slow(t)
	for _, tool := range []string{"ip", "bridge", "sysctl", "ip6tables", "ip6tables-legacy", "nft", "sh"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Logf("the networks cannot be built: %v", err)
			return
		}
	}
	tryRandom(t, func(yield func(uint64, *network) bool) {
		for seed, tried := *randomFrom, 0; tried < *randomSix; seed++ {
			if n := newNetwork(seed); n.six() {
				tried++
				if !yield(seed, n) {
					return
				}
			}
		}
	})
}

// What the networks of IPv4 become: the private ones a range of one's own, the others one
// for documentation.
var (
	ownRange6 = netip.MustParseAddr("fd64::")
	worldwide = netip.MustParseAddr("2001:db8:64::")
)

// sixthAddr is the address that stands for one of IPv4.
func sixthAddr(a netip.Addr) netip.Addr {
	if !a.Is4() {
		return a
	}
	base := worldwide
	if a.IsPrivate() || a.IsLinkLocalUnicast() {
		base = ownRange6
	}
	bytes, four := base.As16(), a.As4()
	copy(bytes[12:], four[:])
	return netip.AddrFrom16(bytes)
}

func sixthPrefix(p netip.Prefix) netip.Prefix {
	switch {
	case !p.IsValid() || !p.Addr().Is4():
		return p
	case p.Bits() == 0:
		return netip.PrefixFrom(netip.IPv6Unspecified(), 0)
	}
	return netip.PrefixFrom(sixthAddr(p.Addr()), p.Bits()+96)
}

var (
	fourth = regexp.MustCompile(`\b\d+\.\d+\.\d+\.\d+\b(/\d+)?`)
	// unsaid is what IPv6 has not, or not like that. Which of several next hops a packet
	// takes, its flow label decides, and neighbour discovery is untracked.
	unsaid = regexp.MustCompile(`rp_filter|arp_(ignore|announce|filter)|proxy_arp|send_redirects|table arp|arp operation|ether type arp|icmp_echo_ignore_all|ip_default_ttl|--ttl|ip ttl|TTL|-f -j| -f | -g SUB -f|u32|--icmp-type (8/0|any)|type vxlan|iphdr|static-arp|ipv4_addr|vmap|conf\.\S+\.forwarding|broadcast|255\.255|nexthop via|policy drop; }; add rule ip noise`)
)

// sixthWords are the words of IPv4, and those of IPv6.
var sixthWords = strings.NewReplacer(
	"iptables-legacy", "ip6tables-legacy", "iptables", "ip6tables", "bridge-nf-call-iptables", "bridge-nf-call-ip6tables",
	"-p icmp ", "-p icmpv6 ", "--icmp-type", "--icmpv6-type", "-m icmp ", "-m icmp6 ",
	"icmp type", "icmpv6 type", "ip protocol icmp", "meta l4proto icmpv6", "{ icmp,", "{ icmpv6,", "l4proto icmp ", "l4proto icmpv6 ", "ip protocol ", "meta l4proto ",
	"ip saddr", "ip6 saddr", "ip daddr", "ip6 daddr", "table ip ", "table ip6 ", "chain ip ", "chain ip6 ", "rule ip ", "rule ip6 ", "set ip ", "set ip6 ", "element ip ", "element ip6 ",
	"ip rule ", "ip -6 rule ", "net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding", "arp_cache", "ndisc_cache",
)

// sixthNumber is an address or a prefix as it stands in a text.
func sixthNumber(s string) string {
	addr, bits, ok := strings.Cut(s, "/")
	if !ok {
		return sixthAddr(netip.MustParseAddr(s)).String()
	}
	length, _ := strconv.Atoi(bits)
	return sixthPrefix(netip.PrefixFrom(netip.MustParseAddr(addr), length)).String()
}

// sixthText is a command of IPv6; false where there is none.
func sixthText(text string) (string, bool) {
	if unsaid.MatchString(text) {
		return "", false
	}
	text = fourth.ReplaceAllStringFunc(text, sixthNumber)
	text = sixthWords.Replace(text + " ")
	if reject, ok := strings.CutPrefix(text, "ip route add "); ok && strings.Contains(text, " default table ") {
		text = "ip -6 route add " + reject
	}
	return strings.TrimSpace(text), !strings.Contains(text, "net.ipv4")
}

// notOfSix are kinds of faults that are none there, or not for long: no device has an
// address twice, and what hosts send by themselves moves the entries of a bridge.
var notOfSix = []string{"wrong netmask", "static fdb", "learning off"}

// six turns the network into one of IPv6; false where a command that matters has no
// words there. What does not matter is left out.
func (n *network) six() bool {
	if n.tunnel != "" || slices.ContainsFunc(n.nodes, func(s *site) bool { return s.style == "proxy" || s.style == "published" }) {
		return false
	}
	for _, ns := range n.spaces {
		var said []string
		for _, text := range n.setup[ns] {
			six, ok := sixthText(text)
			switch {
			case ok:
				said = append(said, six)
			case strings.HasPrefix(text, "ip addr") || strings.HasPrefix(text, "ip route"):
				return false
			}
		}
		n.setup[ns] = said
	}
	for i := range n.broken {
		s := &n.broken[i]
		if s.before != nil && len(s.commands) > 0 || slices.Contains(notOfSix, s.kind) {
			return false
		}
		s.name = fourth.ReplaceAllStringFunc(s.name, sixthNumber)
		for j := range s.commands {
			six, ok := sixthText(s.commands[j].text)
			if !ok {
				return false
			}
			s.commands[j].text = six
		}
		s.codes, s.at = nil, nil // the other IP has other consequences
	}
	n.source, n.dest, n.real = sixthAddr(n.source), sixthAddr(n.dest), sixthAddr(n.real)
	for _, s := range n.nodes {
		s.addr, s.subnet = sixthAddr(s.addr), sixthPrefix(s.subnet)
	}
	if n.size > 0 {
		n.size -= 20 // the header is longer
	}
	n.v6 = true
	return true
}

// openSix has a namespace use IPv6 at once, and tell of each refusal.
func openSix(ns *nsenter.Namespace) error {
	for _, set := range []string{
		"conf/default/accept_dad=0", "conf/default/disable_ipv6=0", "conf/all/disable_ipv6=0", "icmp/ratelimit=0",
	} {
		key, value, _ := strings.Cut(set, "=")
		if err := ns.WriteSysctl("net/ipv6/"+key, value); err != nil {
			return fmt.Errorf("%s: %w", ns.Name(), err)
		}
	}
	return nil
}
