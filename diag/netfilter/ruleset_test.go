package netfilter_test

import (
	"errors"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/fields"
	"nstutor/internal/lab/labtest"
	"nstutor/internal/nsenter"
)

// ruleChange changes the nf_tables of ns, without any program.
func ruleChange(t *testing.T, ns *nsenter.Namespace, change func(*nftables.Conn)) {
	t.Helper()
	conn, err := nftables.New(nftables.WithNetNSFd(int(ns.FD())))
	if err != nil {
		t.Fatal(err)
	}
	change(conn)
	if err := conn.Flush(); err != nil {
		t.Fatal(err)
	}
}

// masquerade is `ip nat POSTROUTING ip saddr 172.20.1.10 masquerade`.
func masquerade(c *nftables.Conn, extra ...expr.Any) {
	accept := nftables.ChainPolicyAccept
	table := c.AddTable(&nftables.Table{Family: nftables.TableFamilyIPv4, Name: "nat"})
	chain := c.AddChain(&nftables.Chain{
		Table: table, Name: "POSTROUTING", Type: nftables.ChainTypeNAT,
		Hooknum: nftables.ChainHookPostrouting, Priority: nftables.ChainPriorityNATSource, Policy: &accept,
	})
	exprs := []expr.Any{
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: 12, Len: 4},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{172, 20, 1, 10}},
	}
	c.AddRule(&nftables.Rule{Table: table, Chain: chain, Exprs: append(append(exprs, extra...), &expr.Masq{})})
}

func TestRulesAddedOverNetlinkReadInNftSyntax(t *testing.T) {
	ns := labtest.Netns(t, "netlink")
	ruleChange(t, ns, func(c *nftables.Conn) { masquerade(c) })
	want := []string{
		"ip nat POSTROUTING hook postrouting priority srcnat policy accept",
		"ip nat POSTROUTING ip saddr 172.20.1.10 masquerade",
	}
	if diff := cmp.Diff(want, ruleLines(t, ns)); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
}

func TestARuleWithACounterInAnIPTablesTableReadsAsIPTables(t *testing.T) {
	ns := labtest.Netns(t, "counter")
	ruleChange(t, ns, func(c *nftables.Conn) { masquerade(c, &expr.Counter{Bytes: 84, Packets: 1}) })
	if want, got := "-t nat -A POSTROUTING -s 172.20.1.10/32 -j MASQUERADE", ruleLines(t, ns)[1]; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestARuleIsReadAsTypedMatchesAndAVerdict(t *testing.T) {
	ns := labtest.Netns(t, "typed")
	ruleChange(t, ns, func(c *nftables.Conn) { masquerade(c) })
	set, err := netfilter.Read(ns)
	if err != nil {
		t.Fatal(err)
	}
	table, ok := set.Table("ip", "nat")
	if !ok {
		t.Fatalf("no table ip nat in %v", set)
	}
	chain, ok := table.Chain("POSTROUTING")
	if !ok || chain.Hook != "postrouting" || chain.Priority != 100 || chain.Type != "nat" || chain.Policy != "accept" {
		t.Fatalf("chain is %+v", chain)
	}
	rule := chain.Rules[0]
	if rule.Verdict.Kind != netfilter.VerdictMasquerade || len(rule.Matches) != 1 || len(rule.Exprs) != 3 {
		t.Fatalf("rule is %+v", rule)
	}
	m := rule.Matches[0]
	if !slices.Equal(m.Key, []fields.Name{"ip saddr"}) || !m.Holds([]byte{172, 20, 1, 10}) || m.Holds([]byte{172, 20, 1, 11}) {
		t.Errorf("match is %+v", m)
	}
}

func TestSetMembersBelongToTheRule(t *testing.T) {
	ns := labtest.Netns(t, "sets")
	ruleChange(t, ns, func(c *nftables.Conn) {
		table := c.AddTable(&nftables.Table{Family: nftables.TableFamilyINet, Name: "t"})
		chain := c.AddChain(&nftables.Chain{Table: table, Name: "c"})
		ports := &nftables.Set{Table: table, Anonymous: true, Constant: true, KeyType: nftables.TypeInetService}
		elements := []nftables.SetElement{{Key: []byte{0, 80}}, {Key: []byte{0, 22}}}
		if err := c.AddSet(ports, elements); err != nil {
			t.Fatal(err)
		}
		c.AddRule(&nftables.Rule{Table: table, Chain: chain, Exprs: []expr.Any{
			&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: 1},
			&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{unix.IPPROTO_TCP}},
			&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseTransportHeader, Offset: 2, Len: 2},
			&expr.Lookup{SourceRegister: 1, SetName: ports.Name, SetID: ports.ID},
			&expr.Verdict{Kind: expr.VerdictDrop},
		}})
	})
	want := []string{"inet t c", "inet t c tcp dport { 22, 80 } drop"}
	if diff := cmp.Diff(want, ruleLines(t, ns)); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
}

func TestReadingRulesChangesNothing(t *testing.T) {
	ns := labtest.Netns(t, "fresh")
	for range 3 {
		if lines := ruleLines(t, ns); len(lines) != 0 {
			t.Errorf("a fresh namespace has rules: %q", lines)
		}
	}
	for _, file := range []string{"ip_tables_names", "ip6_tables_names", "arp_tables_names"} {
		var names []byte
		err := ns.Do(func() (err error) {
			names, err = os.ReadFile("/proc/thread-self/net/" + file)
			return err
		})
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		if len(names) != 0 {
			t.Errorf("reading left x_tables behind: %s has %q", file, names)
		}
	}
	conn, err := nftables.New(nftables.WithNetNSFd(int(ns.FD())))
	if err != nil {
		t.Fatal(err)
	}
	if tables, err := conn.ListTables(); err != nil || len(tables) != 0 {
		t.Errorf("reading left nf_tables behind: %v, %v", tables, err)
	}
}

func TestReadingRulesOfAnEmptyNamespaceIsCheap(t *testing.T) {
	ns := labtest.Netns(t, "cheap")
	best := time.Hour
	for range 200 {
		begin := time.Now()
		ruleLines(t, ns)
		best = min(best, time.Since(begin))
	}
	if best > 500*time.Microsecond { // 5 times what it takes, for busy machines
		t.Errorf("the quickest of 200 reads took %v", best)
	}
	t.Logf("the quickest of 200 reads took %v", best)
}

func TestReadRulesNamesTheNamespaceInItsError(t *testing.T) {
	ns := labtest.Netns(t, "closed")
	ns.Close()
	_, err := netfilter.Read(ns)
	if err == nil || err.Error()[:7] != "closed:" {
		t.Errorf("error is %v", err)
	}
}

func TestReadRulesWhileTheyChange(t *testing.T) {
	ns := labtest.Netns(t, "busy")
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		conn, err := nftables.New(nftables.WithNetNSFd(int(ns.FD())))
		for err == nil {
			select {
			case <-stop:
				return
			default:
			}
			masquerade(conn)
			if err = conn.Flush(); err == nil {
				conn.FlushRuleset()
				err = conn.Flush()
			}
		}
		t.Error(err)
	}()
	defer func() {
		close(stop)
		<-stopped
	}()
	for range 200 {
		set, err := netfilter.Read(ns)
		if errors.Is(err, nl.ErrDumpInterrupted) {
			continue // many times in a row: the caller's to hear of
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, table := range set.Tables {
			if len(table.Chains) != 1 || len(table.Chains[0].Rules) != 1 {
				t.Errorf("read half of a change: %v", set.Lines())
			}
		}
	}
}

func BenchmarkReadRulesWithoutRules(b *testing.B) {
	ns := labtest.Netns(b, "bench")
	for b.Loop() {
		if _, err := netfilter.Read(ns); err != nil {
			b.Fatal(err)
		}
	}
}
