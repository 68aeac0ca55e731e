package netfilter

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"nstutor/diag/attr"
	"nstutor/diag/netfilter/fields"
	"nstutor/diag/netfilter/nfnl"

	"golang.org/x/sys/unix"
)

// ruleSetKey finds a set: names are per table, table names per family.
type ruleSetKey struct {
	family      byte
	table, name string
}

// ruleSet is a set or map with its members, keys as the kernel has them.
type ruleSet struct {
	key       ruleSetKey
	flags     uint32
	keyType   uint32
	dataType  uint32
	anonymous bool
	elements  []ruleElement
}

// ruleElement has a key, the end of the interval that begins there (nil when
// there is none), and what a map says for it.
type ruleElement struct {
	from, to []byte
	end      bool // the first key behind an interval, not a member
	catchall bool
	data     []byte
	verdict  *Verdict
}

const (
	nftSetAnonymous = 0x1
	nftSetInterval  = 0x4
	nftSetMap       = 0x8
	nftSetConcat    = 0x80
)

// set reads a set with its members, when it was not read before.
func (s *source) set(key ruleSetKey) (*ruleSet, bool) {
	if set, ok := s.sets[key]; ok {
		return set, set != nil
	}
	messages, err := s.conn.Dump(s.generation, nfnl.Question{
		Get: unix.NFT_MSG_GETSET, Answer: unix.NFT_MSG_NEWSET, One: true, Family: key.family,
		Attrs: nfnl.Name(nfnl.Name(nil, unix.NFTA_SET_TABLE, key.table), unix.NFTA_SET_NAME, key.name),
	})
	var set *ruleSet
	if err == nil && len(messages) == 1 {
		set, err = s.readSet(messages[0])
	}
	s.fail(err)
	s.sets[key] = set
	return set, set != nil
}

// namedSets reads all sets, and lists those that have a name of their own by
// their tables.
func (s *source) namedSets() (map[ruleSetKey][]NamedSet, error) {
	messages, err := s.conn.Dump(s.generation, nfnl.Question{Get: unix.NFT_MSG_GETSET, Answer: unix.NFT_MSG_NEWSET})
	if err != nil {
		return nil, err
	}
	named := map[ruleSetKey][]NamedSet{}
	for _, m := range messages {
		set, err := s.readSet(m)
		if err != nil {
			return nil, err
		}
		s.sets[set.key] = set
		if !set.anonymous {
			table := ruleSetKey{set.key.family, set.key.table, ""}
			named[table] = append(named[table], NamedSet{Name: set.key.name, Map: set.flags&nftSetMap != 0, Members: set.memberLines(fields.OfType(set.keyType))})
		}
	}
	for _, sets := range named {
		slices.SortFunc(sets, func(a, b NamedSet) int { return strings.Compare(a.Name, b.Name) })
	}
	return named, nil
}

// readSet reads the members of a set.
func (s *source) readSet(m nfnl.Message) (*ruleSet, error) {
	set := &ruleSet{
		key:      ruleSetKey{m.Family, m.Text(unix.NFTA_SET_TABLE), m.Text(unix.NFTA_SET_NAME)},
		flags:    m.Uint32(unix.NFTA_SET_FLAGS),
		keyType:  m.Uint32(unix.NFTA_SET_KEY_TYPE),
		dataType: m.Uint32(unix.NFTA_SET_DATA_TYPE),
	}
	set.anonymous = set.flags&nftSetAnonymous != 0
	messages, err := s.conn.Dump(s.generation, nfnl.Question{
		Get: unix.NFT_MSG_GETSETELEM, Answer: unix.NFT_MSG_NEWSETELEM, Family: set.key.family,
		Attrs: nfnl.Name(nfnl.Name(nil, unix.NFTA_SET_ELEM_LIST_TABLE, set.key.table), unix.NFTA_SET_ELEM_LIST_SET, set.key.name),
	})
	if err != nil {
		return nil, err
	}
	for _, m := range messages {
		for _, b := range attr.All(m.Get(unix.NFTA_SET_ELEM_LIST_ELEMENTS)) {
			set.elements = append(set.elements, decodeRuleElement(b))
		}
	}
	if set.flags&(nftSetInterval|nftSetConcat) == nftSetInterval {
		set.elements = closeRuleIntervals(set.elements)
	}
	slices.SortStableFunc(set.elements, func(a, b ruleElement) int {
		return cmp.Or(ruleBoolOrder(a.catchall, b.catchall), bytes.Compare(a.from, b.from))
	})
	return set, nil
}

func decodeRuleElement(attrs nfnl.Attrs) ruleElement {
	const (
		keyEnd   = 10 // NFTA_SET_ELEM_KEY_END
		catchall = 0x2
	)
	flags := attrs.Uint32(unix.NFTA_SET_ELEM_FLAGS)
	e := ruleElement{
		from:     attrs.Value(unix.NFTA_SET_ELEM_KEY),
		end:      flags&unix.NFT_SET_ELEM_INTERVAL_END != 0,
		catchall: flags&catchall != 0,
	}
	if attrs.Has(keyEnd) {
		e.to = attrs.Value(keyEnd)
	}
	if data := attrs.Nested(unix.NFTA_SET_ELEM_DATA); data.Has(unix.NFTA_DATA_VERDICT) {
		v := decodeNFTVerdict(data.Nested(unix.NFTA_DATA_VERDICT))
		e.verdict = &v
	} else {
		e.data = data.Get(unix.NFTA_DATA_VALUE)
	}
	return e
}

// closeRuleIntervals turns the marks of an interval set, "begins here" and "is
// over here", into intervals. An interval without an end reaches to the last
// value. Concatenations carry their own ends instead of such marks.
func closeRuleIntervals(marks []ruleElement) []ruleElement {
	slices.SortStableFunc(marks, func(a, b ruleElement) int { return bytes.Compare(a.from, b.from) })
	var out []ruleElement
	for i, e := range marks {
		if e.end {
			continue
		}
		if e.to == nil && !e.catchall {
			e.to = bytes.Repeat([]byte{0xff}, len(e.from))
			for _, next := range marks[i+1:] {
				if !bytes.Equal(next.from, e.from) {
					e.to = fields.Step(next.from, -1)
					break
				}
			}
		}
		out = append(out, e)
	}
	return out
}

// reference is the set as a rule writes it that asks it for some operands: its name, or
// what is in it.
func (s *ruleSet) reference(operands []operand) string {
	if !s.anonymous {
		return "@" + s.key.name
	}
	names := fields.OfType(s.keyType)
	if len(operands) == 1 && operands[0].lot != nil { // a number, whatever its type is called
		names = []fields.Name{operands[0].field}
	}
	return "{ " + strings.Join(s.memberLines(names), ", ") + " }"
}

func (s *ruleSet) memberLines(names []fields.Name) []string {
	lines := make([]string, 0, len(s.elements))
	for _, e := range s.elements {
		line := "*"
		if !e.catchall {
			line = fields.TupleText(names, e.tuple(names))
		}
		switch {
		case e.verdict != nil:
			line += " : " + nftVerdict(*e.verdict)
		case s.flags&nftSetMap != 0:
			data := fields.OfType(s.dataType)
			line += " : " + fields.TupleText(data, ruleElement{from: e.data}.tuple(data))
		}
		lines = append(lines, line)
	}
	return lines
}

// tuple cuts a key into its fields; each but the last is padded to 4 bytes.
func (e ruleElement) tuple(names []fields.Name) fields.Tuple {
	to := e.to
	if to == nil {
		to = e.from
	}
	if len(names) == 1 {
		host := (fields.Known[names[0]].Host || fields.Drawn(names[0])) && e.to == nil
		return fields.Tuple{{Lo: fields.NetworkOrder(e.from, host), Hi: fields.NetworkOrder(to, host)}}
	}
	var tuple fields.Tuple
	at := 0
	for _, f := range names {
		info := fields.Known[f]
		end := min(at+info.Size, len(e.from))
		if at > end || end > len(to) {
			break
		}
		host := info.Host && e.to == nil
		tuple = append(tuple, fields.Range{Lo: fields.NetworkOrder(e.from[at:end], host), Hi: fields.NetworkOrder(to[at:end], host)})
		at += attr.Align(info.Size)
	}
	return tuple
}
