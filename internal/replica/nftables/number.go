package nftables

import (
	"cmp"
	"encoding/binary"
	"maps"
	"math"
	"slices"

	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/diag/netfilter/nfnl"
	"nstutor/internal/nsenter"
)

// The kernel counts what is made in a table, be it a chain, a rule, a set or an object, and
// a handle is its number (nf_tables_alloc_handle()). So a table has the handles of the
// original where all is made in the order in which it was made there, with rules between
// that are gone again: `nft delete rule … handle 7` takes the same rule away then.

// MostSkipped is how many numbers are passed over in the tables of a namespace: each takes
// two microseconds.
const MostSkipped = 1 << 14

// numberTries is how often a table is begun, where the kernel refuses parts of it.
const numberTries = 4

// Where the kernel tells handles.
const (
	chainHandle     = unix.NFTA_CHAIN_HANDLE
	objectHandle    = nfnl.ObjectHandle
	flowTableHandle = nfnl.FlowTableHandle
	setHandle       = nfnl.SetHandle
	ruleHandle      = unix.NFTA_RULE_HANDLE
)

// part is what is made in a table at a time.
type part struct {
	handle  uint64
	changes []nfnl.Change
	unit    int    // to which it belongs; skipping: it passes over numbers
	until   uint64 // what has that handle has to be in the same transaction
}

const skipping = -1

// numbered makes a table with the handles that its parts had. It is false, and nothing
// is left of the table, where that cannot be. Most numbers that may be passed over become less.
func (m *maker) numbered(f Ruleset, most *uint64) bool {
	if !m.byHandle && f.gaps() && slices.ContainsFunc(f.Rules, Object.extended) {
		return false // iptables names rules by their words, and the kernel takes ten milliseconds then
	}
	units := f.units()
	refused := map[int]error{}
	for range numberTries {
		parts, skipped, ok := inOrder(units, refused)
		if !ok || skipped > *most {
			return false
		}
		before := len(refused)
		begun, err := commitParts(m.Conn, parts, refused)
		if err == nil && len(refused) == before {
			for i, why := range refused {
				m.refuse(units[i], why)
			}
			*most -= skipped
			return true
		}
		if t := f.Tables[0]; begun {
			_, _ = m.Commit([]nfnl.Change{{New: unix.NFT_MSG_DELTABLE, Family: t.Family, Attrs: attr.Only(t.Attrs, unix.NFTA_TABLE_NAME)}})
		}
		if err != nil || refused[skipping] != nil {
			return false // such as EMSGSIZE: what belongs together is too long
		}
	}
	return false
}

// commitParts makes parts in as few transactions as their size allows, and adds to refused
// what the kernel does not take: then no more is made. begun says that some are made.
func commitParts(c *nfnl.Conn, parts []part, refused map[int]error) (begun bool, err error) {
	var changes []nfnl.Change
	var of []int
	size, until := 0, uint64(0)
	for i, p := range parts {
		for _, change := range p.changes {
			changes, of, size = append(changes, change), append(of, p.unit), size+unix.SizeofNlMsghdr+len(change.Attrs)
		}
		until = max(until, p.until)
		if i < len(parts)-1 && (p.handle < until || size < transactionMost) {
			continue
		}
		bad, err := c.Commit(changes)
		for at, why := range bad {
			refused[of[at]] = why
		}
		if err != nil || len(bad) > 0 {
			return begun, err
		}
		begun, changes, of, size = true, nil, nil, 0
	}
	return begun, nil
}

// kinds are all lists.
func (f *Ruleset) kinds() []*[]Object {
	return []*[]Object{&f.Tables, &f.Chains, &f.Objects, &f.FlowTables, &f.Sets, &f.Elements, &f.Rules}
}

// byTable is what is in each of the tables. What is in none of them is left out.
func (f Ruleset) byTable() (all []Ruleset) {
	const name = unix.NFTA_TABLE_NAME // the same number in all of them
	at := map[setName]int{}
	for i, t := range f.Tables {
		all, at[setOf(t, name, 0)] = append(all, Ruleset{Tables: f.Tables[i : i+1 : i+1]}), i
	}
	for kind, objects := range f.kinds()[1:] {
		for _, o := range *objects {
			if i, ok := at[setOf(o, name, 0)]; ok {
				to := all[i].kinds()[1+kind]
				*to = append(*to, o)
			}
		}
	}
	return all
}

// add adds what is in a table.
func (f *Ruleset) add(table Ruleset) {
	for i, to := range f.kinds() {
		*to = append(*to, *table.kinds()[i]...)
	}
}

// gaps reports whether numbers of a table are no longer in use.
func (f Ruleset) gaps() bool {
	last, used := uint64(0), uint64(0)
	for _, kind := range []struct {
		objects []Object
		handle  uint16
	}{{f.Chains, chainHandle}, {f.Objects, objectHandle}, {f.FlowTables, flowTableHandle}, {f.Sets, setHandle}, {f.Rules, ruleHandle}} {
		for _, o := range kind.objects {
			last, used = max(last, nfnl.Attrs(o.Attrs).Uint64(kind.handle)), used+1
		}
	}
	return last > used
}

// extended reports whether a rule has extensions of iptables.
func (o Object) extended() bool {
	for _, e := range attr.All(nfnl.Attrs(o.Attrs).Get(unix.NFTA_RULE_EXPRESSIONS)) {
		if name := nfnl.Attrs(e).Text(unix.NFTA_EXPR_NAME); name == "match" || name == "target" {
			return true
		}
	}
	return false
}

// inOrder are the parts of a table in the order of their handles, but for what is refused.
// Elements may lead to chains that were made after their set: they come last.
func inOrder(units []unit, refused map[int]error) (parts []part, skipped uint64, ok bool) {
	rules := placed(units, refused)
	var last []part
	for i, u := range units {
		if refused[i] != nil {
			continue
		}
		changes := u.changes
		switch {
		case rules[i] != nil:
			changes = nil
			for _, s := range u.sets {
				parts = append(parts, part{s.handle, s.changes[:1], i, u.handle})
				changes = append(changes, s.changes[1:]...)
			}
			changes = append(changes, *rules[i])
		case changes[0].New == unix.NFT_MSG_NEWSET && !u.constant:
			last = append(last, part{math.MaxUint64, changes[1:], i, 0})
			changes = changes[:1]
		}
		parts = append(parts, part{u.handle, changes, i, 0})
	}
	slices.SortStableFunc(parts, func(a, b part) int { return cmp.Compare(a.handle, b.handle) })
	parts, skipped, ok = filled(parts, units)
	return append(parts, last...), skipped, ok
}

// filled are parts with what passes over the numbers between them. The first is the table.
func filled(parts []part, units []unit) (all []part, skipped uint64, ok bool) {
	const atOnce = 1 << 9
	name := "skipped"
	for slices.ContainsFunc(units, func(u unit) bool { return u.chain == name }) {
		name += "'"
	}
	table, family := parts[0].changes[0].Attrs, parts[0].changes[0].Family
	number := uint64(0)
	for i, p := range parts {
		if p.handle < number+1 && i > 0 || p.handle-number > MostSkipped {
			return nil, 0, false
		}
		for i > 0 && p.handle > number+1 {
			n := min(p.handle-number-1, atOnce)
			number, skipped = number+n, skipped+n
			all = append(all, part{number, skip(family, nfnl.Attrs(table).Text(unix.NFTA_TABLE_NAME), name, n), skipping, 0})
		}
		all, number = append(all, p), p.handle
	}
	return all, skipped, true
}

// skip makes a chain with rules, as many in all as numbers are to be passed over, and takes
// it away.
func skip(family byte, table, name string, numbers uint64) (changes []nfnl.Change) {
	chain := nfnl.Name(nfnl.Name(nil, unix.NFTA_CHAIN_TABLE, table), unix.NFTA_CHAIN_NAME, name)
	rule := nfnl.Name(nfnl.Name(nil, unix.NFTA_RULE_TABLE, table), unix.NFTA_RULE_CHAIN, name)
	changes = append(changes, nfnl.Change{New: unix.NFT_MSG_NEWCHAIN, Family: family, Attrs: chain})
	for range numbers - 1 {
		changes = append(changes, nfnl.Change{New: unix.NFT_MSG_NEWRULE, Family: family, Attrs: rule, Append: true})
	}
	return append(changes, nfnl.Change{New: unix.NFT_MSG_DELCHAIN, Family: family, Attrs: chain})
}

// placed are the changes that make the rules among units, each where it is in its chain
// when those with greater handles come later.
func placed(units []unit, refused map[int]error) map[int]*nfnl.Change {
	chains := map[string][]int{}
	all := map[int]*nfnl.Change{}
	for i, u := range units {
		if made := u.changes[len(u.changes)-1]; made.New == unix.NFT_MSG_NEWRULE && refused[i] == nil {
			chains[u.chain], all[i] = append(chains[u.chain], i), &made
		}
	}
	for _, chain := range chains {
		after := map[int]bool{} // there are older ones behind it
		least := uint64(math.MaxUint64)
		for _, i := range slices.Backward(chain) {
			after[i] = least < units[i].handle
			least = min(least, units[i].handle)
		}
		var before []int // the older ones before it, each older than the next
		for _, i := range chain {
			for len(before) > 0 && units[before[len(before)-1]].handle > units[i].handle {
				before = before[:len(before)-1]
			}
			switch rule := all[i]; {
			case !after[i]:
			case len(before) == 0:
				rule.Append = false
			default:
				at := binary.BigEndian.AppendUint64(nil, units[before[len(before)-1]].handle)
				rule.Attrs = attr.Append(slices.Clone(rule.Attrs), unix.NFTA_RULE_POSITION, at)
			}
			before = append(before, i)
		}
	}
	return all
}

// Chain names a chain of nf_tables in the words of nft(8).
type Chain struct{ Family, Table, Name string }

var tableFamilies = map[byte]string{
	unix.NFPROTO_IPV4: "ip", unix.NFPROTO_IPV6: "ip6", unix.NFPROTO_INET: "inet",
	unix.NFPROTO_ARP: "arp", unix.NFPROTO_BRIDGE: "bridge", unix.NFPROTO_NETDEV: "netdev",
}

// handles are those of the rules, in the order of their chain.
func (f Ruleset) handles() map[Chain][]uint64 {
	all := map[Chain][]uint64{}
	for _, o := range f.Rules {
		attrs := nfnl.Attrs(o.Attrs)
		c := Chain{tableFamilies[o.Family], attrs.Text(unix.NFTA_RULE_TABLE), attrs.Text(unix.NFTA_RULE_CHAIN)}
		all[c] = append(all[c], attrs.Uint64(unix.NFTA_RULE_HANDLE))
	}
	return all
}

// SameHandles are the handles in those chains of a copy whose rules have the same there
// as in the original.
func (f Ruleset) SameHandles(copied *nsenter.Namespace) map[Chain][]uint64 {
	if len(f.Rules) == 0 {
		return nil
	}
	now, err := Read(copied)
	if err != nil {
		return nil
	}
	all, there := f.handles(), now.handles()
	maps.DeleteFunc(all, func(chain Chain, handles []uint64) bool { return !slices.Equal(handles, there[chain]) })
	return all
}
