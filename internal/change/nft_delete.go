package change

import (
	"bytes"
	"slices"

	"nstutor/internal/say"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"

	"nstutor/diag/netfilter"
)

// deleteRule deletes the first rule of a chain that is made of the same
// expressions, whatever it has counted, in the calling thread's namespace.
func deleteRule(family nftables.TableFamily, table, chain string, want ruleExprs) error {
	conn, err := nftables.New()
	if err != nil {
		return err
	}
	in := &nftables.Table{Family: family, Name: table}
	rules, err := conn.GetRules(in, &nftables.Chain{Table: in, Name: chain})
	if err != nil {
		return err
	}
	for _, rule := range rules {
		if !slices.EqualFunc(uncounted(family, rule.Exprs), uncounted(family, want), bytes.Equal) {
			continue
		}
		if err := conn.DelRule(rule); err != nil {
			return err
		}
		return conn.Flush()
	}
	return say.Err("no such rule", "没有这条规则")
}

// uncounted are the expressions but for the counters, as netlink has them.
func uncounted(family nftables.TableFamily, exprs []expr.Any) (all [][]byte) {
	for _, e := range exprs {
		if _, counts := e.(*expr.Counter); counts {
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

// hasTable reports whether the namespace's packet filter had a table of that
// name (family ip), whichever program made it.
func (b Before) hasTable(netns, name string) bool {
	set := b.Rules[netns]
	return set != nil && slices.ContainsFunc(set.Tables, func(t netfilter.Table) bool { return t.Family == "ip" && t.Name == name })
}

// dropEmpty deletes a table that was not there before, if there is one now and no
// rule is in it, in the calling thread's namespace.
func dropEmpty(was Before, netns, name string) error {
	if was.hasTable(netns, name) {
		return nil
	}
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
		if chain.Table.Name != name {
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
	conn.DelTable(&nftables.Table{Family: nftables.TableFamilyIPv4, Name: name})
	return conn.Flush()
}
