package netfilter_test

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"github.com/google/nftables/xt"

	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/fields"
	"nstutor/internal/lab/labtest"
)

func TestAMatchHoldsForTheValuesItNames(t *testing.T) {
	const established, related, isNew = 2, 4, 8
	state := netfilter.Match{
		Key: []fields.Name{"ct state"}, Mask: []byte{0, 0, 0, established | related}, Not: true,
		OneOf: []fields.Tuple{{{Lo: make([]byte, 4), Hi: make([]byte, 4)}}},
	}
	ports := netfilter.Match{
		Key:   []fields.Name{"tcp dport"},
		OneOf: []fields.Tuple{{{Lo: []byte{0, 22}, Hi: []byte{0, 22}}}, {{Lo: []byte{0, 80}, Hi: []byte{0, 90}}}},
	}
	pair := netfilter.Match{
		Key:   []fields.Name{"ip saddr", "tcp dport"},
		OneOf: []fields.Tuple{{{Lo: []byte{10, 0, 0, 1}, Hi: []byte{10, 0, 0, 1}}, {Lo: []byte{0, 80}, Hi: []byte{0, 80}}}},
	}
	for name, test := range map[string]struct {
		match  netfilter.Match
		values [][]byte
		holds  bool
	}{
		"a state of the mask":             {state, [][]byte{{0, 0, 0, established}}, true},
		"a state outside the mask":        {state, [][]byte{{0, 0, 0, isNew}}, false},
		"the first alternative":           {ports, [][]byte{{0, 22}}, true},
		"inside a range":                  {ports, [][]byte{{0, 85}}, true},
		"behind a range":                  {ports, [][]byte{{0, 91}}, false},
		"both fields of a concatenation":  {pair, [][]byte{{10, 0, 0, 1}, {0, 80}}, true},
		"one field of a concatenation":    {pair, [][]byte{{10, 0, 0, 1}, {0, 81}}, false},
		"too few values":                  {pair, [][]byte{{10, 0, 0, 1}}, false},
		"a value of another length":       {ports, [][]byte{{22}}, false},
		"a condition that is only a text": {netfilter.Match{Text: "[expr quota]"}, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := test.match.Holds(test.values...); got != test.holds {
				t.Errorf("%v holds for %v: %v", test.match, test.values, got)
			}
		})
	}
}

func TestXTablesExtensionsOverNetlinkReadAsIPTables(t *testing.T) {
	ns := labtest.Netns(t, "xt")
	accept := nftables.ChainPolicyAccept
	comment := xt.Comment("why not")
	local := xt.AddrTypeV1{Dest: 1 << 2}
	backend := xt.NatRange2{NatRange: xt.NatRange{
		Flags: 3, MinIP: []byte{10, 244, 1, 11}, MaxIP: []byte{10, 244, 1, 11}, MinPort: 8080, MaxPort: 8080,
	}}
	ruleChange(t, ns, func(c *nftables.Conn) {
		table := c.AddTable(&nftables.Table{Family: nftables.TableFamilyIPv4, Name: "nat"})
		chain := c.AddChain(&nftables.Chain{
			Table: table, Name: "PREROUTING", Type: nftables.ChainTypeNAT,
			Hooknum: nftables.ChainHookPrerouting, Priority: nftables.ChainPriorityNATDest, Policy: &accept,
		})
		c.AddRule(&nftables.Rule{Table: table, Chain: chain, Exprs: []expr.Any{
			&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: 1},
			&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{6}},
			&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseTransportHeader, Offset: 2, Len: 2},
			&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{0, 80}},
			&expr.Match{Name: "comment", Info: &comment},
			&expr.Match{Name: "addrtype", Rev: 1, Info: &local},
			&expr.Counter{},
			&expr.Target{Name: "DNAT", Rev: 2, Info: &backend},
		}})
	})
	want := []string{
		"ip nat PREROUTING hook prerouting priority dstnat policy accept",
		`-t nat -A PREROUTING -p tcp -m tcp --dport 80 -m comment --comment "why not" -m addrtype --dst-type LOCAL ` +
			"-j DNAT --to-destination 10.244.1.11:8080",
	}
	if diff := cmp.Diff(want, ruleLines(t, ns)); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
}

func TestReadingLegacyRulesMakesNoOtherTable(t *testing.T) {
	ns := labtest.Netns(t, "legacy-alone")
	if _, ok := ruleCommand(t, ns, "", "iptables-legacy", "-t", "nat", "-A", "POSTROUTING", "-j", "MASQUERADE"); !ok {
		return
	}
	ruleLines(t, ns)
	var names []byte
	err := ns.Do(func() (err error) {
		names, err = os.ReadFile("/proc/thread-self/net/ip_tables_names")
		return err
	})
	if err != nil || string(names) != "nat\n" {
		t.Errorf("ip_tables_names is %q (%v), want nat alone", names, err)
	}
}
