package steps_test

import (
	"strings"
	"testing"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"

	"nstutor/diag/netfilter"
	"nstutor/diag/probe"
	"nstutor/internal/lab"
	"nstutor/internal/lab/labtest"
	"nstutor/steps/gateway"
	"nstutor/steps/stepstest"
)

var (
	masquerade = gateway.Masquerade{Netns: host, Src: "172.20.1.10"}
	narrow     = gateway.Narrow{Netns: host, Was: masquerade,
		Now: gateway.Masquerade{Netns: host, Src: "172.20.1.0/24", NotTo: "172.20.1.0/24"}}
)

// wantWay pings the web from the pod; inet has no route back to it.
func wantWay(t *testing.T, l *lab.Lab, want probe.Outcome) {
	t.Helper()
	r := probe.Ping(t.Context(), namespace(t, l, pod), probe.Echo{To: web, Timeout: l.PingTimeout()})
	if r.Outcome != want {
		t.Errorf("ping is %s, want %s: %s", r.Outcome, want, r.Message)
	}
}

// nftTables lists the tables of nf_tables in host.
func nftTables(t *testing.T, l *lab.Lab) []string {
	t.Helper()
	var names []string
	nft(t, l, func(c *nftables.Conn) {
		tables, err := c.ListTables()
		if err != nil {
			t.Error(err)
		}
		for _, table := range tables {
			names = append(names, table.Name)
		}
	})
	return names
}

// nft speaks to the nf_tables of host.
func nft(t *testing.T, l *lab.Lab, speak func(*nftables.Conn)) {
	t.Helper()
	err := namespace(t, l, host).Do(func() error {
		conn, err := nftables.New()
		if err != nil {
			return err
		}
		speak(conn)
		return conn.Flush()
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestMasqueradeWorksWithAndWithoutIptables takes the iptables program away, on
// machines that have it, by an empty PATH.
func TestMasqueradeWorksWithAndWithoutIptables(t *testing.T) {
	for name, hide := range map[string]bool{"what the machine has": false, "without iptables": true} {
		t.Run(name, func(t *testing.T) {
			l := labtest.New(t)
			if hide {
				t.Setenv("PATH", "")
			}
			apply(t, l, connected()...)
			was := state(t, l)
			stepstest.WantDone(t, l, masquerade, false)
			wantWay(t, l, probe.Silent)
			apply(t, l, masquerade)
			stepstest.WantDone(t, l, masquerade, true)
			stepstest.WantDone(t, l, narrow, false)
			wantWay(t, l, probe.Replied)

			wide := state(t, l)
			apply(t, l, narrow)
			stepstest.WantDone(t, l, narrow, true)
			wantWay(t, l, probe.Replied)
			if n := masquerades(t, l); n != 1 {
				t.Errorf("%d rules after narrowing", n)
			}
			if err := narrow.Change(l).Undo(t.Context(), l, wide.Before); err != nil {
				t.Fatal(err)
			}
			stepstest.WantDone(t, l, narrow, false)
			backTo(t, l, wide)

			if err := masquerade.Change(l).Undo(t.Context(), l, was.Before); err != nil {
				t.Fatal(err)
			}
			stepstest.WantDone(t, l, masquerade, false)
			backTo(t, l, was)
			if tables := nftTables(t, l); len(tables) > 0 {
				t.Errorf("undo left tables %v", tables)
			}
		})
	}
}

// masquerades counts the rules that rewrite a source.
func masquerades(t *testing.T, l *lab.Lab) (n int) {
	t.Helper()
	rules, err := netfilter.Read(namespace(t, l, host))
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range rules.Tables {
		for _, chain := range table.Chains {
			for _, rule := range chain.Rules {
				if rule.Verdict.Kind == netfilter.VerdictMasquerade {
					n++
				}
			}
		}
	}
	return n
}

// TestUndoLeavesOtherRulesAlone has a rule of the learner's in the same table.
func TestUndoLeavesOtherRulesAlone(t *testing.T) {
	for name, hide := range map[string]bool{"what the machine has": false, "without iptables": true} {
		t.Run(name, func(t *testing.T) {
			l := labtest.New(t)
			if hide {
				t.Setenv("PATH", "")
			}
			other := gateway.Masquerade{Netns: host, Src: "10.0.0.0/8"}
			for _, first := range []bool{true, false} {
				reset(t, l, connected()...)
				was := state(t, l)
				if first {
					apply(t, l, other)
					was = state(t, l)
				}
				apply(t, l, masquerade)
				if !first {
					apply(t, l, other)
				}
				if err := masquerade.Change(l).Undo(t.Context(), l, was.Before); err != nil {
					t.Fatal(err)
				}
				stepstest.WantDone(t, l, masquerade, false)
				stepstest.WantDone(t, l, other, true)
			}
		})
	}
}

// TestFailedNarrowingChangesNothing has no rule to narrow.
func TestFailedNarrowingChangesNothing(t *testing.T) {
	for name, hide := range map[string]bool{"what the machine has": false, "without iptables": true} {
		t.Run(name, func(t *testing.T) {
			l := labtest.New(t)
			if hide {
				t.Setenv("PATH", "")
			}
			apply(t, l, connected()...)
			was := state(t, l)
			if err := narrow.Change(l).Apply(t.Context(), l); err == nil {
				t.Error("narrowing nothing succeeded")
			}
			stepstest.WantDone(t, l, narrow, false)
			backTo(t, l, was)

			apply(t, l, masquerade)
			was = state(t, l)
			broken := narrow
			broken.Now.Src = "nonsense"
			if err := broken.Change(l).Apply(t.Context(), l); err == nil {
				t.Error("nonsense succeeded")
			}
			backTo(t, l, was)
		})
	}
}

// rule is a native nf_tables rule in a chain at the hook postrouting, with what
// it takes for one that is not so simple.
type rule struct {
	table nftables.Table
	chain nftables.Chain
	exprs []expr.Any
}

// oifname compares the device that the packet leaves by.
func oifname(op expr.CmpOp, dev string) []expr.Any {
	padded := make([]byte, 16)
	copy(padded, dev)
	return []expr.Any{
		&expr.Meta{Key: expr.MetaKeyOIFNAME, Register: 1},
		&expr.Cmp{Op: op, Register: 1, Data: padded},
	}
}

func masq(exprs ...expr.Any) []expr.Any { return append(exprs, &expr.Masq{}) }

func postrouting() nftables.Chain {
	return nftables.Chain{Name: "post", Type: nftables.ChainTypeNAT,
		Hooknum: nftables.ChainHookPostrouting, Priority: nftables.ChainPriorityNATSource}
}

// nativeRules are the ways of people who do without iptables, and whether the
// pod's packets then leave with the node's address.
func nativeRules() map[string]struct {
	rules []rule
	works bool
} {
	ip := nftables.Table{Family: nftables.TableFamilyIPv4, Name: "mine"}
	internet := nftables.Table{Family: nftables.TableFamilyINet, Name: "mine"}
	input := postrouting()
	input.Hooknum = nftables.ChainHookInput
	side := nftables.Chain{Name: "side"}
	to := func(kind expr.VerdictKind) []expr.Any { return []expr.Any{&expr.Verdict{Kind: kind, Chain: "side"}} }
	node := []expr.Any{
		&expr.Immediate{Register: 1, Data: []byte{192, 168, 6, 160}},
		&expr.NAT{Type: expr.NATTypeSourceNAT, Family: 2, RegAddrMin: 1},
	}
	return map[string]struct {
		rules []rule
		works bool
	}{
		"everything":             {[]rule{{ip, postrouting(), masq()}}, true},
		"of both families":       {[]rule{{internet, postrouting(), masq()}}, true},
		"out of the uplink":      {[]rule{{ip, postrouting(), masq(oifname(expr.CmpOpEq, "eth0")...)}}, true},
		"out of another":         {[]rule{{ip, postrouting(), masq(oifname(expr.CmpOpEq, "eth1")...)}}, false},
		"not out of the uplink":  {[]rule{{ip, postrouting(), masq(oifname(expr.CmpOpNeq, "eth0")...)}}, false},
		"a fixed address":        {[]rule{{ip, postrouting(), node}}, true},
		"at another hook":        {[]rule{{ip, input, []expr.Any{&expr.Counter{}}}}, false},
		"after what lets it out": {[]rule{{ip, postrouting(), to(expr.VerdictAccept)}, {ip, postrouting(), masq()}}, false},
		"in a chain of its own":  {[]rule{{ip, side, masq()}, {ip, postrouting(), to(expr.VerdictJump)}}, true},
		"where nobody jumps":     {[]rule{{ip, side, masq()}, {ip, postrouting(), []expr.Any{&expr.Counter{}}}}, false},
		"after a jump":           {[]rule{{ip, side, []expr.Any{&expr.Counter{}}}, {ip, postrouting(), to(expr.VerdictJump)}, {ip, postrouting(), masq()}}, true},
		"after a goto":           {[]rule{{ip, side, []expr.Any{&expr.Counter{}}}, {ip, postrouting(), to(expr.VerdictGoto)}, {ip, postrouting(), masq()}}, false},
	}
}

// TestMasqueradeIsDoneByAnyRuleThatDoesIt believes the kernel: Done says what
// the pod's ping shows.
func TestMasqueradeIsDoneByAnyRuleThatDoesIt(t *testing.T) {
	labtest.Slow(t)
	l := labtest.New(t)
	for name, test := range nativeRules() {
		t.Run(name, func(t *testing.T) {
			reset(t, l, connected()...)
			nft(t, l, func(c *nftables.Conn) {
				made := map[string]bool{}
				for _, r := range test.rules {
					if table := r.table; !made["table"] {
						made["table"] = true
						c.AddTable(&table)
					}
					chain := r.chain
					chain.Table = &r.table
					if !made[chain.Name] {
						made[chain.Name] = true
						c.AddChain(&chain)
					}
					c.AddRule(&nftables.Rule{Table: &r.table, Chain: &chain, Exprs: r.exprs})
				}
			})
			stepstest.WantDone(t, l, masquerade, test.works)
			if test.works {
				wantWay(t, l, probe.Replied)
			} else {
				wantWay(t, l, probe.Silent)
			}
		})
	}
}

// TestMasqueradeIsDoneByOtherCommands types what is found in other courses.
func TestMasqueradeIsDoneByOtherCommands(t *testing.T) {
	labtest.Slow(t)
	l := labtest.New(t)
	for line, works := range map[string]bool{
		"iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE":                                                                                                    true,
		"iptables -t nat -A POSTROUTING -s 172.20.1.0/24 -o eth0 -j MASQUERADE":                                                                                   true,
		"iptables -t nat -A POSTROUTING -s 172.20.1.0/24 ! -o veth-ns1 -j SNAT --to-source 192.168.6.160":                                                         true,
		"iptables -t nat -A POSTROUTING -s 172.20.1.11 -j MASQUERADE":                                                                                             false,
		"nft add table ip mine '{ flags dormant; }'; nft 'add chain ip mine p { type nat hook postrouting priority srcnat; }'; nft add rule ip mine p masquerade": false,
		"iptables -t nat -A POSTROUTING -o veth-ns1 -j MASQUERADE":                                                                                                false,
		strings.Join(masquerade.Change(nil).Command().Same, "; "):                                                                                                 true,
	} {
		t.Run(line, func(t *testing.T) {
			if program := strings.Fields(line)[0]; !installed(program) {
				t.Logf("%s is not installed", program)
				return
			}
			reset(t, l, connected()...)
			typed(t, l, line)
			stepstest.WantDone(t, l, masquerade, works)
			if works {
				wantWay(t, l, probe.Replied)
			} else {
				wantWay(t, l, probe.Silent)
			}
		})
	}
}

// TestRulesOfAnyProgramAreRead has user data that nft(8) would not have written:
// the kernel keeps what it is given.
func TestRulesOfAnyProgramAreRead(t *testing.T) {
	l := labtest.New(t)
	for name, data := range map[string]string{
		"one byte": "x", "too short": "\x00\x05abc", "text": "ip saddr 172.20.1.10 masquerade", "empty comment": "\x00\x00",
	} {
		t.Run(name, func(t *testing.T) {
			reset(t, l, connected()...)
			nft(t, l, func(c *nftables.Conn) {
				table := c.AddTable(&nftables.Table{Family: nftables.TableFamilyIPv4, Name: "mine"})
				chain := postrouting()
				chain.Table = table
				c.AddChain(&chain)
				c.AddRule(&nftables.Rule{Table: table, Chain: &chain, Exprs: masq(), UserData: []byte(data)})
			})
			stepstest.WantDone(t, l, masquerade, true)
		})
	}
}
