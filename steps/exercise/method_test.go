package exercise

import (
	"strings"
	"testing"

	"nstutor/diag/explain/cause"
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
