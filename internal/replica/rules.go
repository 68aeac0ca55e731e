package replica

import (
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"nstutor/diag/netfilter/ipset"
	"nstutor/diag/netfilter/xtables"
	"nstutor/internal/nsenter"
	"nstutor/internal/say"
)

// LegacyTable is a table of iptables-legacy as its kernel hands it out, which takes it back
// as it is.
type LegacyTable struct{ xtables.Table }

// Name is what iptables calls it, and ip6tables.
func (t LegacyTable) Name() string {
	if t.Family == unix.NFPROTO_IPV6 {
		return "ip6 " + t.Table.Name()
	}
	return t.Table.Name()
}

// readLegacy reads the tables of iptables-legacy that the kernel lists.
func readLegacy(ns *nsenter.Namespace) (all []LegacyTable, err error) {
	err = ns.Do(func() error {
		for _, f := range xtables.Families {
			names, err := os.ReadFile(f.Names)
			if err != nil {
				continue // without the module there is no such file, and no table
			}
			tables, err := f.Read(strings.Fields(string(names)))
			if err != nil {
				return err
			}
			for _, t := range tables {
				all = append(all, LegacyTable{t})
			}
		}
		return nil
	})
	if err != nil {
		return nil, say.Err("%s: read tables of iptables-legacy: %v", "%s：读取 iptables-legacy 的表：%v", ns.Name(), err)
	}
	return all, nil
}

// buildSets makes the ipsets of a namespace, which have to be there before rules ask them.
func (b *builder) buildSets(space int) error {
	sets := b.network.Spaces[space].Sets
	if len(sets) == 0 {
		return nil
	}
	refused, err := ipset.Make(b.copy.Spaces[space], sets)
	for i, s := range sets {
		if why := refused[i]; why != nil {
			b.miss(space, Sets, s.Name(), why)
		}
	}
	if err != nil {
		return say.Err("%s: make ipsets: %v", "%s：建立 ipset：%v", b.network.Spaces[space].Name, err)
	}
	return nil
}

// buildFilter makes the packet filter of a namespace.
func (b *builder) buildFilter(space int) error {
	s := b.network.Spaces[space]
	refused, err := s.Filter.Make(b.copy.Spaces[space], s.ByHandle)
	for _, r := range refused {
		if r.User {
			b.miss(space, Users, r.Name, nil)
			continue
		}
		b.miss(space, Filtering, r.Name, r.Err)
	}
	return err
}

// buildLegacy gives a namespace its tables of iptables-legacy, where this kernel has such.
func (b *builder) buildLegacy(space int) error {
	tables := b.network.Spaces[space].Legacy
	if len(tables) == 0 {
		return nil
	}
	return b.copy.Spaces[space].Do(func() error {
		for _, t := range tables {
			if err := t.Replace(); err != nil {
				b.miss(space, Legacy, t.Name(), err)
			}
		}
		return nil
	})
}
