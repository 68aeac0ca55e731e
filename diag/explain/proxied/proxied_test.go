package proxied_test

import (
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"nstutor/diag/explain"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/service"
	"nstutor/diag/explain/machine"
	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/lab/labtest"
)

func TestMain(m *testing.M) { labtest.Main(m) }

// proxyRules are rules that send what a namespace opens to port 80 to a port of its own.
var proxyRules = map[string][]string{
	"nft": {
		"nft add table ip nat", "nft add chain ip nat OUTPUT { type nat hook output priority -100; }",
		"nft add rule ip nat OUTPUT tcp dport 80 redirect to :15001",
	},
	"iptables": {"iptables -t nat -A OUTPUT -p tcp --dport 80 -j REDIRECT --to-ports 15001"},
}

// A connection that a rule hands to a sidecar opens whatever becomes of it. That the
// sidecar comes to itself shows in its own connections, and the fix lets those out by
// what tells them from others.
func TestAProxyThatMeetsItself(t *testing.T) {
	labtest.Slow(t)
	type answer struct {
		verdict explain.Verdict
		code    cause.Code
	}
	loop, may, delivered := answer{explain.Broken, service.ProxyLoop}, answer{explain.Undecided, service.ProxyLoop}, answer{explain.Delivered, cause.None}
	for name, c := range map[string]struct {
		rules   []string
		proxy   string // the program at port 15001
		unasked answer // without a probe
		asked   answer
		fix     string // after which the probe is delivered
	}{
		"nft":                        {proxyRules["nft"], "sidecar", may, loop, "nft insert rule ip nat OUTPUT meta mark 1337 accept"},
		"iptables":                   {proxyRules["iptables"], "sidecar", may, loop, "iptables -t nat -I OUTPUT -m mark --mark 1337 -j ACCEPT"},
		"another is excepted":        {slices.Concat(proxyRules["nft"], []string{"nft insert rule ip nat OUTPUT meta mark 7 accept"}), "sidecar", delivered, loop, "nft insert rule ip nat OUTPUT meta mark 1337 accept"},
		"it is excepted":             {slices.Concat(proxyRules["nft"], []string{"nft insert rule ip nat OUTPUT meta mark 1337 accept"}), "sidecar", delivered, delivered, ""},
		"another user is excepted":   {slices.Concat(proxyRules["nft"], []string{"nft insert rule ip nat OUTPUT meta skuid 1337 accept"}), "web", delivered, delivered, ""},
		"other groups, by iptables":  {slices.Concat([]string{"iptables -t nat -A OUTPUT -m owner ! --gid-owner 0 -j RETURN"}, proxyRules["iptables"]), "web", delivered, delivered, ""},
		"a program that is no proxy": {proxyRules["nft"], "web", may, delivered, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := proxied(t, c.proxy, c.rules)
			for _, probe := range []bool{false, true} {
				want := c.unasked
				if probe {
					want = c.asked
				}
				a := p.explain(probe)
				if got := (answer{a.Verdict, a.Cause.Code}); got != want {
					t.Fatalf("with a probe %v: %v, want %v: %v", probe, got, want, a.Cause.Detail)
				}
				switch {
				case want.code != service.ProxyLoop:
				case len(a.Cause.Evidence) == 0 || a.Cause.Netns != lab.Host:
					t.Errorf("%q in %q", a.Cause.Evidence, a.Cause.Netns)
				case probe && (len(a.Fix) != 1 || a.Fix[0].String() != c.fix):
					t.Fatalf("the fix is %q", a.Fix)
				}
			}
			if c.fix == "" {
				return
			}
			p.hold() // what was open before the fix is no sign that it does not work
			p.run(c.fix)
			if a := p.explain(true); a.Verdict != explain.Delivered {
				t.Errorf("after the fix: %s: %v", a.Verdict, a.Cause.Detail)
			}
		})
	}
}

// proxiedNode is a node whose connections to port 80 go to a program of its own.
type proxiedNode struct {
	*lab.Lab
	t *testing.T
}

func proxied(t *testing.T, proxy string, rules []string) proxiedNode {
	t.Helper()
	l := labtest.New(t)
	p := proxiedNode{l, t}
	p.spawn(lab.Inet, "web", "80")
	p.spawn(lab.Host, proxy, "15001")
	for _, rule := range rules {
		p.run(rule)
	}
	return p
}

func (p proxiedNode) spawn(netns, program, port string) {
	p.t.Helper()
	process, err := p.Spawn(netns, netns+"-"+program, program, port)
	if err == nil {
		err = p.Ready(p.t.Context(), process)
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

// hold opens a connection that stays, and with it those that the proxy makes of it.
func (p proxiedNode) hold() {
	p.t.Helper()
	ns, err := p.NS(lab.Host)
	if err == nil {
		err = ns.Do(func() error {
			c, err := net.DialTimeout("tcp", "203.0.113.10:80", time.Second)
			if err == nil {
				p.t.Cleanup(func() { c.Close() })
			}
			return err
		})
	}
	if err != nil {
		p.t.Fatal(err)
	}
	time.Sleep(100 * time.Millisecond)
}

// run makes what a line says, by its program or over netlink.
func (p proxiedNode) run(line string) {
	p.t.Helper()
	program, rest, _ := strings.Cut(line, " ")
	c, err := change.Change(change.NFTLine(lab.Host, rest)), error(nil)
	if program != "nft" {
		c, err = change.Parse(lab.Host, strings.Fields(line)...)
	}
	if err == nil {
		err = c.Apply(p.t.Context(), p.Lab)
	}
	if err != nil {
		p.t.Fatalf("%s: %v", line, err)
	}
}

func (p proxiedNode) explain(probe bool) explain.Answer {
	p.t.Helper()
	world := machine.New()
	defer world.Close()
	from, err := world.Open(lab.Host)
	if err != nil {
		p.t.Fatal(err)
	}
	a, err := explain.Explain(p.t.Context(), world, explain.Request{
		From: from, Dest: netip.MustParseAddr("203.0.113.10"), Proto: unix.IPPROTO_TCP, Port: 80, Probe: probe, Timeout: 2 * time.Second,
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return a
}
