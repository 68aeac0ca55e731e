package nft

import (
	"bytes"
	"slices"
	"strconv"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"

	"nstutor/internal/say"
)

var errNoRule = say.Err("no such rule", "没有这条规则")

// Remove deletes the first rule of a chain that asks and does what the rule of a
// sentence does, whatever it has counted, in the calling thread's namespace.
func Remove(s Sentence) error {
	conn, err := nftables.New()
	if err != nil {
		return err
	}
	want, err := s.exprs(&nftables.Conn{})
	if err != nil {
		return err
	}
	rules, err := conn.GetRules(s.table(), s.chain())
	if err != nil {
		return err
	}
	family := s.table().Family
	for _, rule := range rules {
		if !slices.EqualFunc(uncounted(family, rule.Exprs), uncounted(family, want), bytes.Equal) {
			continue
		}
		if err := conn.DelRule(rule); err != nil {
			return err
		}
		return conn.Flush()
	}
	return errNoRule
}

// deleteRule deletes the rule of a handle, as `nft -a list` shows it.
func (s Sentence) deleteRule(conn *nftables.Conn) error {
	if len(s.rest) != 2 || s.rest[0] != "handle" {
		return say.Err("a rule is deleted by its handle", "删除规则要写 handle")
	}
	handle, err := strconv.ParseUint(s.rest[1], 10, 64)
	if err != nil {
		return err
	}
	return conn.DelRule(&nftables.Rule{Table: s.table(), Chain: s.chain(), Handle: handle})
}

// uncounted are the expressions but for the counters, as netlink has them, and for those
// that the library writes and does not read.
func uncounted(family nftables.TableFamily, exprs []expr.Any) (all [][]byte) {
	for _, e := range exprs {
		switch e.(type) {
		case *expr.Counter, *expr.Rt, *expr.Byteorder:
			continue
		}
		data, err := expr.Marshal(byte(family), e)
		if err != nil {
			data = nil
		}
		all = append(all, data)
	}
	return all
}

// RemoveNew deletes the rules of a sentence's chain whose handles are not known. Where
// none are, it is the rule that the sentence has put at an end of the chain.
func RemoveNew(s Sentence, known map[uint64]bool) error {
	conn, err := nftables.New()
	if err != nil {
		return err
	}
	rules, err := conn.GetRules(s.table(), s.chain())
	if err != nil {
		return err
	}
	if known == nil && len(rules) > 0 {
		rules = rules[len(rules)-1:]
	}
	rules = slices.DeleteFunc(rules, func(r *nftables.Rule) bool { return known[r.Handle] })
	if len(rules) == 0 {
		return errNoRule
	}
	for _, rule := range rules {
		if err := conn.DelRule(rule); err != nil {
			return err
		}
	}
	return conn.Flush()
}

// DropEmpty deletes a table that has chains, and no rule in any.
func DropEmpty(family, name string) error {
	conn, err := nftables.New()
	if err != nil {
		return err
	}
	chains, err := conn.ListChainsOfTableFamily(families[family])
	if err != nil {
		return err
	}
	var table *nftables.Table
	for _, chain := range chains {
		if chain.Table.Name != name {
			continue
		}
		table = chain.Table
		if rules, err := conn.GetRules(table, chain); err != nil || len(rules) > 0 {
			return err
		}
	}
	if table == nil {
		return nil
	}
	conn.DelTable(table)
	return conn.Flush()
}
