package netfilter

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/vishvananda/netlink/nl"

	"nstutor/diag/attr"
	"nstutor/internal/nsenter"
)

// RuleSet is the packet filter of one network namespace: what iptables-save,
// ip6tables-save (both backends) and `nft list ruleset` would print together.
type RuleSet struct {
	Netns  string // what the namespace was opened as
	Tables []Table

	source *source // of Open
}

// Table is one table of nf_tables or, when Legacy, of x_tables.
type Table struct {
	Family string // "ip", "ip6", "inet", "arp", "bridge" or "netdev"
	Name   string
	// Legacy tables belong to iptables-legacy. They hook into the same places,
	// and a packet has to pass both; neither tool shows the other's rules.
	Legacy bool
	// Dormant tables are kept but not consulted (`add table ip t { flags dormant; }`).
	Dormant bool
	Sets    []NamedSet
	Chains  []Chain

	family byte
}

// Chain is a list of rules. Base chains have a Hook; the others are only
// jumped to.
type Chain struct {
	Name     string
	Hook     string // "ingress", "prerouting", "input", "forward", "output" or "postrouting"
	Type     string // "filter", "nat" or "route"
	Priority int    // chains of one hook run in ascending order
	Policy   string // "accept" or "drop"; only base chains have one
	Devices  []string
	Rules    []Rule // see Walk for those of Open

	stored *storedRules // what was not put into Rules
}

// Rule is one rule: when every Match holds, the Verdict is given.
type Rule struct {
	Handle  uint64 // nf_tables only
	Matches []Match
	Effects []Effect
	Verdict Verdict
	Comment string
	// IPTables says that iptables wrote the rule, by either backend.
	IPTables bool
	Exprs    []Expr

	commentAfter int // matches before the comment, which iptables counts as one
}

// Expr is one part of a rule as the kernel has it: an nf_tables expression
// with its netlink attributes, or an x_tables match or target with its blob.
type Expr struct {
	Name string // such as "payload", or "match conntrack"
	Rev  int    // of an x_tables extension
	Data []byte
}

// Match is the match of x_tables that the part is, if it is one.
func (x Expr) Match() (name string, ok bool) { return strings.CutPrefix(x.Name, "match ") }

// Names of parts that are no expression of nf_tables by themselves.
const (
	Fragment   = "fragment"    // -f of iptables: behind the first fragment
	PayloadSet = "payload set" // a statement that writes into the packet
)

// NamedSet is a set or map that rules refer to by name.
type NamedSet struct {
	Name    string
	Map     bool
	Members []string // in nft's spelling
}

// Table returns the table of nf_tables with that family and name.
func (s *RuleSet) Table(family, name string) (*Table, bool) {
	for i := range s.Tables {
		if t := &s.Tables[i]; !t.Legacy && t.Family == family && t.Name == name {
			return t, true
		}
	}
	return nil, false
}

// Chain returns the chain called name.
func (t *Table) Chain(name string) (*Chain, bool) {
	for i := range t.Chains {
		if t.Chains[i].Name == name {
			return &t.Chains[i], true
		}
	}
	return nil, false
}

// Read reads the packet filter of ns. It neither loads a kernel module
// nor makes a table: what is not there has no rules. It needs CAP_NET_ADMIN in ns.
func Read(ns *nsenter.Namespace) (*RuleSet, error) {
	set, err := Open(ns)
	if err != nil {
		return nil, err
	}
	for try := 1; ; try++ {
		err = set.load()
		if !errors.Is(err, nl.ErrDumpInterrupted) || try == attr.DumpTries {
			break
		}
		if err = set.Reload(); err != nil {
			break
		}
	}
	set.Close()
	set.source = nil
	if err != nil {
		return nil, err
	}
	return set, nil
}

// sort puts the tables and chains in the order in which they are told.
func (s *RuleSet) sort() {
	for _, t := range s.Tables {
		slices.SortStableFunc(t.Chains, compareRuleChains)
	}
	slices.SortStableFunc(s.Tables, func(a, b Table) int {
		return cmp.Or(
			cmp.Compare(slices.Index(familyOrder, a.Family), slices.Index(familyOrder, b.Family)),
			ruleBoolOrder(a.Legacy, b.Legacy),
			cmp.Compare(a.Name, b.Name))
	})
}

var (
	familyOrder = []string{"ip", "ip6", "inet", "arp", "bridge", "netdev"}
	hookOrder   = []string{"ingress", "prerouting", "input", "forward", "output", "postrouting", "egress"}
)

// compareRuleChains puts base chains first, in the order a packet meets them.
// Those of one hook and priority stay as they were made, which decides between
// them.
func compareRuleChains(a, b Chain) int {
	if order := ruleBoolOrder(a.Hook == "", b.Hook == ""); order != 0 {
		return order
	}
	if a.Hook == "" {
		return cmp.Compare(a.Name, b.Name)
	}
	return cmp.Or(
		cmp.Compare(slices.Index(hookOrder, a.Hook), slices.Index(hookOrder, b.Hook)),
		cmp.Compare(a.Priority, b.Priority))
}

func ruleBoolOrder(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	default:
		return 1
	}
}
