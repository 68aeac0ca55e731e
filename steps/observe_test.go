package steps_test

import (
	"strconv"
	"strings"
	"testing"

	"nstutor/internal/change"
	"nstutor/internal/lab/labtest"
	"nstutor/steps/process"
	"nstutor/steps/stepstest"
)

// TestALookMayBeTypedInAnyWay types what shows the same table, and what shows
// something else.
func TestALookMayBeTypedInAnyWay(t *testing.T) {
	l := labtest.New(t)
	apply(t, l, cabled()...)
	apply(t, l, process.Run{Netns: pod, Name: "sidecar", Argv: []string{"pause"}})
	sidecar, _ := l.Process("sidecar")
	pid := strconv.Itoa(sidecar.PID())
	neigh := process.Observe{Netns: pod, Argv: []string{"ip", "neigh"}}
	door := process.Observe{Netns: host, Process: "sidecar", Argv: []string{"nsenter", "--net=/proc/{PID}/ns/net", "ip", "addr", "show"}}
	ping := process.Observe{Netns: pod, Argv: []string{"ping", "-c", "1", "192.168.6.160"}}
	rules := process.Observe{Netns: host, Argv: []string{"iptables-save"}}
	spent := process.Observe{Netns: pod, Argv: []string{"ping", "-c", "1", "-t", "1", "192.168.6.160"}}
	events := process.Observe{Netns: host, Argv: []string{"conntrack", "-E", "-p", "tcp"}}
	route := process.Observe{Netns: host, Argv: []string{"ip", "route", "get", "10.0.0.2", "from", "10.0.0.1", "iif", "eth0"}}
	capture := process.Observe{Netns: host, Argv: []string{"tcpdump", "-c", "4", "-eni", "eth0", "tcp"}}
	for _, test := range []struct {
		look        process.Observe
		netns, line string
		want        bool
	}{
		{events, host, "conntrack -E", true},
		{events, host, "timeout 5 conntrack --event -p tcp", true},
		{events, host, "conntrack -L", false},
		{events, pod, "conntrack -E", false},
		{route, host, "ip r get 10.0.0.2 iif eth0 from 10.0.0.1", true},
		{route, host, "ip route get to 10.0.0.2 from 10.0.0.1 iif eth0", true},
		{route, host, "ip route get 10.0.0.2", false},
		{route, host, "ip route get 10.0.0.2 from 10.0.0.1 iif lo", false},
		{route, host, "ip route", false},
		{capture, host, "tcpdump -ni eth0 -c 2", true},
		{capture, host, "tcpdump -n -e -i any tcp", true},
		{capture, host, "tcpdump -i lo", false},
		{capture, pod, "tcpdump -i eth0", false},
		{spent, pod, "ping -t 1 192.168.6.160", true},
		{spent, pod, "ping -t1 -c 3 192.168.6.160", true},
		{spent, pod, "ping 192.168.6.160 -c 1 -t 1", true},
		{spent, pod, "ping -c 1 192.168.6.160", false},
		{spent, pod, "ping -t 2 192.168.6.160", false},
		{ping, pod, "ping -t 1 192.168.6.160", false},
		{ping, pod, "ping 192.168.6.160 -c 1", true},
		{ping, pod, "ping -n 192.168.6.160", true},
		{neigh, pod, "ip neigh", true},
		{neigh, pod, "ip n", true},
		{neigh, host, "ip netns exec ns1 ip neighbour show dev ns1-eth0", true},
		{neigh, host, "ip -n ns1 -s neigh ls | cat", true},
		{neigh, host, "nsenter --net=/run/netns/ns1 ip neigh", true},
		{neigh, host, "ip neigh", false},
		{neigh, pod, "ip route", false},
		{neigh, pod, "ip neigh flush all", false},
		{neigh, pod, "ip", false},
		{neigh, pod, "", false},
		{door, host, "nsenter --net=/proc/" + pid + "/ns/net ip a", true},
		{door, host, "nsenter -t " + pid + " -n ip -br addr", true},
		{door, host, "nsenter -t 1 -n ip addr", false},
		{door, host, "ip netns exec ns1 ip addr", false}, // the step is about the other door
		{rules, host, "iptables-save -t nat", true},
		{rules, host, "iptables -t nat -v -n -L POSTROUTING", true},
		{rules, host, "iptables -t nat -F", false},
		{rules, pod, "iptables-save", false},
		{ping, pod, "ping 192.168.6.160", true},
		{ping, host, "ip netns exec ns1 ping -c 3 192.168.6.160", true},
		{ping, pod, "ping 172.20.1.1", false},
		{ping, host, "ping -c 1 192.168.6.160", false},
	} {
		t.Run(test.netns+" "+strings.ReplaceAll(test.line, "/", "_"), func(t *testing.T) {
			if got := test.look.Typed(l, test.netns, test.line); got != test.want {
				t.Errorf("it is the look: %v, want %v", got, test.want)
			}
			stepstest.WantDone(t, l, test.look, test.want)
			if err := test.look.Change(l).Undo(t.Context(), l, change.Before{}); err != nil {
				t.Fatal(err)
			}
		})
	}
}
