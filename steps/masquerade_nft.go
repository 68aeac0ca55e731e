package steps

import (
	"bytes"
	"net/netip"

	"nstutor/internal/change"
	"nstutor/internal/say"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"github.com/google/nftables/userdata"
)

// nftNat is where the rules go on a machine without iptables: a table and a
// chain of the names that iptables would give them.
var (
	nftNat         = &nftables.Table{Family: nftables.TableFamilyIPv4, Name: "nat"}
	nftPostrouting = &nftables.Chain{
		Name: "POSTROUTING", Table: nftNat, Type: nftables.ChainTypeNAT,
		Hooknum: nftables.ChainHookPostrouting, Priority: nftables.ChainPriorityNATSource,
	}
)

// nftAppend adds the rule in the calling thread's namespace.
func nftAppend(a Masquerade) error {
	conn, err := nftables.New()
	if err != nil {
		return err
	}
	conn.AddTable(nftNat)
	conn.AddChain(nftPostrouting)
	exprs, err := nftExprs(a)
	if err != nil {
		return err
	}
	conn.AddRule(&nftables.Rule{Table: nftNat, Chain: nftPostrouting, Exprs: exprs, UserData: nftComment(a)})
	return conn.Flush()
}

// nftComment is the comment by which nftDelete finds the rule again, as nft(8)
// keeps and prints it.
func nftComment(a Masquerade) []byte {
	return userdata.AppendString(nil, userdata.TypeComment, a.nft())
}

// nftDelete deletes the rule that nftAppend made.
func nftDelete(a Masquerade) error {
	conn, err := nftables.New()
	if err != nil {
		return err
	}
	rules, err := conn.GetRules(nftNat, nftPostrouting)
	if err != nil {
		return err
	}
	for _, rule := range rules {
		if !bytes.Equal(rule.UserData, nftComment(a)) {
			continue
		}
		if err := conn.DelRule(rule); err != nil {
			return err
		}
		return conn.Flush()
	}
	return say.Err("no rule %q", "没有规则 %q", a.nft())
}

// nftDropEmpty deletes the table nat if there is one and no rule is in it.
func nftDropEmpty() error {
	conn, err := nftables.New()
	if err != nil {
		return err
	}
	chains, err := conn.ListChainsOfTableFamily(nftables.TableFamilyIPv4)
	if err != nil {
		return err
	}
	found := false
	for _, chain := range chains {
		if chain.Table.Name != nftNat.Name {
			continue
		}
		found = true
		if rules, err := conn.GetRules(chain.Table, chain); err != nil || len(rules) > 0 {
			return err
		}
	}
	if !found {
		return nil
	}
	conn.DelTable(nftNat)
	return conn.Flush()
}

// nftExprs is the rule in the virtual machine's terms: load the source address
// (and the destination's), mask, compare, masquerade.
func nftExprs(a Masquerade) ([]expr.Any, error) {
	src, err := netip.ParsePrefix(canonical(a.Src))
	if err != nil {
		return nil, err
	}
	exprs := change.AddressExprs(change.SrcOffset, src, expr.CmpOpEq)
	if a.NotTo != "" {
		not, err := netip.ParsePrefix(canonical(a.NotTo))
		if err != nil {
			return nil, err
		}
		exprs = append(exprs, change.AddressExprs(change.DstOffset, not, expr.CmpOpNeq)...)
	}
	return append(exprs, &expr.Counter{}, &expr.Masq{}), nil
}
