package netfilter

import (
	"bytes"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/diag/netfilter/nfnl"
	"nstutor/internal/nsenter"
)

// stream is the dump of one chain of nf_tables, of which no more is received
// than is wanted. It has a socket of its own: no other question can be asked on
// one that a dump is under way on.
type stream struct {
	source       *source
	family       byte
	table, chain string
	conn         *nfnl.Conn // nil before the first part, and behind the last
}

// nftChain are the rules of the chain that m is about. What uses a chain is its
// rules and, but for a base chain, those that jump to it (nft_use_inc()).
func (s *source) nftChain(table, chain string, m nfnl.Message) *storedRules {
	uses, told := m.Uint32(unix.NFTA_CHAIN_USE), m.Has(unix.NFTA_CHAIN_USE)
	return &storedRules{
		none: told && uses == 0, some: uses > 0 && m.Has(unix.NFTA_CHAIN_HOOK),
		from: &stream{source: s, family: m.Family, table: table, chain: chain},
	}
}

// fetch receives the next part.
func (s *stream) fetch(stored *storedRules) {
	more, err := s.receive(stored)
	if err == nil && !more && len(stored.rules) == 0 { // there is no rule that would tell its generation
		var generation uint16
		if generation, err = s.source.conn.Generation(); err == nil && generation != s.source.generation {
			err = nl.ErrDumpInterrupted
		}
	}
	s.source.fail(err)
	if !more || err != nil {
		stored.whole = true
		s.close()
	}
}

func (s *stream) receive(stored *storedRules) (more bool, err error) {
	if s.source.conn == nil {
		return false, nsenter.ErrClosed
	}
	if s.conn == nil {
		if err := s.open(); err != nil {
			return false, err
		}
	}
	same := true
	more, err = s.conn.Receive(func(generation uint16, m nfnl.Message) {
		same = same && generation == s.source.generation
		// An old kernel does not narrow the dump down.
		if m.Family == s.family && attrIs(m.Get(unix.NFTA_RULE_TABLE), s.table) && attrIs(m.Get(unix.NFTA_RULE_CHAIN), s.chain) {
			stored.rules = append(stored.rules, storedRule{raw: m.Attrs})
		}
	})
	if err == nil && !same {
		err = nl.ErrDumpInterrupted
	}
	return more, err
}

func (s *stream) open() (err error) {
	if s.conn, err = nfnl.Open(s.source.ns); err != nil {
		s.conn = nil
		return err
	}
	s.source.streams[s] = true
	return s.conn.Ask(nfnl.Question{
		Get: unix.NFT_MSG_GETRULE, Answer: unix.NFT_MSG_NEWRULE, Family: s.family,
		Attrs: nfnl.Name(nfnl.Name(nil, unix.NFTA_RULE_TABLE, s.table), unix.NFTA_RULE_CHAIN, s.chain),
	})
}

func (s *stream) close() {
	if s.conn != nil {
		s.conn.Close()
		s.conn = nil
		delete(s.source.streams, s)
	}
}

// decode implements origin.
func (s *stream) decode(r *storedRule, misses func(*Match) bool) *Rule {
	d := &s.source.decoder
	d.family, d.table, d.sets, d.ipsets = s.family, s.table, s.source.set, &s.source.ipsets
	return d.nftRule(r.raw, misses)
}

// uses implements origin. The names of the expressions are all it looks at.
func (s *stream) uses(r *storedRule, names map[string]bool) bool {
	var space [64]byte
	for _, b := range attr.All(nfnl.Attrs(r.raw).Get(unix.NFTA_RULE_EXPRESSIONS)) {
		x := nfnl.Attrs(b)
		kind := bytes.TrimSuffix(x.Get(unix.NFTA_EXPR_NAME), []byte{0})
		if names[string(kind)] {
			return true
		}
		if string(kind) == "match" || string(kind) == "target" { // both have their name first
			name := bytes.TrimSuffix(x.Nested(unix.NFTA_EXPR_DATA).Get(unix.NFTA_MATCH_NAME), []byte{0})
			if names[string(append(append(append(space[:0], kind...), ' '), name...))] {
				return true
			}
		}
	}
	return false
}
