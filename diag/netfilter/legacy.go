package netfilter

import (
	"bytes"
	"strings"

	"nstutor/diag/netfilter/xtables"
	"nstutor/internal/nsenter"
)

// xtTable is a table of iptables-legacy that is to be decoded.
type xtTable struct {
	xtables.Table
	family string
	ipsets *ipsets
}

// readXTables reads the tables of iptables-legacy. names are, for each of
// xtables.Families, what it lists.
func readXTables(ns *nsenter.Namespace, names [][]byte) ([]Table, error) {
	if len(bytes.Join(names, nil)) == 0 {
		return nil, nil
	}
	var raw []xtTable
	sets := &ipsets{ns: ns}
	err := ns.Do(func() error {
		for i, family := range xtables.Families {
			read, err := family.Read(strings.Fields(string(names[i])))
			if err != nil {
				return err
			}
			for _, t := range read {
				raw = append(raw, xtTable{t, family.Name, sets})
			}
		}
		return nil
	})
	var tables []Table
	for _, t := range raw {
		tables = append(tables, t.decode())
	}
	return tables, err
}
