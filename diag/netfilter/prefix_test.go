package netfilter_test

import (
	"fmt"
	"net/netip"
	"testing"

	"nstutor/diag/netfilter"
	"nstutor/internal/lab/labtest"
)

// TestANetworkOfAnyLengthHoldsForAllOfIt: as nft writes it, for its last address and
// not for the one behind that.
func TestANetworkOfAnyLengthHoldsForAllOfIt(t *testing.T) {
	ns := labtest.Netns(t, "prefix")
	script := "table ip t {\n"
	for bits := 1; bits <= 32; bits++ {
		script += fmt.Sprintf("chain c%d { ip saddr %s accept; }\n", bits, netip.MustParsePrefix(fmt.Sprintf("172.22.1.1/%d", bits)).Masked())
	}
	loadRules(t, ns, "nft", script+"}\n")
	rules, err := netfilter.Read(ns)
	if err != nil {
		t.Fatal(err)
	}
	if len(rules.Tables) != 1 || len(rules.Tables[0].Chains) != 32 {
		t.Fatalf("the rules are %+v", rules)
	}
	for _, chain := range rules.Tables[0].Chains {
		var bits int
		if _, err := fmt.Sscanf(chain.Name, "c%d", &bits); err != nil || len(chain.Rules) != 1 || len(chain.Rules[0].Matches) != 1 {
			t.Fatalf("%s: %v, %v", chain.Name, err, chain.Rules)
		}
		match := chain.Rules[0].Matches[0]
		network := netip.MustParsePrefix(fmt.Sprintf("172.22.1.1/%d", bits)).Masked()
		last := lastOf(network)
		if !match.Holds(network.Addr().AsSlice()) || !match.Holds(last.AsSlice()) || match.Holds(last.Next().AsSlice()) || match.Holds(network.Addr().Prev().AsSlice()) {
			t.Errorf("/%d: %v does not hold for all of %s alone", bits, match, network)
		}
	}
}

func lastOf(network netip.Prefix) netip.Addr {
	last := network.Addr().As4()
	for bit := network.Bits(); bit < 32; bit++ {
		last[bit/8] |= 0x80 >> (bit % 8)
	}
	return netip.AddrFrom4(last)
}
