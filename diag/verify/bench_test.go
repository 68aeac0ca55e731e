package verify

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"nstutor/diag/explain"
	"nstutor/diag/explain/machine"
)

// BenchmarkTry is from the question to the stamp, as `explain --verify` is: on a node with
// three pods, with a hundred, and with a thousand, of which three namespaces are on the
// path. What it may take is 150 ms, one second, and three.
func BenchmarkTry(b *testing.B) {
	for _, pods := range []int{3, 100, 1000} {
		b.Run(fmt.Sprint(pods), func(b *testing.B) {
			n := build(b, routed, "pod", "host", "inet")
			for i := 2; i <= pods; i++ {
				name := fmt.Sprintf("pod%d", i)
				n.spaces[name] = build(b, "", name).spaces[name]
				var s strings.Builder
				addr := fmt.Sprintf("10.244.%d.%d", 2+i/200, 1+i%200)
				fmt.Fprintf(&s, "%s: ip link add eth0 type veth peer name v%d netns host && ip addr add %s/24 dev eth0 && ip link set eth0 up\n", name, i, addr)
				fmt.Fprintf(&s, "host: ip link set v%d up && ip route add %s dev v%d", i, addr, i)
				n.run(s.String())
			}
			n.run("host: sysctl -qw net.ipv4.ip_forward=0")
			for b.Loop() {
				if v, err := askAndTry(b); err != nil || !v.Passed {
					b.Fatalf("%+v, %v", v, err)
				}
			}
		})
	}
}

func askAndTry(b *testing.B) (*Verified, error) {
	begun := Begin(b.Context())
	defer begun.Leave()
	world := machine.New()
	defer world.Close()
	from, err := world.Open("pod")
	if err != nil {
		return nil, err
	}
	req := explain.Request{From: from, Dest: netip.MustParseAddr("203.0.113.10")}
	a, err := explain.Explain(b.Context(), world, req)
	if err != nil {
		return nil, err
	}
	return begun.Try(b.Context(), world, req, a)
}
