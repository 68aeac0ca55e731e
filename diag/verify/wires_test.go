package verify

import (
	"fmt"
	"strings"
	"testing"

	"nstutor/diag/explain"
	"nstutor/diag/explain/machine"
)

// A node with more pods than are copied: their wires stay, and of those that lead to nobody
// whom the flow is about, some have nobody at their other end.
func TestWiresByWhichNothingPassesAreLeftAlone(t *testing.T) {
	n := build(t, routed, "pod", "host", "inet")
	const pods = 2 * mostWires
	for i := 1; i <= pods; i++ {
		name := fmt.Sprintf("pod%d", i)
		n.spaces[name] = build(t, "", name).spaces[name]
		var s strings.Builder
		fmt.Fprintf(&s, "%s: ip link add eth0 type veth peer name v%d netns host && ip addr add 10.244.2.%d/24 dev eth0 && ip link set eth0 up && ip route add default dev eth0\n", name, i, i)
		fmt.Fprintf(&s, "host: ip link set v%d up && ip route add 10.244.2.%d dev v%d", i, i, i)
		n.run(s.String())
	}
	last := fmt.Sprintf("10.244.2.%d", pods)
	n.answered("host", last)
	for i := 1; i <= pods; i++ {
		n.hide(fmt.Sprintf("pod%d", i))
	}
	n.run("host: iptables -A OUTPUT -p icmp -d " + last + " -j DROP")

	world := machine.New()
	defer world.Close()
	from, err := world.Open("pod")
	if err != nil {
		t.Fatal(err)
	}
	a := explain.Answer{Destination: last, Source: "10.244.1.1"}
	host, err := world.Open("host")
	if err != nil {
		t.Fatal(err)
	}
	c := copies{spaces: []*machine.Space{from, host}, names: []string{"pod", "host"}}
	network, err := c.read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c.shorten(network, a)
	alone := map[string]bool{}
	for _, l := range network.Spaces[1].Links {
		if l.Alone {
			alone[l.Name] = true
		}
	}
	if len(alone) != pods-mostWires || alone[fmt.Sprintf("v%d", pods)] {
		t.Errorf("alone are %v", alone)
	}

	n.sends = true
	v, a := n.try("host", last, nil)
	if v == nil || !v.Passed || v.Before != SameCause {
		t.Fatalf("%s: %v: %+v", a.Cause.Code, a.Fix, v)
	}
	n.apply(v.Fix)
	n.answered("host", last)
}
