package diag

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/vishvananda/netlink/nl"
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
	verdict  *RuleVerdict
}

type ruleSets map[ruleSetKey]*ruleSet

const (
	nftSetAnonymous = 0x1
	nftSetInterval  = 0x4
	nftSetMap       = 0x8
	nftSetConcat    = 0x80
)

// readRuleSets reads every set with its members.
func readRuleSets(c *nftConn) (ruleSets, error) {
	messages, err := c.dump(unix.NFT_MSG_GETSET, unix.NFT_MSG_NEWSET, unix.AF_UNSPEC)
	if err != nil {
		return nil, err
	}
	sets := ruleSets{}
	for _, m := range messages {
		s := &ruleSet{
			key:      ruleSetKey{m.family, m.text(unix.NFTA_SET_TABLE), m.text(unix.NFTA_SET_NAME)},
			flags:    m.u32(unix.NFTA_SET_FLAGS),
			keyType:  m.u32(unix.NFTA_SET_KEY_TYPE),
			dataType: m.u32(unix.NFTA_SET_DATA_TYPE),
		}
		s.anonymous = s.flags&nftSetAnonymous != 0
		if s.elements, err = readRuleElements(c, s.key); err != nil {
			return nil, err
		}
		if s.flags&(nftSetInterval|nftSetConcat) == nftSetInterval {
			s.elements = closeRuleIntervals(s.elements)
		}
		slices.SortStableFunc(s.elements, func(a, b ruleElement) int {
			return cmp.Or(ruleBoolOrder(a.catchall, b.catchall), bytes.Compare(a.from, b.from))
		})
		sets[s.key] = s
	}
	return sets, nil
}

func readRuleElements(c *nftConn, key ruleSetKey) ([]ruleElement, error) {
	messages, err := c.dump(unix.NFT_MSG_GETSETELEM, unix.NFT_MSG_NEWSETELEM, key.family,
		nl.NewRtAttr(unix.NFTA_SET_ELEM_LIST_TABLE, nl.ZeroTerminated(key.table)),
		nl.NewRtAttr(unix.NFTA_SET_ELEM_LIST_SET, nl.ZeroTerminated(key.name)))
	if err != nil {
		return nil, err
	}
	var elements []ruleElement
	for _, m := range messages {
		for _, b := range rtAttrs(m.nftAttrs[unix.NFTA_SET_ELEM_LIST_ELEMENTS]) {
			elements = append(elements, decodeRuleElement(parseNFTAttrs(b)))
		}
	}
	return elements, nil
}

func decodeRuleElement(attrs nftAttrs) ruleElement {
	const (
		keyEnd   = 10 // NFTA_SET_ELEM_KEY_END
		catchall = 0x2
	)
	flags := attrs.u32(unix.NFTA_SET_ELEM_FLAGS)
	e := ruleElement{
		from:     attrs.value(unix.NFTA_SET_ELEM_KEY),
		end:      flags&unix.NFT_SET_ELEM_INTERVAL_END != 0,
		catchall: flags&catchall != 0,
	}
	if attrs.has(keyEnd) {
		e.to = attrs.value(keyEnd)
	}
	if data := attrs.nested(unix.NFTA_SET_ELEM_DATA); data.has(unix.NFTA_DATA_VERDICT) {
		v := decodeNFTVerdict(data.nested(unix.NFTA_DATA_VERDICT))
		e.verdict = &v
	} else {
		e.data = data[unix.NFTA_DATA_VALUE]
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
					e.to = ruleStep(next.from, -1)
					break
				}
			}
		}
		out = append(out, e)
	}
	return out
}

// named lists the table's sets that have a name of their own, sorted.
func (s ruleSets) named(family byte, table string) []RuleNamedSet {
	var out []RuleNamedSet
	for key, set := range s {
		if key.family != family || key.table != table || set.anonymous {
			continue
		}
		out = append(out, RuleNamedSet{Name: key.name, Map: set.flags&nftSetMap != 0, Members: set.memberLines()})
	}
	slices.SortFunc(out, func(a, b RuleNamedSet) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// reference is the set as a rule writes it: its name, or what is in it.
func (s *ruleSet) reference() string {
	if s.anonymous {
		return "{ " + strings.Join(s.memberLines(), ", ") + " }"
	}
	return "@" + s.key.name
}

func (s *ruleSet) memberLines() []string {
	fields := ruleTypeFields(s.keyType)
	lines := make([]string, 0, len(s.elements))
	for _, e := range s.elements {
		line := "*"
		if !e.catchall {
			line = ruleTupleText(fields, e.tuple(fields))
		}
		switch {
		case e.verdict != nil:
			line += " : " + nftVerdict(*e.verdict)
		case s.flags&nftSetMap != 0:
			data := ruleTypeFields(s.dataType)
			line += " : " + ruleTupleText(data, ruleElement{from: e.data}.tuple(data))
		}
		lines = append(lines, line)
	}
	return lines
}

// tuple cuts a key into its fields; each but the last is padded to 4 bytes.
func (e ruleElement) tuple(fields []RuleField) RuleTuple {
	to := e.to
	if to == nil {
		to = e.from
	}
	if len(fields) == 1 {
		host := ruleFields[fields[0]].host && e.to == nil
		return RuleTuple{{ruleNetworkOrder(e.from, host), ruleNetworkOrder(to, host)}}
	}
	var tuple RuleTuple
	at := 0
	for _, f := range fields {
		info := ruleFields[f]
		end := min(at+info.size, len(e.from))
		if at > end || end > len(to) {
			break
		}
		host := info.host && e.to == nil
		tuple = append(tuple, RuleRange{ruleNetworkOrder(e.from[at:end], host), ruleNetworkOrder(to[at:end], host)})
		at += nlAlign(info.size)
	}
	return tuple
}
