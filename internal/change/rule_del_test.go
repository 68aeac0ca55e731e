package change_test

import (
	"strings"
	"testing"

	"nstutor/diag/netfilter"
	"nstutor/internal/change"
	"nstutor/internal/lab/labtest"
	"nstutor/internal/nsenter"
)

// TestARuleIsTakenAwayByWhatItIs: by the words that iptables makes of it where there are
// such, and by its handle else, whatever stands in it.
func TestARuleIsTakenAwayByWhatItIs(t *testing.T) {
	l := labtest.New(t)
	ns, err := l.NS(host)
	if err != nil {
		t.Fatal(err)
	}
	said := func(words string) change.Change { return change.IPTables{Netns: host, Words: strings.Fields(words)} }
	for _, test := range []struct {
		rule change.Change
		want string
	}{
		{said("-t nat -A POSTROUTING -s 10.0.0.0/24 -j MASQUERADE"), "iptables -t nat -D POSTROUTING -s 10.0.0.0/24 -j MASQUERADE"},
		{said("-t nat -A POSTROUTING -s 10.0.0.0/24 -p tcp -j SNAT --to-source 192.168.6.160:1000-2000"),
			"iptables -t nat -D POSTROUTING -s 10.0.0.0/24 -p tcp -j SNAT --to-source 192.168.6.160:1000-2000"},
		{nftLine("add table ip mine; add chain ip mine out { type filter hook output priority 0; }; add rule ip mine out oifname eth0 drop"), "nft delete rule ip mine out handle "},
	} {
		if err := test.rule.Apply(t.Context(), l); err != nil {
			t.Fatalf("%s: %v", test.rule.Command(), err)
		}
		table, chain, rule := onlyRule(t, ns)
		del, ok := change.RuleDel(host, table, chain, rule)
		if !ok || !strings.Contains(del.Command().String(), test.want) {
			t.Fatalf("%s: %v, %v", test.rule.Command(), del, ok)
		}
		if err := del.Apply(t.Context(), l); err != nil {
			t.Errorf("%s: %v", del.Command(), err)
		}
		if _, _, rule := onlyRule(t, ns); rule != nil {
			t.Errorf("%s: it is still there", del.Command())
		}
	}
}

// onlyRule is the one rule of a namespace, if there is one.
func onlyRule(t *testing.T, ns *nsenter.Namespace) (*netfilter.Table, *netfilter.Chain, *netfilter.Rule) {
	t.Helper()
	set, err := netfilter.Read(ns)
	if err != nil {
		t.Fatal(err)
	}
	for i := range set.Tables {
		for j := range set.Tables[i].Chains {
			if chain := &set.Tables[i].Chains[j]; len(chain.Rules) > 0 {
				return &set.Tables[i], chain, &chain.Rules[0]
			}
		}
	}
	return nil, nil, nil
}
