package netfilter

import (
	"bytes"
	"encoding/binary"
	"strings"

	"nstutor/diag/attr"
	"nstutor/diag/netfilter/fields"

	"golang.org/x/sys/unix"
)

// xtEntry is struct ipt_entry or ip6t_entry: conditions of its own, matches,
// and a target.
type xtEntry struct {
	family byte
	at     uint32
	b      []byte
}

// xtLayout is where the parts of an entry lie.
type xtLayout struct {
	addr                            int // bytes of an address
	in, out, inMask, outMask, proto int
	flags, inverse                  int
	target, next, matches           int
}

var xtLayouts = map[byte]xtLayout{
	unix.NFPROTO_IPV4: {addr: 4, in: 16, out: 32, inMask: 48, outMask: 64, proto: 80, flags: 82, inverse: 83, target: 88, next: 90, matches: 112},
	unix.NFPROTO_IPV6: {addr: 16, in: 64, out: 80, inMask: 96, outMask: 112, proto: 128, flags: 131, inverse: 132, target: 140, next: 142, matches: 168},
}

func (e xtEntry) layout() xtLayout { return xtLayouts[e.family] }

func (e xtEntry) u16(at int) int { return int(binary.NativeEndian.Uint16(e.b[at:])) }

// extension reads the match or target at an offset: struct xt_entry_match, of
// size, name and revision, and then the extension's own struct.
func (e xtEntry) extension(at int) (xt, int) {
	if at+32 > len(e.b) {
		return xt{}, 0
	}
	size := e.u16(at)
	if size < 32 || at+size > len(e.b) {
		return xt{}, 0
	}
	x := xt{family: e.family, name: attr.String(e.b[at+2 : at+31]), rev: int(e.b[at+31]), data: e.b[at+32 : at+size]}
	return x, size
}

// isHead says whether the entry has the ERROR target that a chain begins with.
func (e xtEntry) isHead() bool {
	at := e.u16(e.layout().target) + 2
	return at+len(xtHead)+1 <= len(e.b) && string(e.b[at:at+len(xtHead)+1]) == xtHead+"\x00"
}

const xtHead = "ERROR"

func (e xtEntry) target() xt {
	x, _ := e.extension(e.u16(e.layout().target))
	return x
}

// entriesOf cuts the table into its entries, and stops at a malformed one.
func (t xtTable) entriesOf() []xtEntry {
	layout := xtLayouts[t.Family]
	var all []xtEntry
	for at := 0; at+layout.matches <= len(t.Entries); {
		e := xtEntry{t.Family, uint32(at), t.Entries[at:]}
		size := e.u16(layout.next)
		if size < layout.matches || at+size > len(t.Entries) {
			break
		}
		e.b = e.b[:size]
		all = append(all, e)
		at += size
	}
	return all
}

// decode finds the chains among the entries. A hook's chain begins where the
// table says and ends with its policy; a chain of the user's begins with an
// ERROR target that has its name, and ends with a RETURN of its own.
func (t xtTable) decode() Table {
	entries := t.entriesOf()
	names := map[uint32]string{} // of the chain that begins at an offset
	for i, e := range entries {
		if i+1 < len(entries) && e.isHead() {
			names[entries[i+1].at] = attr.String(e.target().data)
		}
	}
	origin := &xtChains{family: t.Family, names: names, decoder: decoder{ipsets: t.ipsets}}
	decoded := Table{Family: t.family, Name: t.Name(), Legacy: true}
	var chain *Chain
	begin := func(c Chain) {
		c.stored = &storedRules{whole: true, from: origin}
		decoded.Chains = append(decoded.Chains, c)
		chain = &decoded.Chains[len(decoded.Chains)-1]
	}
	for i, e := range entries {
		if hook, ok := t.hookAt(t.Info.HookEntry, e.at); ok {
			begin(t.baseChain(hook))
		}
		_, isPolicy := t.hookAt(t.Info.Underflow, e.at)
		isHead, isLast := e.isHead(), i+1 == len(entries)
		switch {
		case isHead && !isLast:
			begin(Chain{Name: attr.String(e.target().data)})
		case isHead || chain == nil:
		case isPolicy:
			chain.Policy = "accept"
			if e.verdict(names).Kind == VerdictDrop {
				chain.Policy = "drop"
			}
		case chain.Hook == "" && !isLast && entries[i+1].isHead(): // the chain's own RETURN
		default:
			chain.stored.rules = append(chain.stored.rules, storedRule{raw: e.b, at: e.at})
		}
	}
	return decoded
}

// xtChains are the chains of a decoded, by where they begin.
type xtChains struct {
	family  byte
	names   map[uint32]string
	decoder decoder
}

// fetch implements origin. The table came whole.
func (c *xtChains) fetch(*storedRules) {}

// decode implements origin.
func (c *xtChains) decode(r *storedRule, misses func(*Match) bool) *Rule {
	d := &c.decoder
	d.family = c.family
	d.begin()
	if !(xtEntry{c.family, r.at, r.raw}).decode(d, c.names, misses) {
		return nil
	}
	return d.end()
}

// uses implements origin.
func (c *xtChains) uses(r *storedRule, names map[string]bool) bool {
	if r.rule == nil {
		r.rule = c.decode(r, nil)
	}
	return r.rule.uses(names)
}

func (t xtTable) hookAt(offsets [5]uint32, at uint32) (int, bool) {
	for hook, offset := range offsets {
		if t.Info.ValidHooks&(1<<hook) != 0 && offset == at {
			return hook, true
		}
	}
	return 0, false
}

// baseChain has the type and priority with which the table's module registers
// the hook (enum nf_ip_hook_priorities).
func (t xtTable) baseChain(hook int) Chain {
	name := hookNames[hook]
	chain := Chain{Name: strings.ToUpper(name), Hook: name, Type: "filter"}
	switch t.Name() {
	case "raw":
		chain.Priority = -300
	case "mangle":
		chain.Priority = -150
		if name == "output" {
			chain.Type = "route"
		}
	case "nat":
		chain.Type, chain.Priority = "nat", -100
		if name == "input" || name == "postrouting" {
			chain.Priority = 100
		}
	case "security":
		chain.Priority = 50
	}
	return chain
}

// verdict is that of a standard target, whose only content is a number: a
// place to jump to, or one of netfilter's verdicts as -NF_VERDICT - 1.
func (e xtEntry) verdict(chains map[uint32]string) Verdict {
	const gotoFlag4, gotoFlag6 = 0x2, 0x4
	code := int32(e.target().u32(0))
	switch {
	case code >= 0 && uint32(code) == e.at+uint32(len(e.b)):
		return Verdict{} // a rule without -j goes on with the next entry
	case code >= 0:
		flag := byte(gotoFlag4)
		if e.family == unix.NFPROTO_IPV6 {
			flag = gotoFlag6
		}
		if e.b[e.layout().flags]&flag != 0 {
			return Verdict{Kind: VerdictGoto, Chain: chains[uint32(code)]}
		}
		return Verdict{Kind: VerdictJump, Chain: chains[uint32(code)]}
	case code == -5: // XT_RETURN
		return Verdict{Kind: VerdictReturn}
	default:
		return Verdict{Kind: nftVerdictKinds[-code-1]}
	}
}

// decode is false when misses said that a condition is not met.
func (e xtEntry) decode(d *decoder, chains map[uint32]string, misses func(*Match) bool) bool {
	d.rule.IPTables = true
	e.ownConditions(d)
	layout := e.layout()
	for at := layout.matches; at < e.u16(layout.target); {
		if d.missed(misses) {
			return false
		}
		x, size := e.extension(at)
		if size == 0 {
			d.unknown("entry", nil)
			break
		}
		d.addXTMatch(x)
		at += size
	}
	if d.missed(misses) {
		return false
	}
	if x := e.target(); x.name == "" {
		d.rule.Verdict = e.verdict(chains)
	} else {
		d.addXTTarget(x)
	}
	return true
}

// ownConditions are addresses, devices and protocol: struct ipt_ip, ip6t_ip6.
func (e xtEntry) ownConditions(d *decoder) {
	const invIn, invOut, invSource, invDest, invFragment, invProto = 1, 2, 8, 16, 32, 64
	l := e.layout()
	inverse := e.b[l.inverse]
	family := Families[e.family]
	e.masked(d, fields.Name(family+" saddr"), 0, 2*l.addr, l.addr, inverse&invSource != 0)
	e.masked(d, fields.Name(family+" daddr"), l.addr, 3*l.addr, l.addr, inverse&invDest != 0)
	e.masked(d, "iifname", l.in, l.inMask, unix.IFNAMSIZ, inverse&invIn != 0)
	e.masked(d, "oifname", l.out, l.outMask, unix.IFNAMSIZ, inverse&invOut != 0)
	if proto := e.u16(l.proto); proto != 0 {
		m := ruleEqual("meta l4proto", []byte{byte(proto)})
		m.Not = inverse&invProto != 0
		d.condition(m)
	}
	if e.family == unix.NFPROTO_IPV4 && e.b[l.flags]&1 != 0 {
		m := Match{Text: "[fragment]", Unread: &Expr{Name: Fragment}}
		if inverse&invFragment != 0 {
			m.Text, m.Not = "[! fragment]", true
		}
		d.condition(m)
	}
}

// masked is the condition on an address or a device name. The mask of a whole
// name covers its ending zero, that of a wildcard only what is before.
func (e xtEntry) masked(d *decoder, field fields.Name, at, maskAt, size int, not bool) {
	value, mask := e.b[at:at+size], e.b[maskAt:maskAt+size]
	if fields.AllZero(mask) {
		return
	}
	m := ruleEqual(field, fields.And(value, mask))
	m.Not = not
	end := bytes.IndexByte(value, 0)
	wholeName := fields.IsDevice(field) && end >= 0 && mask[end] != 0
	if !wholeName && !fields.AllOnes(mask) {
		m.Mask = mask
	}
	d.condition(m)
}
