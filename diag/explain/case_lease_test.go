package explain_test

import (
	"slices"
	"strings"
	"testing"

	"nstutor/diag/explain"
	"nstutor/internal/lab/labtest"
)

// TestWhoListensForDHCPClientsIsNamed: on the wire of a device without an address, or with
// one of another network; and of no other.
func TestWhoListensForDHCPClientsIsNamed(t *testing.T) {
	labtest.Slow(t)
	for name, c := range map[string]struct {
		fault, to, says string
	}{
		"no address":              {"pod-c: ip addr flush dev eth0", "10.244.1.10", "eth0, which has no address"},
		"another network":         {"pod-c: ip addr flush dev eth0\npod-c: ip addr add 172.16.5.9/24 dev eth0\npod-c: ip route add default via 172.16.5.1", "10.244.1.10", "172.16.5.9/24 is of another network"},
		"an address of it":        {"pod-c: ip route del default", "203.0.113.10", ""},
		"no address of the world": {"pod-c: ip route del default\npod-c: ip link add spare type veth peer name end\npod-c: ip link set spare up\npod-c: ip link set end up", "203.0.113.10", ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := bridged.build(t)
			b.serve([]string{"host udp 0.0.0.0:67"})
			b.run(c.fault)
			b.forget()
			for _, probe := range []bool{false, true} {
				a := b.explain(breakage{from: "pod-c", to: c.to}, probe)
				i := slices.IndexFunc(a.Cause.Evidence, func(line explain.Text) bool { return strings.Contains(line.In("en"), "DHCP") })
				if a.Verdict != explain.Broken || i >= 0 != (c.says != "") || i >= 0 && !strings.HasSuffix(a.Cause.Evidence[i].In("en"), c.says) {
					t.Errorf("probe %v: %s\n%s", probe, a.Verdict, b.account(a))
				}
				if i >= 0 {
					t.Log(a.Cause.Evidence[i].In("en"))
					t.Log(a.Cause.Evidence[i].In("zh"))
				}
			}
		})
	}
}
