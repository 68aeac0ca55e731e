package exercise

import (
	"strings"
	"testing"

	"nstutor/diag/explain"
	"nstutor/diag/explain/cause"
	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/steps"
)

// TestTheFirstHintIsAMethod: for every cause it names a question and the table that
// answers it, and no namespace.
func TestTheFirstHintIsAMethod(t *testing.T) {
	last := methods[len(methods)-1].In("en")
	for _, c := range cause.All() {
		if len(c.Table) == 0 {
			continue // nothing is wrong
		}
		text := methodOf(c.Table).In("en")
		if !strings.HasPrefix(text, order.In("en")) || strings.HasSuffix(text, last) {
			t.Errorf("%s: %q has no method: %s", c.Code, c.Table, text)
		}
	}
	for command, table := range map[string]string{
		"ip route":               "ip route",
		"iptables-save":          "iptables",
		"sysctl net.ipv4.x":      "sysctl",
		"iptables -t nat -vnL":   "iptables -t nat",
		"ping -c 3 203.0.113.10": "",
		"tcpdump -n icmp":        "tcpdump",
		"sysctl -a -r rp_filter": "sysctl -a -r rp_filter",
	} {
		for _, m := range methods {
			if m.table == table && !strings.HasSuffix(methodOf(strings.Fields(command)).In("en"), m.In("en")) {
				t.Errorf("%s: %s", command, methodOf(strings.Fields(command)).In("en"))
			}
		}
	}
}

// A rule that nft has made in a table of its own is in no output of iptables.
func TestTheSecondHintLooksWhereTheRuleIs(t *testing.T) {
	nft, iptables := change.In(lab.Host, "nft", "insert", "rule", "ip", "guard", "passing", "accept"), change.In(lab.Host, "iptables", "-I", "FORWARD", "-j", "ACCEPT")
	for _, c := range []struct {
		fix  change.Command
		code cause.Code
		look string
	}{
		{nft, cause.Filtered, "nft list ruleset"},
		{iptables, cause.Filtered, "iptables -vnL"},
		{change.In("shop", nft.Argv...), cause.Filtered, "iptables -vnL"},
		{nft, cause.NoRoute, "ip route"},
	} {
		a := explain.Answer{Cause: explain.Fault{Code: c.code, Netns: lab.Host}, Fix: []change.Command{c.fix}}
		if look := steps.Look(lookFor(a)); look != c.look {
			t.Errorf("%s, mended by %s: %s, want %s", c.code, c.fix, look, c.look)
		}
	}
}

// What is typed in the node names no namespace, and the prompt may be in another one.
func TestTheLastHintSaysWhereItIsTyped(t *testing.T) {
	in, out := change.In(lab.Host, "ip", "link", "set", "veth-shop", "up"), change.In("shop", "ip", "link", "set", "eth0", "up")
	for want, lines := range map[string][]change.Command{
		"In host, type: `ip link set veth-shop up`":                                           {in},
		"Type: `ip netns exec shop ip link set eth0 up`":                                      {out},
		"In host, type: `ip netns exec shop ip link set eth0 up`; `ip link set veth-shop up`": {out, in},
	} {
		if got := typed(lines).String(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
