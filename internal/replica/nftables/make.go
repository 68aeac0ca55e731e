package nftables

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"

	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/diag/netfilter/nfnl"
	"nstutor/internal/nsenter"
)

// unit are changes of nf_tables that have to be made in one transaction: a rule
// and the sets without a name that it looks into.
type unit struct {
	changes []nfnl.Change
	name    string

	handle   uint64
	chain    string     // it makes, or its rule is in
	sets     []*madeSet // without a name, of a rule
	constant bool       // nothing can be put into the set once a rule looks into it
}

// transactionMost is how many bytes of changes are committed at once: a lab may
// send no more than net.core.wmem_max in one message.
const transactionMost = 96 << 10

// Refusal is what the kernel does not take: a table, or a chain behind its table where it
// is a rule of it.
type Refusal struct {
	Name string
	User bool // it asks for a user or a group whom the lab does not have
	Err  error
}

// maker makes the objects of a namespace.
type maker struct {
	*nfnl.Conn
	byHandle bool
	refused  []Refusal
}

// Make makes the objects in a namespace, where nothing of them may be there yet, and tells
// what the kernel refused. By handle, tables of iptables too have the handles that they had;
// all others have them wherever that can be.
func (f Ruleset) Make(ns *nsenter.Namespace, byHandle bool) ([]Refusal, error) {
	if len(f.Tables) == 0 {
		return nil, nil
	}
	c, err := nfnl.Open(ns)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	m := &maker{Conn: c, byHandle: byHandle}
	var rest Ruleset
	most := uint64(MostSkipped)
	for _, table := range f.byTable() {
		if !m.numbered(table, &most) {
			rest.add(table)
		}
	}
	units := rest.units()
	for len(units) > 0 {
		n, size := 0, 0
		for n < len(units) && (n == 0 || size < transactionMost) {
			for _, change := range units[n].changes {
				size += len(change.Attrs)
			}
			n++
		}
		if err := m.make(units[:n]); err != nil {
			return m.refused, err
		}
		units = units[n:]
	}
	return m.refused, nil
}

// make makes the changes of units; those that the kernel refuses are left out.
func (m *maker) make(units []unit) error {
	for len(units) > 0 {
		var changes []nfnl.Change
		var of []int
		for i, u := range units {
			for _, change := range u.changes {
				changes, of = append(changes, change), append(of, i)
			}
		}
		refused, err := m.Commit(changes)
		if err != nil || len(refused) == 0 {
			return err
		}
		bad := map[int]error{}
		for i, err := range refused {
			bad[of[i]] = err
		}
		var rest []unit
		for i, u := range units {
			if bad[i] == nil {
				rest = append(rest, u)
				continue
			}
			m.refuse(u, bad[i])
		}
		units = rest
	}
	return nil
}

// refuse notes that the kernel has refused a unit.
func (m *maker) refuse(u unit, why error) {
	user := errors.Is(why, unix.EINVAL) && slices.ContainsFunc(u.changes, asksOwner)
	m.refused = append(m.refused, Refusal{u.name, user, why})
}

// asksOwner reports whether a rule has the match "owner" of iptables: it asks for numbers
// that its user namespace has to know (owner_check()).
func asksOwner(change nfnl.Change) bool { return bytes.Contains(change.Attrs, []byte("owner\x00")) }

// units are all changes, in the order in which the kernel can take them.
func (f Ruleset) units() (all []unit) {
	table := func(o Object) []byte {
		const flags = 1 // NFT_TABLE_F_DORMANT: the others would bind it to whoever makes it
		attrs := attr.Only(o.Attrs, unix.NFTA_TABLE_NAME)
		return attr.Append(attrs, unix.NFTA_TABLE_FLAGS, binary.BigEndian.AppendUint32(nil, nfnl.Attrs(o.Attrs).Uint32(unix.NFTA_TABLE_FLAGS)&flags))
	}
	for _, o := range f.Tables {
		all = append(all, single(unix.NFT_MSG_NEWTABLE, o, table(o), 0))
	}
	for _, o := range f.Chains {
		attrs := attr.Only(o.Attrs, unix.NFTA_CHAIN_TABLE, unix.NFTA_CHAIN_NAME, unix.NFTA_CHAIN_HOOK, unix.NFTA_CHAIN_POLICY, unix.NFTA_CHAIN_TYPE)
		u := single(unix.NFT_MSG_NEWCHAIN, o, attrs, chainHandle)
		u.chain = nfnl.Attrs(attrs).Text(unix.NFTA_CHAIN_NAME)
		all = append(all, u)
	}
	for _, o := range f.Objects {
		attrs := attr.Only(o.Attrs, unix.NFTA_OBJ_TABLE, unix.NFTA_OBJ_NAME, unix.NFTA_OBJ_TYPE, unix.NFTA_OBJ_DATA)
		all = append(all, single(unix.NFT_MSG_NEWOBJ, o, attrs, objectHandle))
	}
	for _, o := range f.FlowTables {
		const table, name, hook, flags = 1, 2, 3, 7 // NFTA_FLOWTABLE_*
		all = append(all, single(unix.NFT_MSG_NEWFLOWTABLE, o, attr.Only(o.Attrs, table, name, hook, flags), flowTableHandle))
	}
	sets := f.sets()
	for _, o := range f.Sets {
		s := sets[setOf(o, unix.NFTA_SET_TABLE, unix.NFTA_SET_NAME)]
		if !s.anonymous {
			constant := nfnl.Attrs(o.Attrs).Uint32(unix.NFTA_SET_FLAGS)&unix.NFT_SET_CONSTANT != 0
			all = append(all, unit{changes: s.changes, name: nfnl.Attrs(o.Attrs).Text(unix.NFTA_SET_TABLE), handle: s.handle, constant: constant})
		}
	}
	for _, o := range f.Rules {
		all = append(all, ruleUnit(o, sets))
	}
	return all
}

// single is a unit of one change. The name of the table has the same number in all of them.
func single(kind int, o Object, attrs []byte, handle uint16) unit {
	u := unit{changes: []nfnl.Change{{New: kind, Family: o.Family, Attrs: attrs}}, name: nfnl.Attrs(o.Attrs).Text(unix.NFTA_TABLE_NAME)}
	if handle > 0 {
		u.handle = nfnl.Attrs(o.Attrs).Uint64(handle)
	}
	return u
}

// setName finds a set.
type setName struct {
	family      byte
	table, name string
}

func setOf(o Object, table, name uint16) setName {
	attrs := nfnl.Attrs(o.Attrs)
	return setName{o.Family, attrs.Text(table), attrs.Text(name)}
}

// madeSet is a set with its elements.
type madeSet struct {
	anonymous bool
	id        uint32
	handle    uint64
	changes   []nfnl.Change
}

// sets are the changes that make the sets. One without a name of its own keeps the
// one that the kernel has given it: only where a name has a % in it a number is put
// there (nf_tables_set_alloc_name()).
func (f Ruleset) sets() map[setName]*madeSet {
	all := map[setName]*madeSet{}
	for i, o := range f.Sets {
		s := &madeSet{id: uint32(i + 1), anonymous: nfnl.Attrs(o.Attrs).Uint32(unix.NFTA_SET_FLAGS)&unix.NFT_SET_ANONYMOUS != 0}
		const known = 18 // NFTA_SET_EXPRESSIONS is the last that is to be said
		s.handle = nfnl.Attrs(o.Attrs).Uint64(setHandle)
		attrs := attr.Keep(o.Attrs, func(kind uint16) bool {
			return kind != unix.NFTA_SET_ID && kind != setHandle && kind <= known
		})
		attrs = attr.Append(attrs, unix.NFTA_SET_ID, binary.BigEndian.AppendUint32(nil, s.id))
		s.changes = []nfnl.Change{{New: unix.NFT_MSG_NEWSET, Family: o.Family, Attrs: attrs}}
		all[setOf(o, unix.NFTA_SET_TABLE, unix.NFTA_SET_NAME)] = s
	}
	for _, o := range f.Elements {
		s := all[setOf(o, unix.NFTA_SET_ELEM_LIST_TABLE, unix.NFTA_SET_ELEM_LIST_SET)]
		if s == nil || nfnl.Attrs(o.Attrs).Get(unix.NFTA_SET_ELEM_LIST_ELEMENTS) == nil {
			continue
		}
		attrs := attr.Append(o.Attrs[:len(o.Attrs):len(o.Attrs)], unix.NFTA_SET_ELEM_LIST_SET_ID, binary.BigEndian.AppendUint32(nil, s.id))
		s.changes = append(s.changes, nfnl.Change{New: unix.NFT_MSG_NEWSETELEM, Family: o.Family, Attrs: attrs})
	}
	return all
}

// ruleUnit is a rule behind the sets that belong to it alone.
func ruleUnit(o Object, sets map[setName]*madeSet) unit {
	attrs := nfnl.Attrs(o.Attrs)
	u := unit{
		name:   attrs.Text(unix.NFTA_RULE_TABLE) + " " + attrs.Text(unix.NFTA_RULE_CHAIN),
		handle: attrs.Uint64(ruleHandle), chain: attrs.Text(unix.NFTA_RULE_CHAIN),
	}
	body := attr.Only(o.Attrs, unix.NFTA_RULE_TABLE, unix.NFTA_RULE_CHAIN, unix.NFTA_RULE_EXPRESSIONS, unix.NFTA_RULE_USERDATA)
	var proto byte
	extended, atProto := false, false
	for _, e := range attr.All(attrs.Get(unix.NFTA_RULE_EXPRESSIONS)) {
		name, data := nfnl.Attrs(e).Text(unix.NFTA_EXPR_NAME), nfnl.Attrs(e).Nested(unix.NFTA_EXPR_DATA)
		switch name {
		case "lookup":
			if s := sets[setName{o.Family, attrs.Text(unix.NFTA_RULE_TABLE), data.Text(unix.NFTA_LOOKUP_SET)}]; s != nil && s.anonymous {
				u.changes, u.sets = append(u.changes, s.changes...), append(u.sets, s)
			}
		case "match", "target":
			extended = true
		case "meta":
			atProto = data.Uint32(unix.NFTA_META_KEY) == unix.NFT_META_L4PROTO
		case "payload":
			atProto = data.Uint32(unix.NFTA_PAYLOAD_BASE) == unix.NFT_PAYLOAD_NETWORK_HEADER && data.Uint32(unix.NFTA_PAYLOAD_OFFSET) == 9 && data.Uint32(unix.NFTA_PAYLOAD_LEN) == 1
		case "cmp":
			if value := data.Value(unix.NFTA_CMP_DATA); atProto && len(value) == 1 && data.Uint32(unix.NFTA_CMP_OP) == unix.NFT_CMP_EQ {
				proto = value[0]
			}
		}
	}
	if extended {
		// Extensions of iptables ask which protocol a rule is for
		// (nft_parse_compat()), and the kernel does not tell what it was told.
		compat := attr.Append(nil, unix.NFTA_RULE_COMPAT_PROTO, binary.BigEndian.AppendUint32(nil, uint32(proto)))
		compat = attr.Append(compat, unix.NFTA_RULE_COMPAT_FLAGS, binary.BigEndian.AppendUint32(nil, 0))
		body = attr.Nest(body, unix.NFTA_RULE_COMPAT, compat)
	}
	u.changes = append(u.changes, nfnl.Change{New: unix.NFT_MSG_NEWRULE, Family: o.Family, Attrs: body, Append: true})
	return u
}
