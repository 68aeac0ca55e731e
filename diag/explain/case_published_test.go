package explain_test

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"nstutor/diag/explain"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/service"
	"nstutor/internal/lab/labtest"
)

// publishing is what Docker writes for a published port of pod-b, in short.
const publishing = `
host: iptables -P FORWARD DROP
host: iptables -N DOCKER-USER
host: iptables -A FORWARD -j DOCKER-USER
host: iptables -A FORWARD -o cni0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
host: iptables -A FORWARD ! -i cni0 -o cni0 -d 10.244.1.11 -p tcp --dport 80 -j ACCEPT
host: iptables -A FORWARD -i cni0 -j ACCEPT
host: iptables -t nat -A PREROUTING -d 192.168.6.160 -p tcp --dport 8080 -j DNAT --to-destination 10.244.1.11:80`

// TestAPublishedPortBehindItsBridge: a rule stops what goes out by the default route, since
// the bridge has no route; and what Docker leaves to its users is not Docker's.
func TestAPublishedPortBehindItsBridge(t *testing.T) {
	labtest.Slow(t)
	for _, c := range []struct {
		name, fault string
		code        cause.Code
		fix         []string // parts of the commands, in order
	}{
		{"down", "host: ip link set cni0 down", cause.LinkDown, []string{"ip link set cni0 up"}},
		{"of another network", "host: ip addr flush dev cni0\nhost: ip addr add 172.30.0.1/16 dev cni0", cause.NoAddress, []string{"ip addr add 10.244.1.1/24 dev cni0"}},
		{"refused before the users' chain", "host: iptables -I FORWARD -j REJECT", cause.Rejected, []string{"-I FORWARD -s", "-I FORWARD -m conntrack"}},
		{"the users' own rule", "host: iptables -I DOCKER-USER -i eth0 -j DROP", cause.Filtered, []string{"-I DOCKER-USER -s"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := bridged.build(t)
			needTools(t, publishing)
			b.run(publishing)
			b.serve([]string{"pod-b tcp 0.0.0.0:80"})
			ask := breakage{from: "inet", to: "192.168.6.160", asks: "tcp 8080"}
			if a := b.explain(ask, true); a.Verdict != explain.Delivered {
				t.Fatalf("before: %s\n%s", a.Verdict, b.account(a))
			}
			b.run(c.fault)
			a := b.explain(ask, false)
			if a.Cause.Code != c.code || len(a.Fix) != len(c.fix) || strings.Contains(a.Cause.Detail.In("en"), "rule of Docker") {
				t.Fatalf("%s\n%s", a.Verdict, b.account(a))
			}
			for i, part := range c.fix {
				if !strings.Contains(a.Fix[i].String(), part) {
					t.Errorf("fix %d is %s, want %s in it", i, a.Fix[i], part)
				}
			}
			b.delivers(ask, a.Fix...)
		})
	}
}

// TestAnAddressOfTheBridgesNetworkElsewhere: with the route the kernel chooses another source
// as well, and the reply needs no route to the first.
func TestAnAddressOfTheBridgesNetworkElsewhere(t *testing.T) {
	labtest.Slow(t)
	b := bridged.build(t)
	b.run("inet: ip addr add 10.244.1.77/32 dev lo")
	ask := breakage{from: "host", to: "10.244.1.77"}
	a := b.explain(ask, false)
	if a.Cause.Code != cause.NeighbourUnanswered || len(a.Fix) != 1 {
		t.Fatalf("%s\n%s", a.Verdict, b.account(a))
	}
	b.delivers(ask, a.Fix[0])
}

// TestWhatIsPassedOnIsMendedAtOnce: what stops the request stops what is passed on of it, too.
func TestWhatIsPassedOnIsMendedAtOnce(t *testing.T) {
	labtest.Slow(t)
	b := masqueraded.build(t)
	fault := "host: iptables -P INPUT DROP"
	needTools(t, fault)
	b.publish("host", "192.168.6.160:8080", netip.MustParseAddrPort("10.244.1.11:80"))
	b.serve([]string{"pod-b tcp 0.0.0.0:80"})
	b.run(fault)
	ask := breakage{from: "pod-a", to: "192.168.6.160", asks: "tcp 8080"}
	a := b.explain(ask, false)
	if a.Cause.Code != cause.Filtered || len(a.Fix) != 2 || len(a.Onward) != 1 || !a.Onward[0].Equal(a.Fix[1]) {
		t.Fatalf("%s\n%s", a.Verdict, b.account(a))
	}
	b.delivers(ask, a.Fix...)
}

// docked is what Docker writes for the network of a bridge, but for what gives its packets
// another source; what comes straight to an address behind it is dropped before it is tracked.
const (
	dockedIPTables = `
inet: ip route add 10.244.1.0/24 via 192.168.6.160
host: iptables -P FORWARD DROP
host: iptables -N DOCKER
host: iptables -N DOCKER-CT
host: iptables -N DOCKER-FORWARD
host: iptables -A FORWARD -j DOCKER-FORWARD
host: iptables -A DOCKER-FORWARD -j DOCKER-CT
host: iptables -A DOCKER-FORWARD -o cni0 -j DOCKER
host: iptables -A DOCKER-FORWARD -i cni0 -j ACCEPT
host: iptables -A DOCKER-CT -o cni0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
host: iptables -A DOCKER ! -i cni0 -o cni0 -j DROP
host: iptables -t raw -A PREROUTING -d 10.244.1.10 ! -i cni0 -j DROP
host: iptables -t raw -A PREROUTING -d 10.244.1.11 ! -i cni0 -j DROP`
	dockedNFT = `
inet: ip route add 10.244.1.0/24 via 192.168.6.160
host: nft add table ip docker-bridges
host: nft 'add chain ip docker-bridges filter-FORWARD { type filter hook forward priority filter; policy accept; }'
host: nft 'add chain ip docker-bridges nat-POSTROUTING { type nat hook postrouting priority srcnat; policy accept; }'
host: nft 'add chain ip docker-bridges nat-PREROUTING { type nat hook prerouting priority dstnat; policy accept; }'
host: nft 'add chain ip docker-bridges nat-OUTPUT { type nat hook output priority -100; policy accept; }'
host: nft 'add chain ip docker-bridges raw-PREROUTING { type filter hook prerouting priority raw; policy accept; }'
host: nft add chain ip docker-bridges nat-prerouting-and-output
host: nft add chain ip docker-bridges filter-forward-in__cni0
host: nft add chain ip docker-bridges filter-forward-out__cni0
host: nft add chain ip docker-bridges nat-postrouting-out__cni0
host: nft 'add map ip docker-bridges filter-forward-in-jumps { type ifname : verdict; elements = { "cni0" : jump filter-forward-in__cni0 }; }'
host: nft 'add map ip docker-bridges filter-forward-out-jumps { type ifname : verdict; elements = { "cni0" : jump filter-forward-out__cni0 }; }'
host: nft 'add map ip docker-bridges nat-postrouting-out-jumps { type ifname : verdict; elements = { "cni0" : jump nat-postrouting-out__cni0 }; }'
host: nft 'add rule ip docker-bridges filter-FORWARD oifname vmap @filter-forward-in-jumps'
host: nft 'add rule ip docker-bridges filter-FORWARD iifname vmap @filter-forward-out-jumps'
host: nft 'add rule ip docker-bridges nat-POSTROUTING iifname vmap @nat-postrouting-out-jumps'
host: nft 'add rule ip docker-bridges nat-PREROUTING fib daddr type local counter jump nat-prerouting-and-output'
host: nft 'add rule ip docker-bridges nat-OUTPUT fib daddr type local counter jump nat-prerouting-and-output'
host: nft 'add rule ip docker-bridges filter-forward-in__cni0 ct state established,related counter accept'
host: nft 'add rule ip docker-bridges filter-forward-in__cni0 iifname "cni0" counter accept comment ICC'
host: nft 'add rule ip docker-bridges filter-forward-in__cni0 ip daddr 10.244.1.11 tcp dport 80 counter accept'
host: nft 'add rule ip docker-bridges filter-forward-in__cni0 counter drop comment "UNPUBLISHED PORT DROP"'
host: nft 'add rule ip docker-bridges filter-forward-out__cni0 ct state established,related counter accept'
host: nft 'add rule ip docker-bridges filter-forward-out__cni0 counter accept comment OUTGOING'
host: nft 'add rule ip docker-bridges raw-PREROUTING ip daddr 10.244.1.10 iifname != "cni0" counter drop comment "DROP DIRECT ACCESS"'
host: nft 'add rule ip docker-bridges raw-PREROUTING ip daddr 10.244.1.11 iifname != "cni0" counter drop comment "DROP DIRECT ACCESS"'`
)

// TestTheSourceThatDockerGivesIsGone: that what comes straight to a container is dropped is on
// purpose; that its answers come straight to it is the fault.
func TestTheSourceThatDockerGivesIsGone(t *testing.T) {
	labtest.Slow(t)
	v6 := strings.NewReplacer("iptables ", "ip6tables ", "10.244.1.10", "fd00:244:1::10", "10.244.1.11", "fd00:244:1::11", "inet: ip route add 10.244.1.0/24 via 192.168.6.160\n", "")
	noWay := strings.NewReplacer("inet: ip route add 10.244.1.0/24 via 192.168.6.160\n", "")
	plain := "iptables -t nat -A POSTROUTING -s 10.244.1.0/24 -o eth0 -j MASQUERADE"
	for _, c := range []struct {
		name, rules, to string
		base            baseNetwork
		fix             string
	}{
		{"iptables", dockedIPTables, "203.0.113.10", bridged, "iptables -t nat -A POSTROUTING -s 10.244.1.0/24 ! -o cni0 -j MASQUERADE"},
		{"iptables, beside another network", dockedIPTables + "\nhost: iptables -t raw -A PREROUTING -d 172.30.0.2 ! -i eth0 -j DROP", "203.0.113.10", bridged, "iptables -t nat -A POSTROUTING -s 10.244.1.0/24 ! -o cni0 -j MASQUERADE"},
		{"ip6tables", v6.Replace(dockedIPTables), "fd00:203::10", bridged6, "ip6tables -t nat -A POSTROUTING -s fd00:244:1::/64 ! -o cni0 -j MASQUERADE"},
		{"nft", dockedNFT, "203.0.113.10", bridged, "nft add rule ip docker-bridges nat-postrouting-out__cni0 oifname '!=' '\"cni0\"' ip saddr 10.244.1.0/24 counter masquerade"},
		{"a network that Docker routes", noWay.Replace(dockedIPTables) + "\nhost: iptables -I DOCKER -o cni0 -p icmp -j ACCEPT", "203.0.113.10", bridged, plain},
		{"the same, by nft", noWay.Replace(dockedNFT) + "\nhost: nft 'insert rule ip docker-bridges filter-forward-in__cni0 ip protocol icmp counter accept comment ICMP'", "203.0.113.10", bridged, plain},
		{"nft, flushed", dockedNFT + "\nhost: nft flush chain ip docker-bridges nat-POSTROUTING", "203.0.113.10", bridged, "iptables -t nat -A POSTROUTING -s 10.244.1.0/24 ! -o cni0 -j MASQUERADE"},
	} {
		t.Run(c.name, func(t *testing.T) {
			needTools(t, c.rules)
			b := c.base.build(t)
			b.run(c.rules)
			ask := breakage{from: "pod-a", to: c.to}
			for _, probed := range []bool{false, true} {
				a := b.explain(ask, probed)
				if a.Verdict != explain.Broken || a.Cause.Code != cause.NotMasqueraded || b.script(a.Cause.Netns) != "host" || len(a.Fix) != 1 || a.Fix[0].String() != c.fix || len(a.Next) > 0 {
					t.Fatalf("with a probe: %v: %s\n%s", probed, a.Verdict, b.account(a))
				}
			}
			b.delivers(ask, b.explain(ask, false).Fix...)
		})
	}
}

// dockerd keeps a port of host as Docker does that publishes by rules alone, for pod-b.
func (b *built) dockerd(addr string, to netip.Addr, filter []unix.SockFilter) {
	b.t.Helper()
	if of, err := os.Stat("/proc"); err != nil || int(of.Sys().(*syscall.Stat_t).Uid) != os.Getuid() {
		b.t.Skip("no process is root's here")
	}
	root, at, pid := b.t.TempDir(), netip.MustParseAddrPort(addr), b.process("pod-b")
	group, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	if err != nil {
		b.t.Fatal(err)
	}
	dir := filepath.Join(root, "containers", "c")
	said := map[string]any{
		"ID": strings.TrimSpace(string(group[:min(len(group), 4)])), "Name": "/web", "State": map[string]any{"Running": true, "Pid": pid},
		"NetworkSettings": map[string]any{
			"Networks": map[string]any{"bridge": map[string]string{map[bool]string{true: "IPAddress", false: "GlobalIPv6Address"}[to.Is4()]: to.String()}},
			"Ports":    map[string]any{"80/tcp": []map[string]string{{"HostIp": at.Addr().String(), "HostPort": fmt.Sprint(at.Port())}}},
		},
	}
	text, err := json.Marshal(said)
	if err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "config.v2.json"), text, 0o644)
	}
	if err != nil {
		b.t.Fatal(err)
	}
	b.keeps("host", addr, filter, "dockerd", "--data-root", root)
}

// TestAFilterThatCannotBeRead: it is the kernel that says what the socket's filter does, of a
// prediction that nothing does.
func TestAFilterThatCannotBeRead(t *testing.T) {
	labtest.Slow(t)
	b := bridged.build(t)
	long := make([]unix.SockFilter, 100, 101) // more than is read
	b.dockerd("0.0.0.0:8080", netip.MustParseAddr("10.244.1.11"), append(long, takesNothing...))
	b.serve([]string{"pod-b tcp 0.0.0.0:80"})
	ask := breakage{from: "inet", to: "192.168.6.160", asks: "tcp 8080"}
	a := b.explain(ask, true)
	if len(a.Drops) == 0 {
		t.Skip("the kernel does not tell what it drops here")
	}
	if a.Verdict != explain.Broken || a.Cause.Code != service.NotTranslated || len(a.Fix) != 1 {
		t.Fatalf("%s\n%s", a.Verdict, b.account(a))
	}
	b.delivers(ask, a.Fix...)
}

// process is one that has begun in a namespace, and waits.
func (b *built) process(netns string) int {
	b.t.Helper()
	wait := exec.Command("sleep", "1000")
	if err := b.space(netns).Do(wait.Start); err != nil {
		b.t.Skip(err)
	}
	b.t.Cleanup(func() { wait.Process.Kill(); wait.Wait() })
	return wait.Process.Pid
}

// TestThePortThatDockerPublishesByRulesThatAreGone: dockerd listens, and a filter on its socket
// drops what comes; the rules are put back as Docker writes them, and what leads to them.
func TestThePortThatDockerPublishesByRulesThatAreGone(t *testing.T) {
	labtest.Slow(t)
	v6 := strings.NewReplacer("iptables ", "ip6tables ", "10.244.1.10", "fd00:244:1::10", "10.244.1.11", "fd00:244:1::11", "inet: ip route add 10.244.1.0/24 via 192.168.6.160\n", "")
	opened := "\nhost: iptables -I DOCKER -d 10.244.1.11 ! -i cni0 -o cni0 -p tcp --dport 80 -j ACCEPT"
	chain := opened + "\nhost: iptables -t nat -N DOCKER"
	led := chain + "\nhost: iptables -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER\nhost: iptables -t nat -A OUTPUT -m addrtype --dst-type LOCAL -j DOCKER"
	dnat := "iptables -t nat -A DOCKER -p tcp --dport 8080 -j DNAT --to-destination 10.244.1.11:80"
	jump := "iptables -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER"
	for _, c := range []struct {
		name, rules, bound, from, to string
		base                         baseNetwork
		fix                          []string
	}{
		{"one rule", dockedIPTables + led, "0.0.0.0:8080", "inet", "192.168.6.160", bridged, []string{dnat}},
		{"one rule, and the node asks", dockedIPTables + led, "0.0.0.0:8080", "host", "192.168.6.160", bridged, []string{dnat}},
		{"one rule of one address", dockedIPTables + led, "192.168.6.160:8080", "inet", "192.168.6.160", bridged,
			[]string{"iptables -t nat -A DOCKER -d 192.168.6.160 -p tcp --dport 8080 -j DNAT --to-destination 10.244.1.11:80"}},
		{"all rules of nat", dockedIPTables + chain, "0.0.0.0:8080", "inet", "192.168.6.160", bridged, []string{jump, dnat}},
		{"all of nat", dockedIPTables + opened, "0.0.0.0:8080", "inet", "192.168.6.160", bridged, []string{"iptables -t nat -N DOCKER", jump, dnat}},
		{"all rules, and that which opens the port", dockedIPTables + strings.TrimPrefix(led, opened), "0.0.0.0:8080", "inet", "192.168.6.160", bridged,
			[]string{dnat, "iptables-nft -t filter -I FORWARD -s 192.168.6.1 -d 10.244.1.11 -p tcp --dport 80 -j ACCEPT"}},
		{"one rule of IPv6", v6.Replace(dockedIPTables + led), "[::]:8080", "inet", "fd00:6::160", bridged6,
			[]string{"ip6tables -t nat -A DOCKER ! -s fe80::/10 -p tcp --dport 8080 -j DNAT --to-destination '[fd00:244:1::11]:80'"}},
		{"nft", dockedNFT, "0.0.0.0:8080", "inet", "192.168.6.160", bridged,
			[]string{"nft add rule ip docker-bridges nat-prerouting-and-output tcp dport 8080 counter dnat to 10.244.1.11:80"}},
		{"nft, flushed", dockedNFT + "\nhost: nft flush chain ip docker-bridges nat-PREROUTING", "0.0.0.0:8080", "inet", "192.168.6.160", bridged, []string{
			"nft add rule ip docker-bridges nat-PREROUTING fib daddr type local counter jump nat-prerouting-and-output",
			"nft add rule ip docker-bridges nat-prerouting-and-output tcp dport 8080 counter dnat to 10.244.1.11:80",
		}},
		{"nft, and all of it", "", "0.0.0.0:8080", "inet", "192.168.6.160", bridged,
			[]string{"iptables -t nat -A PREROUTING -d 192.168.6.160 -p tcp --dport 8080 -j DNAT --to-destination 10.244.1.11:80"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			needTools(t, dockedIPTables+dockedNFT)
			b := c.base.build(t)
			b.run(c.rules)
			b.dockerd(c.bound, netip.MustParseAddr(map[bool]string{false: "10.244.1.11", true: "fd00:244:1::11"}[strings.Contains(c.to, ":")]), takesNothing)
			b.serve([]string{"pod-b tcp " + map[bool]string{false: "0.0.0.0:80", true: "[::]:80"}[strings.Contains(c.to, ":")]})
			ask := breakage{from: c.from, to: c.to, asks: "tcp 8080"}
			for _, probed := range []bool{false, true} {
				a := b.explain(ask, probed)
				var fix []string
				for _, command := range a.Fix {
					fix = append(fix, command.String())
				}
				if a.Verdict != explain.Broken || a.Cause.Code != service.NotTranslated || b.script(a.Cause.Netns) != "host" || !slices.Equal(fix, c.fix) {
					t.Fatalf("with a probe: %v: %s, want %q\n%s", probed, a.Verdict, c.fix, b.account(a))
				}
			}
			b.delivers(ask, b.explain(ask, false).Fix...)
		})
	}
}

// TestAProxyThatItsRequestsDoNotGetTo: with the rules of its port gone they are for the node, which
// takes none: the rule is put back, and the node is not opened. Where Docker writes no rules, it is.
func TestAProxyThatItsRequestsDoNotGetTo(t *testing.T) {
	labtest.Slow(t)
	const open = "\nhost: iptables -I DOCKER -d 10.244.1.11 ! -i cni0 -o cni0 -p tcp --dport 80 -j ACCEPT\nhost: iptables -t nat -N DOCKER\nhost: iptables -P INPUT DROP"
	for _, c := range []struct {
		name, rules string
		code        cause.Code
		fix         []string
	}{
		{"iptables", dockedIPTables + open, service.NotTranslated, []string{
			"iptables -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER",
			"iptables -t nat -A DOCKER ! -i cni0 -p tcp --dport 8080 -j DNAT --to-destination 10.244.1.11:80",
		}},
		{"nft", dockedNFT + "\nhost: iptables -P INPUT DROP", service.NotTranslated, []string{
			`nft add rule ip docker-bridges nat-prerouting-and-output iifname '!=' '"cni0"' tcp dport 8080 counter dnat to 10.244.1.11:80`,
		}},
		{"no rules of Docker's", "host: iptables -P INPUT DROP", cause.Filtered, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			needTools(t, dockedIPTables+dockedNFT)
			b := bridged.build(t)
			b.run(c.rules)
			b.listens("host", "0.0.0.0:8080", "docker-proxy", "-proto", "tcp", "-host-ip", "0.0.0.0", "-host-port", "8080", "-container-ip", "10.244.1.11", "-container-port", "80")
			b.serve([]string{"pod-b tcp 0.0.0.0:80"})
			ask := breakage{from: "inet", to: "192.168.6.160", asks: "tcp 8080"}
			for _, probed := range []bool{false, true} {
				a := b.explain(ask, probed)
				var fix []string
				for _, command := range a.Fix {
					fix = append(fix, command.String())
				}
				if a.Verdict != explain.Broken || a.Cause.Code != c.code || c.fix != nil && !slices.Equal(fix, c.fix) {
					t.Fatalf("with a probe: %v: %s, want %q\n%s", probed, a.Verdict, c.fix, b.account(a))
				}
			}
			if c.fix != nil {
				b.delivers(ask, b.explain(ask, false).Fix...)
			}
		})
	}
}

// TestWhoTakesNothingThatComes: whoever it is, a filter on his socket drops it; one that lets
// something pass is no such.
func TestWhoTakesNothingThatComes(t *testing.T) {
	labtest.Slow(t)
	b := bridged.build(t)
	b.keeps("host", "0.0.0.0:8080", takesNothing, "keeper")
	b.keeps("host", "0.0.0.0:8081", []unix.SockFilter{{Code: unix.BPF_RET | unix.BPF_K, K: 0xffff}}, "taker")
	for port, code := range map[string]cause.Code{"tcp 8080": service.NotTranslated, "tcp 8081": cause.None} {
		for _, probed := range []bool{false, true} {
			if a := b.explain(breakage{from: "inet", to: "192.168.6.160", asks: port}, probed); a.Cause.Code != code || len(a.Fix) > 0 {
				t.Errorf("%s, with a probe: %v: %s\n%s", port, probed, a.Verdict, b.account(a))
			}
		}
	}
}

// TestTheChainsOfDockerAreEmpty: what lets the packet pass alone is offered, and what writes all of
// them again is told; where they have their rules, it is not.
func TestTheChainsOfDockerAreEmpty(t *testing.T) {
	labtest.Slow(t)
	for _, c := range []struct {
		name, fault string
		told        bool
	}{
		{"one of them", "host: iptables -F DOCKER-FORWARD", true},
		{"nothing leads there", "host: iptables -F FORWARD", true},
		{"those of answers", "host: iptables -F DOCKER-CT", true},
		{"a rule of somebody's", "host: iptables -I FORWARD -j DROP", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			needTools(t, dockedIPTables)
			b := bridged.build(t)
			b.run(strings.ReplaceAll(dockedIPTables, "host: iptables -t raw -A PREROUTING -d 10.244.1.10 ! -i cni0 -j DROP", ""))
			b.run(c.fault)
			ask := breakage{from: "pod-a", to: "203.0.113.10"}
			a := b.explain(ask, false)
			if a.Cause.Code != cause.Filtered || strings.Contains(a.Cause.Detail.In("en"), "systemctl restart docker") != c.told {
				t.Fatalf("%s\n%s", a.Verdict, b.account(a))
			}
			b.delivers(ask, a.Fix...)
		})
	}
}
