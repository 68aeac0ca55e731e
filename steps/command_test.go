package steps_test

import (
	"slices"
	"testing"

	"nstutor/internal/change"
	"nstutor/internal/lab/labtest"
	"nstutor/steps"
	"nstutor/steps/gateway"
	"nstutor/steps/process"
)

func TestCommandIsWhatAPersonTypes(t *testing.T) {
	for name, test := range map[string]struct {
		command change.Command
		want    string
	}{
		"on the node":             {change.Command{Netns: host, Argv: []string{"ip", "neigh"}}, "ip neigh"},
		"nowhere in particular":   {change.Command{Argv: []string{"ip", "netns", "add", "ns1"}}, "ip netns add ns1"},
		"in a namespace":          {change.Command{Netns: pod, Argv: []string{"ip", "neigh"}}, "ip netns exec ns1 ip neigh"},
		"in the background":       {change.Command{Netns: pod, Argv: []string{"web"}, Background: true}, "ip netns exec ns1 web &"},
		"in the node's":           {change.Command{Netns: host, Argv: []string{"web"}, Background: true}, "web &"},
		"a line for a shell":      {change.Command{Shell: "echo 1 > /x"}, "echo 1 > /x"},
		"a shell in a namespace":  {change.Command{Netns: pod, Shell: "echo 1 > /x"}, "ip netns exec ns1 sh -c 'echo 1 > /x'"},
		"quotes inside quotes":    {change.Command{Netns: pod, Shell: "echo 'a'"}, `ip netns exec ns1 sh -c 'echo '\''a'\'''`},
		"words with blanks":       {change.Command{Argv: []string{"echo", "a b", "c"}}, "echo 'a b' c"},
		"a word with nothing":     {change.Command{Argv: []string{"echo", ""}}, "echo ''"},
		"what a shell would eat":  {change.Command{Argv: []string{"echo", "$HOME", "a;b", "*", "~", "a&b", "{", "!"}}, "echo '$HOME' 'a;b' '*' '~' 'a&b' '{' !"},
		"a quote":                 {change.Command{Argv: []string{"echo", "it's"}}, `echo 'it'\''s'`},
		"what needs no quotes":    {change.Command{Argv: []string{"sysctl", "-w", "net.ipv4.ip_forward=1"}}, "sysctl -w net.ipv4.ip_forward=1"},
		"twins are not its words": {change.Command{Argv: []string{"a"}, Same: []string{"b"}}, "a"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := steps.Typed(test.command); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// TestActionsSayTheirCommands asks without a lab: what only the kernel knows
// has a name in its place.
func TestActionsSayTheirCommands(t *testing.T) {
	masquerade := gateway.Masquerade{Netns: host, Src: "172.20.1.10"}
	narrower := gateway.Masquerade{Netns: host, Src: "172.20.1.0/24", NotTo: "172.20.1.0/24"}
	for _, test := range []struct {
		action steps.Action
		want   string
		same   []string
	}{
		{steps.NetnsAdd{Name: pod}, "ip netns add ns1", nil},
		{steps.NetnsDel{Name: pod}, "ip netns del ns1", nil},
		{steps.VethAdd{Netns: host, Name: "a", Peer: "b"}, "ip link add a type veth peer name b", nil},
		{steps.BridgeAdd{Netns: host, Name: "br0"}, "ip link add br0 type bridge", nil},
		{steps.LinkNetns{Netns: host, Name: "eth9", To: pod}, "ip link set eth9 netns ns1", nil},
		{steps.LinkNetns{Netns: host, Name: "eth9", To: pod, Rename: "eth0"}, "ip link set eth9 netns ns1 name eth0", nil},
		{steps.LinkMaster{Netns: host, Name: "eth9", Bridge: "br0"}, "ip link set eth9 master br0", nil},
		{steps.LinkUp{Netns: pod, Name: "lo"}, "ip netns exec ns1 ip link set lo up", nil},
		{steps.LinkAddress{Netns: host, Name: "eth9", MAC: "ee:ee:ee:ee:ee:ee"}, "ip link set eth9 address ee:ee:ee:ee:ee:ee", nil},
		{steps.AddrAdd{Netns: pod, Addr: "10.0.0.1/24", Dev: "a"}, "ip netns exec ns1 ip addr add 10.0.0.1/24 dev a", nil},
		{steps.AddrDel{Netns: pod, Addr: "10.0.0.1/24", Dev: "a"}, "ip netns exec ns1 ip addr del 10.0.0.1/24 dev a", nil},
		{steps.RouteAdd{Netns: pod, Dst: "default", Via: "10.0.0.1", Dev: "a", Onlink: true}, "ip netns exec ns1 ip route add default via 10.0.0.1 dev a onlink", nil},
		{steps.RouteAdd{Netns: host, Dst: "172.20.1.10", Dev: "a"}, "ip route add 172.20.1.10 dev a", nil},
		{steps.RouteDel{Netns: host, Dst: "default", Via: "10.0.0.1"}, "ip route del default via 10.0.0.1", nil},
		{steps.NeighReplace{Netns: pod, Dst: "10.0.0.1", Dev: "a", MAC: "02:00:00:00:00:99"}, "ip netns exec ns1 ip neigh replace 10.0.0.1 lladdr 02:00:00:00:00:99 dev a nud permanent", nil},
		{steps.NeighReplace{Netns: pod, Dst: "10.0.0.1", Dev: "a", MACOf: steps.Dev{Netns: host, Name: "veth-ns1"}}, "ip netns exec ns1 ip neigh replace 10.0.0.1 lladdr MAC-of-veth-ns1 dev a nud permanent", nil},
		{steps.NeighDel{Netns: host, Dst: "10.0.0.1", Dev: "a"}, "ip neigh del 10.0.0.1 dev a", nil},
		{steps.Send{Netns: pod, To: "10.0.0.1"}, "ip netns exec ns1 ping -c 1 10.0.0.1", nil},
		{steps.Sysctl{Netns: host, Key: "net.ipv4.ip_forward", Value: "1"}, "sysctl -w net.ipv4.ip_forward=1",
			[]string{"echo 1 > /proc/sys/net/ipv4/ip_forward"}},
		{steps.Sysctl{Netns: pod, Key: "net.ipv4.conf.all.rp_filter", Value: "2"}, "ip netns exec ns1 sysctl -w net.ipv4.conf.all.rp_filter=2",
			[]string{"ip netns exec ns1 sh -c 'echo 2 > /proc/sys/net/ipv4/conf/all/rp_filter'"}},
		{process.Run{Netns: pod, Name: "web", Argv: []string{"web"}, Same: []string{"docker run -d nginx"}}, "ip netns exec ns1 web &",
			[]string{"docker run -d nginx"}},
		{process.Observe{Netns: host, Process: "web", Argv: []string{"nsenter", "--net=/proc/{PID}/ns/net", "ip", "addr"}}, "nsenter --net=/proc/PID/ns/net ip addr", nil},
		{steps.Resolver{Netns: pod, Server: "203.0.113.53"}, "mkdir -p /etc/netns/ns1; echo nameserver 203.0.113.53 > /etc/netns/ns1/resolv.conf", nil},
		{masquerade, "iptables -t nat -A POSTROUTING -s 172.20.1.10 -j MASQUERADE", []string{
			"nft add table ip nat",
			"nft 'add chain ip nat POSTROUTING { type nat hook postrouting priority srcnat; }'",
			"nft add rule ip nat POSTROUTING ip saddr 172.20.1.10 masquerade",
		}},
		{gateway.Narrow{Netns: host, Was: masquerade, Now: narrower},
			"iptables -t nat -R POSTROUTING 1 -s 172.20.1.0/24 ! -d 172.20.1.0/24 -j MASQUERADE",
			[]string{"nft replace rule ip nat POSTROUTING handle HANDLE ip saddr 172.20.1.0/24 ip daddr != 172.20.1.0/24 masquerade   # HANDLE: nft -a list chain ip nat POSTROUTING"}},
	} {
		t.Run(test.want, func(t *testing.T) {
			command := test.action.Change(nil).Command()
			if got := steps.Typed(command); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			if !slices.Equal(command.Same, test.same) {
				t.Errorf("twins %q\nwant  %q", command.Same, test.same)
			}
		})
	}
}

func TestCommandNamesWhatOnlyTheKernelKnows(t *testing.T) {
	l := labtest.New(t)
	got := steps.NeighReplace{Netns: inet, Dst: "192.168.6.9", Dev: "up0", MACOf: steps.Dev{Netns: host, Name: "eth0"}}.Change(l).Command().From(host)
	if want := "ip netns exec inet ip neigh replace 192.168.6.9 lladdr 02:00:c0:a8:06:a0 dev up0 nud permanent"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	apply(t, l, process.Run{Netns: host, Name: "web", Argv: []string{"web"}})
	p, ok := l.Process("web")
	if !ok {
		t.Fatal("no process")
	}
	link := process.Observe{Netns: host, Process: "web", Argv: []string{"readlink", "/proc/{PID}/ns/net"}}.Change(l).Command()
	cmd, err := l.Command(t.Context(), host, link.Argv...)
	if err != nil {
		t.Fatal(err)
	}
	if out, err := cmd.Output(); err != nil || string(out) != "net:["+itoa(namespace(t, l, p.Netns).Inode())+"]\n" {
		t.Errorf("%s says %q %v", link, out, err)
	}
}
