package verify

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"nstutor/diag/explain"
	"nstutor/diag/explain/machine"
)

// BenchmarkTry is from the answer to the stamp: on a node with one pod, and on one
// with a hundred, of which three namespaces are on the path.
func BenchmarkTry(b *testing.B) {
	for _, pods := range []int{1, 100} {
		b.Run(fmt.Sprint(pods), func(b *testing.B) {
			n := build(b, routed, "pod", "host", "inet")
			for i := 2; i <= pods; i++ {
				name := fmt.Sprintf("pod%d", i)
				n.spaces[name] = build(b, "", name).spaces[name]
				var s strings.Builder
				fmt.Fprintf(&s, "%s: ip link add eth0 type veth peer name v%d netns host && ip addr add 10.244.2.%d/24 dev eth0 && ip link set eth0 up\n", name, i, i)
				fmt.Fprintf(&s, "host: ip link set v%d up && ip route add 10.244.2.%d dev v%d", i, i, i)
				n.run(s.String())
			}
			n.run("host: sysctl -qw net.ipv4.ip_forward=0")
			world := machine.New()
			defer world.Close()
			from, err := world.Open("pod")
			if err != nil {
				b.Fatal(err)
			}
			req := explain.Request{From: from, Dest: netip.MustParseAddr("203.0.113.10")}
			a, err := explain.Explain(b.Context(), world, req)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if v, err := Try(b.Context(), world, req, a); err != nil || !v.Passed {
					b.Fatalf("%+v, %v", v, err)
				}
			}
		})
	}
}
