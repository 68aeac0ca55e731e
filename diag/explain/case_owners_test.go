package explain_test

import (
	"strings"
	"testing"

	"nstutor/diag/explain"
	"nstutor/diag/explain/cause"
	"nstutor/internal/lab/labtest"
)

// TestASecondOwnerIsToldOfThoughOneAnswers: the packet gets there, for the neighbour table
// leads to one of two who have the address, and the other one is told of. What stands in for
// an address, or has it on lo, is no second owner.
func TestASecondOwnerIsToldOfThoughOneAnswers(t *testing.T) {
	const (
		knows    = "pod-a: ip neigh replace 10.244.1.11 lladdr 02:00:00:00:b0:02 dev eth0 nud reachable\n"
		hasToo   = "pod-c: ip addr add 10.244.1.11/24 dev eth0\n"
		toHidden = "pod-b: ip neigh flush all\npod-a: ip neigh replace 10.244.1.11 lladdr 02:00:00:00:c0:02 dev eth0 nud reachable\n"
		// What is out of date, the kernel takes away in its own time (br_fdb_cleanup()).
		forgotten = "host: sh -c 'for i in $(seq 500); do bridge fdb show dev veth-pod-c | grep -q 02:00:00:00:c0:02 || exit 0; sleep 0.01; done; exit 1'"
	)
	for _, c := range []struct {
		name, script, hide, to string
		want                   string // the namespace of the notice; empty: there is none
		says                   string
		broken                 bool
	}{
		{name: "both can be seen", script: hasToo + knows, to: "10.244.1.11", want: "pod-c", says: "whose answer comes first"},
		{name: "the gateway's address", script: "pod-c: ip addr add 10.244.1.1/24 dev eth0\npod-a: ip neigh replace 10.244.1.1 lladdr 02:00:00:00:01:01 dev eth0 nud reachable", to: "192.168.6.160", want: "pod-c"},
		{name: "one cannot be seen, and answers", script: hasToo + toHidden, hide: "pod-c", to: "10.244.1.11", want: "pod-a", says: "who cannot be seen"},
		{name: "one cannot be seen, and has told the node", hide: "pod-c", to: "10.244.1.11", want: "pod-b", says: "behind veth-pod-c",
			script: hasToo + knows + "host: ip neigh replace 10.244.1.11 lladdr 02:00:00:00:c0:02 dev cni0 nud reachable\nhost: bridge fdb replace 02:00:00:00:c0:02 dev veth-pod-c master static"},
		{name: "one cannot be seen, and answers, and the bridge forgets where it is", script: hasToo + toHidden + "host: ip link set cni0 type bridge ageing_time 0\n" + forgotten, hide: "pod-c", to: "10.244.1.11", want: "pod-a", says: "of somebody who cannot be seen"},
		{name: "one cannot be seen, and does not answer", script: toHidden, hide: "pod-c", to: "10.244.1.11", want: "pod-a", says: "out of date", broken: true},
		{name: "both have it on lo", script: "pod-b: ip addr add 10.244.1.50/32 dev lo\npod-c: ip addr add 10.244.1.50/32 dev lo\npod-a: ip neigh replace 10.244.1.50 lladdr 02:00:00:00:b0:02 dev eth0 nud reachable", to: "10.244.1.50"},
		{name: "one stands in for it", script: knows + "pod-c: sysctl -qw net.ipv4.conf.all.proxy_arp=1 net.ipv4.ip_forward=1\npod-c: ip route add 10.244.1.11 dev lo", to: "10.244.1.11"},
		{name: "one may not answer", script: hasToo + knows + "pod-c: sysctl -qw net.ipv4.conf.all.arp_ignore=8", to: "10.244.1.11"},
	} {
		t.Run(c.name, func(t *testing.T) {
			labtest.Slow(t)
			needTools(t, c.script)
			b := bridged.build(t)
			b.run(c.script)
			if c.hide != "" {
				b.hide(c.hide)
			}
			a := b.explain(breakage{from: "pod-a", to: c.to}, true)
			told := a.Notices
			if c.broken {
				told = append(told, a.Cause)
			}
			switch {
			case a.Verdict == explain.Delivered == c.broken:
				t.Errorf("%s, %s\n%s", a.Verdict, a.Cause.Code, b.account(a))
			case c.want == "" && len(told) > 0:
				t.Errorf("a healthy network has a notice: %s", told[0].Detail)
			case c.want != "" && (len(told) != 1 || told[0].Code != cause.DuplicateAddress || b.script(told[0].Netns) != c.want || !strings.Contains(told[0].Detail.In("en"), c.says)):
				t.Errorf("notices: %+v\n%s", told, b.account(a))
			}
		})
	}
}
