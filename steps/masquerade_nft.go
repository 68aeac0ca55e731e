package steps

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"

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
	return fmt.Errorf("no rule %q", a.nft())
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
	exprs, err := nftAddress(12, a.Src, expr.CmpOpEq)
	if err != nil {
		return nil, err
	}
	if a.NotTo != "" {
		not, err := nftAddress(16, a.NotTo, expr.CmpOpNeq)
		if err != nil {
			return nil, err
		}
		exprs = append(exprs, not...)
	}
	return append(exprs, &expr.Counter{}, &expr.Masq{}), nil
}

// nftAddress compares the IPv4 address at offset in the IP header with text.
func nftAddress(offset uint32, text string, op expr.CmpOp) ([]expr.Any, error) {
	p, err := netip.ParsePrefix(canonical(text))
	if err != nil {
		return nil, err
	}
	return []expr.Any{
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: offset, Len: 4},
		&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: 4, Mask: net.CIDRMask(p.Bits(), 32), Xor: make([]byte, 4)},
		&expr.Cmp{Op: op, Register: 1, Data: p.Addr().AsSlice()},
	}, nil
}
