package netfilter

import (
	"errors"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/diag/netfilter/nfnl"
	"nstutor/internal/nsenter"
	"nstutor/internal/say"
)

// source is where the rules of a RuleSet come from that were not read with
// it.
type source struct {
	ns         *nsenter.Namespace
	conn       *nfnl.Conn // nil without nf_tables
	generation uint16     // of nf_tables, when the tables were read
	sets       map[ruleSetKey]*ruleSet
	streams    map[*stream]bool // dumps under way
	decoder    decoder
	ipsets     ipsets
	err        error
}

// Open reads the tables and chains of ns, and the rules only when
// Chain.Walk comes to them: a packet passes few of thousands. The Rules of
// its chains and the Sets of its tables are therefore empty. What Err says has
// to be asked for when rules were walked. It needs CAP_NET_ADMIN in ns, and has
// to be closed.
func Open(ns *nsenter.Namespace) (*RuleSet, error) {
	set := &RuleSet{Netns: ns.Name(), source: &source{ns: ns}}
	if err := set.Reload(); err != nil {
		return nil, err
	}
	return set, nil
}

// Close closes what the rules are read from.
func (s *RuleSet) Close() {
	if s.source != nil {
		s.source.close()
	}
}

// Err is why rules were left out of a walk: nl.ErrDumpInterrupted when the rules
// of the namespace changed since the chains were read, and a Reload helps.
func (s *RuleSet) Err() error {
	if s.source == nil || s.source.err == nil {
		return nil
	}
	return say.Err("%s: read nf_tables rules: %v", "%s：读取 nf_tables 规则：%v", s.Netns, s.source.err)
}

// Reload reads the tables and chains of an open set anew. The old ones are not
// of it any more.
func (s *RuleSet) Reload() error {
	ns := s.source.ns
	s.source.ipsets = ipsets{ns: ns}
	probe, err := probeRules(ns)
	if err != nil {
		return err
	}
	s.Tables = nil
	if probe.nfTables {
		if s.Tables, err = s.source.begin(); err != nil {
			return say.Err("%s: read nf_tables rules: %v", "%s：读取 nf_tables 规则：%v", ns.Name(), err)
		}
	}
	legacy, err := readXTables(ns, probe.xTables)
	if err != nil {
		s.source.close()
		return say.Err("%s: read x_tables rules: %v", "%s：读取 x_tables 规则：%v", ns.Name(), err)
	}
	s.Tables = append(s.Tables, legacy...)
	s.sort()
	return nil
}

// load reads all that an open set has left out.
func (s *RuleSet) load() error {
	if s.source.conn != nil {
		if err := s.source.loadNFTables(s.Tables); err != nil {
			return say.Err("%s: read nf_tables rules: %v", "%s：读取 nf_tables 规则：%v", s.Netns, err)
		}
	}
	for i := range s.Tables {
		for j := range s.Tables[i].Chains {
			chain := &s.Tables[i].Chains[j]
			for rule := range chain.Walk(nil) {
				chain.Rules = append(chain.Rules, *rule)
			}
			chain.stored = nil
		}
	}
	return s.Err()
}

// begin reads the tables and chains of nf_tables.
func (s *source) begin() (tables []Table, err error) {
	for try := 1; ; try++ {
		s.close()
		s.sets, s.streams, s.err = map[ruleSetKey]*ruleSet{}, map[*stream]bool{}, nil
		if s.conn, err = nfnl.Open(s.ns); err != nil {
			s.conn = nil
			return nil, err
		}
		if s.generation, err = s.conn.Generation(); err == nil {
			tables, err = s.nftTables()
		}
		if err == nil {
			return tables, nil
		}
		if !errors.Is(err, nl.ErrDumpInterrupted) || try == attr.DumpTries {
			s.close()
			return nil, err
		}
	}
}

func (s *source) close() {
	for stream := range s.streams {
		stream.close()
	}
	if s.conn != nil {
		s.conn.Close()
		s.conn = nil
	}
}

// fail remembers the first error.
func (s *source) fail(err error) {
	if s.err == nil {
		s.err = err
	}
}

// loadNFTables reads all rules and sets at once.
func (s *source) loadNFTables(tables []Table) error {
	named, err := s.namedSets()
	if err != nil {
		return err
	}
	chains := map[ruleSetKey]*Chain{}
	for i := range tables {
		t := &tables[i]
		if t.Legacy {
			continue
		}
		t.Sets = named[ruleSetKey{t.family, t.Name, ""}]
		for j := range t.Chains {
			t.Chains[j].stored.whole = true
			chains[ruleSetKey{t.family, t.Name, t.Chains[j].Name}] = &t.Chains[j]
		}
	}
	rules, err := s.conn.Dump(s.generation, nfnl.Question{Get: unix.NFT_MSG_GETRULE, Answer: unix.NFT_MSG_NEWRULE})
	if err != nil {
		return err
	}
	for _, m := range rules {
		key := ruleSetKey{m.Family, m.Text(unix.NFTA_RULE_TABLE), m.Text(unix.NFTA_RULE_CHAIN)}
		if chain := chains[key]; chain != nil {
			chain.stored.rules = append(chain.stored.rules, storedRule{raw: m.Attrs})
		}
	}
	generation, err := s.conn.Generation()
	if err == nil && generation != s.generation {
		err = nl.ErrDumpInterrupted
	}
	return err
}
