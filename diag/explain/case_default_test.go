package explain_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"nstutor/diag/explain"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/service"
	"nstutor/internal/lab/labtest"
)

// TestWhatTheDefaultRouteTookAstray: what leaves by the default route, and is lost with a router
// that cannot be seen, should not have gone there.
func TestWhatTheDefaultRouteTookAstray(t *testing.T) {
	labtest.Slow(t)
	const router = "host1: ip route add default via 10.57.4.22\nhost3: sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.send_redirects=0\nhost1: sysctl -qw net.ipv4.conf.all.send_redirects=0\n"
	const back = "host3: ip route add 203.0.113.0/24 via 10.57.4.20\n"
	for _, c := range []struct {
		name, script, from, to, says string
		want                         cause.Code
		tcp                          bool
		fix                          []string
		heard                        bool // only the kernel's own word tells
	}{
		{name: "a neighbour leads there", script: router + "host1: ip route del 192.168.11.0/24", from: "pod-a", to: "192.168.11.10", want: cause.NoRoute,
			says: "192.168.11.10 is behind 10.57.4.21, a neighbour on eth0", fix: []string{"host1: ip route add 192.168.11.10 via 10.57.4.21 dev eth0"}},
		{name: "a table that no rule has asked", script: router + back + "host1: ip route add 203.0.113.0/24 dev veth-pod-a table 206", from: "host1", to: "203.0.113.9",
			want: cause.NoRoute, says: "no policy rule has that table asked", fix: []string{"host1: ip rule add to 203.0.113.0/24 lookup 206 pref 32765"}, heard: true},
		{name: "the router sends it back", script: router + back, from: "host1", to: "203.0.113.9",
			want: cause.RouteLoop, says: "10.57.4.22 sends what is for 203.0.113.9 back to host1", heard: true},
		{name: "the chain of services is empty", script: router + "host1: iptables -t nat -N KUBE-SERVICES", from: "pod-a", to: "10.96.0.20", tcp: true,
			want: service.NotTranslated, says: "KUBE-SERVICES"},
		{name: "… and another rule of its table translates", script: router + "host1: iptables -t nat -N KUBE-SERVICES\nhost1: iptables -t nat -A KUBE-SERVICES -d 10.200.0.1 -p tcp --dport 1 -j DNAT --to-destination 192.168.10.10",
			from: "pod-a", to: "10.96.0.20", tcp: true, want: cause.NotMasqueraded, says: "no rule of nat gives it another one"},
	} {
		t.Run(c.name, func(t *testing.T) {
			needTools(t, c.script)
			b := switched.build(t)
			b.run(c.script)
			b.forget()
			b.hurry()
			b.hide("host3")
			asked := breakage{from: c.from, to: c.to}
			if c.tcp {
				asked.asks = "tcp 80"
			}
			a := b.explain(asked, true)
			if c.heard && len(a.Drops) == 0 {
				t.Skip("the kernel tells of no drop here")
			}
			if a.Cause.Code != c.want || a.Verdict != explain.Broken || !strings.Contains(strings.ReplaceAll(a.Cause.Detail.String(), b.suffix, ""), c.says) {
				t.Fatal(b.account(a))
			}
			if c.fix != nil && !slices.Equal(b.typed(a.Fix), c.fix) {
				t.Errorf("the fix is %v", b.typed(a.Fix))
			}
		})
	}
}

// TestAServiceThatNoRuleKnowsAtAll: nothing on the node is of any service, as where kube-proxy has
// never run. Who asks is told by the kubelet, or may be; a host's address is nobody's service.
func TestAServiceThatNoRuleKnowsAtAll(t *testing.T) {
	labtest.Slow(t)
	for _, c := range []struct {
		name, from, variable, to, asks, says string
		want                                 cause.Code
	}{
		{name: "a program is told", from: "pod-a", variable: "WEB_SERVICE_HOST=10.96.0.20", to: "10.96.0.20", asks: "tcp 80", want: service.NotTranslated, says: "by WEB_SERVICE_HOST in the environment of pid "},
		{name: "of another one", from: "host1", variable: "WEB_SERVICE_HOST=10.96.0.21", to: "10.96.0.20", asks: "tcp 80", want: cause.NotKnown, says: "if it is a service's, no rule here translates it"},
		{name: "of a host", from: "pod-a", variable: "WEB_SERVICE_HOST=10.57.4.21", to: "10.57.4.21", asks: "tcp 80", want: service.NotListening},
		{name: "a ping", from: "host1", variable: "WEB_SERVICE_HOST=10.96.0.20", to: "10.96.0.20", want: cause.NotKnown, says: "ask there"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := switched.build(t)
			b.run("host1: ip route add default via 10.57.4.22\nhost3: ip route add 192.168.10.0/24 via 10.57.4.20")
			b.hurry()
			b.told(c.from, c.variable)
			b.hide("host3")
			a := b.explain(breakage{from: c.from, to: c.to, asks: c.asks}, true)
			detail := strings.ReplaceAll(a.Cause.Detail.String(), b.suffix, "")
			if a.Cause.Code != c.want || !strings.Contains(detail, c.says) {
				t.Fatal(b.account(a))
			}
			if _, further, _ := strings.Cut(detail, "ask there"); c.asks == "" && further != "" {
				t.Error(detail)
			}
		})
	}
}

// told starts a program in a namespace that has a variable in its environment.
func (b *built) told(netns, variable string) {
	b.t.Helper()
	sh, err := exec.LookPath("sh")
	if err != nil {
		b.t.Skip(err)
	}
	program := &exec.Cmd{Path: sh, Args: []string{"sh", "-c", "read line; :"}, Env: []string{variable}}
	in, err := program.StdinPipe()
	if err == nil {
		err = b.space(netns).Do(program.Start)
	}
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { in.Close(); _ = program.Wait() })
}
