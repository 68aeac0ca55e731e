package netfilter

import "bytes"

// Field names what a rule looks at, in nft's spelling: "ip saddr",
// "iifname", "ct state", "tcp dport". Bytes of a packet without a name are
// "@BASE,OFFSET,LENGTH" in bits, such as "@th,64,32".
type Field string

// Match is one condition of a rule. It holds when the masked values of Key
// are in one of the alternatives, or, with Not, in none of them.
type Match struct {
	Key   []Field // more than one for a concatenation; none when Text is all that is known
	Mask  []byte  // of a single Key; nil looks at all of it
	Not   bool
	OneOf []Tuple
	Set   string // name of the set that OneOf was read from; empty for an anonymous one
	// Text is a condition that is not taken apart: an option of iptables, or
	// "[expr NAME]". Unread is then the part of the rule that it stands for, if it
	// stands for one alone.
	Text   string
	Unread *Expr
	Lot    *Lot // nil: it depends on the packet alone

	module string // the iptables extension it came from
	limit  *rateLimit
	nft    bool   // Text is in nft's words, for which iptables has none
	bound  string // "<", "<=", ">" or ">=", when only one end of the range was given
}

// keys are the keys of one field that has a name: most conditions have such.
var keys = func() map[Field][]Field {
	keys := make(map[Field][]Field, len(ruleFields))
	for field := range ruleFields {
		keys[field] = []Field{field}
	}
	return keys
}()

func key(field Field) []Field {
	if key, ok := keys[field]; ok {
		return key
	}
	return []Field{field}
}

// Tuple has a range for each field of a Key.
type Tuple []Range

// Range is from Lo to Hi, both included. Values are in network byte order
// whatever order the kernel keeps them in, and as long as the field: 16 bytes
// for a device name, 4 for a mark or a connection tracking state.
type Range struct{ Lo, Hi []byte }

// Known says whether the condition can be judged from the values of its Key.
func (m Match) Known() bool { return len(m.Key) > 0 && m.Text == "" && m.Lot == nil }

// Holds says whether the condition is met by values, one for each field of
// Key, in network byte order. A condition that is not Known never holds.
func (m Match) Holds(values ...[]byte) bool {
	if !m.Known() || len(values) != len(m.Key) {
		return false
	}
	if m.Mask != nil {
		values = [][]byte{ruleAnd(values[0], m.Mask)}
	}
	for _, tuple := range m.OneOf {
		if tuple.contains(values) {
			return !m.Not
		}
	}
	return m.Not
}

func (t Tuple) contains(values [][]byte) bool {
	if len(t) != len(values) {
		return false
	}
	for i, r := range t {
		v := values[i]
		if len(v) != len(r.Lo) || bytes.Compare(v, r.Lo) < 0 || bytes.Compare(v, r.Hi) > 0 {
			return false
		}
	}
	return true
}

// single is the one value that the condition compares with, if there is one.
func (m Match) single() ([]byte, bool) {
	if len(m.Key) != 1 || len(m.OneOf) != 1 || m.Text != "" {
		return nil, false
	}
	r := m.OneOf[0][0]
	return r.Lo, bytes.Equal(r.Lo, r.Hi)
}

// ruleEqual is the condition that field has this value.
func ruleEqual(field Field, value []byte) Match {
	return Match{Key: []Field{field}, OneOf: []Tuple{{{value, value}}}}
}

func ruleAnd(a, b []byte) []byte {
	out := make([]byte, len(a))
	for i := range out {
		if i < len(b) {
			out[i] = a[i] & b[i]
		}
	}
	return out
}

func ruleXor(a, b []byte) []byte {
	out := bytes.Clone(a)
	for i := range out {
		if i < len(b) {
			out[i] ^= b[i]
		}
	}
	return out
}

func allZero(b []byte) bool { return len(bytes.Trim(b, "\x00")) == 0 }

func allOnes(b []byte) bool { return bytes.Count(b, []byte{0xff}) == len(b) }

// ruleStep is b plus or minus one, as a number in network byte order.
func ruleStep(b []byte, by int) []byte {
	out := bytes.Clone(b)
	for i := len(out) - 1; i >= 0; i-- {
		before := out[i]
		out[i] += byte(by)
		if by > 0 && before != 0xff || by < 0 && before != 0 {
			break
		}
	}
	return out
}

// prefixLen is the number of leading one bits, if there are no others.
func prefixLen(mask []byte) (int, bool) {
	n := 0
	for n < len(mask)*8 && mask[n/8]&(0x80>>(n%8)) != 0 {
		n++
	}
	for i := n; i < len(mask)*8; i++ {
		if mask[i/8]&(0x80>>(i%8)) != 0 {
			return 0, false
		}
	}
	return n, true
}
