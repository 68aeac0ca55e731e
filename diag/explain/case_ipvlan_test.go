package explain_test

import (
	"os/exec"
	"testing"

	"nstutor/diag/explain"
	"nstutor/diag/explain/cause"
	"nstutor/diag/probe"
	"nstutor/internal/lab/labtest"
)

// TestIPvlans: they have one MAC address together, and the kernel hands a packet to the one that
// has its destination. In mode l3 they ask for nobody, and need not.
func TestIPvlans(t *testing.T) {
	labtest.Slow(t)
	for _, c := range []struct {
		name, mode, gateway string
		more                string
		from, to            string
		want                explain.Verdict // after a ping
		code                cause.Code
		predicted           explain.Verdict
	}{
		{name: "pods in mode l2", mode: "l2", gateway: "via 192.168.6.1", from: "pod-a", to: "192.168.6.72", want: explain.Delivered, code: cause.None, predicted: explain.Delivered},
		{name: "pods in mode l3", mode: "l3", from: "pod-a", to: "192.168.6.72", want: explain.Delivered, code: cause.None, predicted: explain.Delivered},
		{name: "a pod that is down, in mode l3", mode: "l3", more: "pod-b: ip link set net1 down", from: "pod-a", to: "192.168.6.72", want: explain.Broken, code: cause.LinkDown, predicted: explain.Broken},
		{name: "the node's own, in mode l2", mode: "l2", more: "host: ip link add shim0 link eth0 type ipvlan mode l2\nhost: ip link set shim0 up\nhost: ip addr add 192.168.6.90/32 dev shim0\nhost: ip route add 192.168.6.72 dev shim0",
			from: "host", to: "192.168.6.72", want: explain.Delivered, code: cause.None, predicted: explain.Delivered},
		{name: "nobody beyond has a route to it, in mode l3", mode: "l3", more: "pod-a: ip addr add 10.26.0.2/24 dev net1\npod-a: ip route replace default dev net1 src 10.26.0.2",
			from: "pod-a", to: "203.0.113.10", want: explain.Broken, code: cause.NotKnown, predicted: explain.Undecided},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := bridged.build(t)
			if out, err := exec.Command("ip", "-n", b.real("host"), "link", "add", "net0", "link", "eth0", "type", "ipvlan").CombinedOutput(); err != nil {
				t.Skipf("this kernel has no ipvlan: %s", out)
			}
			b.run("host: ip link del net0")
			for i, pod := range []string{"pod-a", "pod-b"} {
				b.run("host: ip link add net0 link eth0 type ipvlan mode " + c.mode + "\nhost: ip link set net0 netns " + pod + " name net1\n" +
					pod + ": ip link del eth0\n" + pod + ": ip addr add 192.168.6.7" + string(rune('1'+i)) + "/24 dev net1\n" +
					pod + ": ip link set net1 up\n" + pod + ": ip route add default " + c.gateway + " dev net1")
			}
			b.run(c.more)
			b.hurry()
			b.hide("inet")
			ping := breakage{from: c.from, to: c.to}
			if c.want == explain.Delivered {
				if r := b.eventually(ping.journey()); r.Outcome != probe.Replied {
					t.Fatalf("nothing is broken: %s", r.Message)
				}
			}
			if a := b.explain(ping, false); a.Verdict != c.predicted {
				t.Errorf("without a probe: %s\n%s", a.Verdict, b.account(a))
			}
			if a := b.explain(ping, true); a.Verdict != c.want || a.Cause.Code != c.code || c.code == cause.NotKnown && len(a.Fix) > 0 {
				t.Errorf("%s, %s\n%s", a.Verdict, a.Cause.Code, b.account(a))
			}
		})
	}
}
