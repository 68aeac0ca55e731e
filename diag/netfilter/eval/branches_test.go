package eval_test

import (
	"fmt"
	"maps"
	"math"
	"net"
	"net/netip"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/table"
	"nstutor/internal/lab/labtest"
	"nstutor/internal/nsenter"
)

// The packets of these tests go to a service, which rules make one of three backends.
var (
	service  = netip.MustParseAddrPort("10.0.0.9:80")
	backends = []string{"10.0.0.1", "10.0.0.2", "10.0.0.3"}
)

// lottery is a set of rules, and what becomes of the packets to the service: an address
// or "drop", and how often.
type lottery struct {
	name, tool, rules string
	want              map[string]float64
	exact             bool // the kernel takes turns
}

func natOutput(rule string) string {
	return "table ip n { chain o { type nat hook output priority -100\n" + rule + "\n}\n}\n"
}

func filterOutput(rules string) string {
	return "table ip f { chain x { drop\n}\n chain o { type filter hook output priority 0\n" + rules + "\n}\n}\n"
}

var thirds = map[string]float64{"10.0.0.1": 1. / 3, "10.0.0.2": 1. / 3, "10.0.0.3": 1. / 3}

var lotteries = []lottery{
	{name: "backends in turn", tool: "nft", exact: true, want: thirds,
		rules: natOutput("ip daddr 10.0.0.9 udp dport 80 dnat to numgen inc mod 3 map { 0 : 10.0.0.1, 1 : 10.0.0.2, 2 : 10.0.0.3 }")},
	{name: "backends at random, with an offset", tool: "nft", want: thirds,
		rules: natOutput("ip daddr 10.0.0.9 dnat to numgen random mod 3 offset 5 map { 5 : 10.0.0.1, 6 : 10.0.0.2, 7 : 10.0.0.3 }")},
	{name: "backends by weight", tool: "nft", exact: true, want: map[string]float64{"10.0.0.1": .75, "10.0.0.2": .25},
		rules: natOutput("ip daddr 10.0.0.9 dnat to numgen inc mod 4 map { 0-2 : 10.0.0.1, 3 : 10.0.0.2 }")},
	{name: "a map without all numbers", tool: "nft", exact: true, want: map[string]float64{"10.0.0.1": .25, "10.0.0.9": .75},
		rules: natOutput("ip daddr 10.0.0.9 dnat to numgen inc mod 4 map { 2 : 10.0.0.1 }")},
	{name: "an address and a port", tool: "nft", exact: true, want: map[string]float64{"10.0.0.1": .5, "10.0.0.2": .5},
		rules: natOutput("ip protocol udp dnat ip to numgen inc mod 2 map { 0 : 10.0.0.1 . 8080, 1 : 10.0.0.2 . 8081 }")},
	{name: "a hash of the connection", tool: "nft", want: map[string]float64{"10.0.0.1": .5, "10.0.0.2": .5},
		rules: natOutput("ip protocol udp dnat to jhash ip saddr . udp sport mod 2 map { 0 : 10.0.0.1, 1 : 10.0.0.2 }")},
	{name: "a map that asks the packet", tool: "nft", exact: true, want: map[string]float64{"10.0.0.3": 1},
		rules: natOutput("ip daddr 10.0.0.9 dnat to ip daddr map { 10.0.0.9 : 10.0.0.3, 10.0.0.8 : 10.0.0.1 }")},
	{name: "a map of address and port that asks the packet", tool: "nft", exact: true, want: map[string]float64{"10.0.0.2": 1},
		rules: natOutput("ip protocol udp dnat ip to ip daddr . udp dport map { 10.0.0.9 . 80 : 10.0.0.2 . 8080 }")},
	{name: "a verdict map", tool: "nft", exact: true, want: map[string]float64{"drop": .75, "10.0.0.9": .25},
		rules: filterOutput("ip daddr 10.0.0.9 numgen inc mod 4 vmap { 0 : drop, 1-2 : goto x, 3 : accept }")},
	{name: "one of four", tool: "nft", exact: true, want: map[string]float64{"drop": .25, "10.0.0.9": .75},
		rules: filterOutput("ip daddr 10.0.0.9 numgen inc mod 4 0 drop")},
	{name: "all but one of four, and again", tool: "nft", want: map[string]float64{"drop": .25 + .75*.5, "10.0.0.9": .75 * .5},
		rules: filterOutput("ip daddr 10.0.0.9 numgen random mod 4 < 1 drop\n numgen random mod 2 != 0 drop")},
	{name: "the port that was asked", tool: "nft", exact: true, want: map[string]float64{"drop": 1},
		rules: natOutput("ip protocol udp dnat ip to 10.0.0.1:8080") + filterOutput("meta l4proto udp ct original proto-dst 80 drop")},
	{name: "and not the one that it was given", tool: "nft", exact: true, want: map[string]float64{"10.0.0.1": 1},
		rules: natOutput("ip protocol udp dnat ip to 10.0.0.1:8080") + filterOutput("meta l4proto udp ct original proto-dst 8080 drop\n meta l4proto udp ct original proto-src 1 drop")},
	{name: "as kube-proxy does", tool: "iptables", want: thirds, rules: `
-t nat -N SVC
-t nat -A OUTPUT -d 10.0.0.9 -j SVC
-t nat -A SVC -m statistic --mode random --probability 0.33333333349 -j DNAT --to-destination 10.0.0.1
-t nat -A SVC -m statistic --mode random --probability 0.5 -j DNAT --to-destination 10.0.0.2
-t nat -A SVC -j DNAT --to-destination 10.0.0.3`},
	{name: "every third", tool: "iptables", exact: true, want: map[string]float64{"drop": 1. / 3, "10.0.0.9": 2. / 3}, rules: `
-A OUTPUT -d 10.0.0.9 -m statistic --mode nth --every 3 --packet 0 -j DROP`},
	{name: "every third in the old tables", tool: "iptables-legacy", exact: true, want: map[string]float64{"drop": 1. / 3, "10.0.0.9": 2. / 3}, rules: `
-A OUTPUT -d 10.0.0.9 -m statistic --mode nth --every 3 --packet 0 -j DROP`},
}

// TestEveryWayOfALotteryHasItsShare: what is said of the rules is what the kernel does
// with packets.
func TestEveryWayOfALotteryHasItsShare(t *testing.T) {
	for _, c := range lotteries {
		t.Run(c.name, func(t *testing.T) {
			tool, err := exec.LookPath(c.tool)
			if err != nil {
				t.Skip(err)
			}
			ns := sender(t)
			load(t, ns, tool, c.rules)
			said := shares(t, ns)
			if !near(said, c.want, 1e-6) {
				t.Errorf("said is %v, want %v", said, c.want)
			}
			if packets := 480; !c.exact {
				if seen := send(t, ns, packets); !near(seen, c.want, .1) { // four times the standard deviation
					t.Errorf("the kernel's are %v, want %v", seen, c.want)
				}
			} else if seen := send(t, ns, 48); !near(seen, c.want, 1e-6) {
				t.Errorf("the kernel's are %v, want %v", seen, c.want)
			}
		})
	}
}

// near reports whether two have the same outcomes, about as often.
func near(a, b map[string]float64, by float64) bool {
	for _, outcome := range slices.Concat(slices.Collect(maps.Keys(a)), slices.Collect(maps.Keys(b))) {
		if math.Abs(a[outcome]-b[outcome]) > by {
			return false
		}
	}
	return true
}

// sender is a namespace that has a route to the service and to all backends.
func sender(t *testing.T) *nsenter.Namespace {
	t.Helper()
	ns := labtest.Netns(t, "sender")
	h, err := ns.Handle()
	if err != nil {
		t.Fatal(err)
	}
	wire := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "out"}, PeerName: "far"}
	addr, _ := netlink.ParseAddr("10.0.0.254/24")
	for _, err := range []error{h.LinkAdd(wire), h.LinkSetARPOff(wire), h.LinkSetUp(wire), h.LinkSetUp(&netlink.Device{LinkAttrs: netlink.LinkAttrs{Name: "far"}}), h.AddrAdd(wire, addr)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return ns
}

func load(t *testing.T, ns *nsenter.Namespace, tool, rules string) {
	t.Helper()
	run := func(stdin string, args ...string) {
		cmd := exec.Command(tool, args...)
		cmd.Stdin = strings.NewReader(stdin)
		var out []byte
		if err := ns.Do(func() (err error) { out, err = cmd.CombinedOutput(); return err }); err != nil {
			t.Fatalf("%s %s: %v: %s", tool, args, err, out)
		}
	}
	if strings.HasSuffix(tool, "nft") {
		run(rules, "-f", "-")
		return
	}
	for line := range strings.Lines(rules) {
		if words := strings.Fields(line); len(words) > 0 {
			run("", words...)
		}
	}
}

// shares are the outcomes that Branches tells of a packet to the service.
func shares(t *testing.T, ns *nsenter.Namespace) map[string]float64 {
	t.Helper()
	set, err := netfilter.Open(ns)
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	one, err := table.OpenOne(ns)
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	p := eval.Packet{
		Src: netip.MustParseAddr("10.0.0.254"), Dst: service.Addr(), DstPort: service.Port(), SrcPort: 40000,
		Proto: unix.IPPROTO_UDP, CTState: eval.CTNew, OIF: "out", Length: 29, TTL: 64,
	}
	said, sum := map[string]float64{}, 0.0
	for _, b := range eval.Branches(set, "output", p, eval.Kernel{One: one}) {
		outcome := b.Packet.Dst.String()
		switch {
		case b.Drops():
			outcome = "drop"
		case b.Verdict != eval.VerdictAccept:
			t.Errorf("%s, because of %q", b.Verdict, b.Unsure)
		}
		said[outcome] += b.Share
		sum += b.Share
	}
	if math.Abs(sum-1) > 1e-9 {
		t.Errorf("all shares are %v: %v", sum, said)
	}
	return said
}

var counted = regexp.MustCompile(`ip daddr (\S+) counter packets (\d+)`)

// send sends packets of so many connections to the service, and counts where they go.
func send(t *testing.T, ns *nsenter.Namespace, packets int) map[string]float64 {
	t.Helper()
	nft, err := exec.LookPath("nft")
	if err != nil {
		t.Skip(err)
	}
	var rules strings.Builder
	for _, addr := range append(slices.Clone(backends), service.Addr().String()) {
		fmt.Fprintf(&rules, "ip daddr %s counter\n", addr)
	}
	load(t, ns, nft, "table ip count { chain p { type filter hook postrouting priority 300\n"+rules.String()+"}\n}\n")
	err = ns.Do(func() error {
		for i := range packets {
			// A port that was used before belongs to a connection that has its way already.
			from := &net.UDPAddr{IP: net.IPv4(10, 0, 0, 254), Port: 20000 + i}
			conn, err := net.DialUDP("udp4", from, net.UDPAddrFromAddrPort(service))
			if err != nil {
				return err
			}
			_, _ = conn.Write([]byte("x")) // a packet that is dropped is an error (EPERM)
			conn.Close()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var out []byte
	if err := ns.Do(func() (err error) {
		out, err = exec.Command(nft, "list", "table", "ip", "count").CombinedOutput()
		return err
	}); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	seen, passed := map[string]float64{}, 0
	for _, m := range counted.FindAllStringSubmatch(string(out), -1) {
		n, _ := strconv.Atoi(m[2])
		seen[m[1]], passed = float64(n)/float64(packets), passed+n
	}
	seen["drop"] = float64(packets-passed) / float64(packets)
	return seen
}
