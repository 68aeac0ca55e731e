package nft

import (
	"strconv"
	"strings"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"

	"nstutor/internal/say"
)

// What an address may be to a node (RTN_*).
var addressTypes = map[string]uint32{"unicast": unix.RTN_UNICAST, "local": unix.RTN_LOCAL, "broadcast": unix.RTN_BROADCAST, "multicast": unix.RTN_MULTICAST}

// Registers of 32 bits behind the first, which a key of several fields fills
// (NFT_REG32_01 and NFT_REG32_02).
const second, third = 9, 10

// addRule writes the rule, at the end of its chain or, with insert, at the head.
func (s Sentence) addRule(conn *nftables.Conn) error {
	exprs, err := s.exprs(conn)
	if err != nil {
		return err
	}
	rule := &nftables.Rule{Table: s.table(), Chain: s.chain(), Exprs: exprs}
	if s.Verb == Insert {
		conn.InsertRule(rule)
	} else {
		conn.AddRule(rule)
	}
	return nil
}

// exprs are the expressions of a rule. The connection makes with its next flush the
// maps that they look up numbers in.
func (s Sentence) exprs(conn *nftables.Conn) ([]expr.Any, error) {
	w := &writer{conn: conn, table: s.table(), left: s.rest}
	for len(w.left) > 0 {
		if err := w.statement(); err != nil {
			return nil, err
		}
	}
	if w.exprs == nil {
		return nil, say.Err("the rule is empty", "规则是空的")
	}
	return w.exprs, nil
}

// writer makes expressions of the words that are left.
type writer struct {
	conn    *nftables.Conn
	table   *nftables.Table
	left    []string
	exprs   []expr.Any
	version string // of IP, which the rule asks for
	// ported tells that the rule is for one protocol with ports: only then may it
	// give a packet another port.
	ported bool
}

func (w *writer) add(exprs ...expr.Any) { w.exprs = append(w.exprs, exprs...) }

// next takes the next word; empty where there is none.
func (w *writer) next() (word string) {
	if len(w.left) > 0 {
		word, w.left = w.left[0], w.left[1:]
	}
	return word
}

// skips takes words where they are the next ones.
func (w *writer) skips(words ...string) bool {
	if len(w.left) < len(words) {
		return false
	}
	for i, word := range words {
		if w.left[i] != word {
			return false
		}
	}
	w.left = w.left[len(words):]
	return true
}

// comparison is that of the next word.
func (w *writer) comparison() expr.CmpOp {
	if w.skips("!=") {
		return expr.CmpOpNeq
	}
	w.skips("==")
	return expr.CmpOpEq
}

func (w *writer) statement() error {
	if w.skips("ip", "daddr", ".", "meta", "l4proto", ".", "th", "dport", "vmap") {
		return w.services()
	}
	if w.skips("fib", "daddr", "type") {
		return w.addressType()
	}
	if w.skips("ether", "type", "arp") {
		w.frame(unix.ETH_P_ARP)
		return nil
	}
	if w.segment() {
		return nil
	}
	switch word := w.next(); word {
	case "ip", "ip6":
		return w.address(word, w.next())
	case "tcp", "udp", "th":
		return w.port(word, w.next())
	case "icmp", "icmpv6":
		return w.icmp(word, w.next())
	case "arp":
		return w.arp(w.next())
	case "meta":
		return w.meta(w.next())
	case "ct":
		return w.ct(w.next())
	case "iifname", "oifname":
		return w.device(word)
	case "numgen":
		w.left = append([]string{word}, w.left...)
		return w.draw("vmap", nftables.TypeVerdict)
	case "update":
		return w.remember()
	case "counter":
		w.add(&expr.Counter{})
		return nil
	default:
		w.left = append([]string{word}, w.left...)
		return w.verdict()
	}
}

// addressType asks the routes what the destination is to this node: `fib daddr type local`.
func (w *writer) addressType() error {
	op, word := w.comparison(), w.next()
	kind, known := addressTypes[word]
	if !known {
		return say.Err("%q is not understood here", "这里不认识 %q", word)
	}
	w.add(&expr.Fib{Register: 1, FlagDADDR: true, ResultADDRTYPE: true},
		&expr.Cmp{Op: op, Register: 1, Data: binaryutil.NativeEndian.PutUint32(kind)})
	return nil
}

// meta is about what the kernel knows of the packet.
func (w *writer) meta(field string) error {
	switch field {
	case "l4proto":
		op, proto := w.comparison(), w.next()
		number, known := protocols[proto]
		if !known {
			return say.Err("%q is not understood here", "这里不认识 %q", proto)
		}
		w.protocol(number, op)
		return nil
	case "mark":
		return w.mark()
	case "skuid":
		return w.owner()
	case "nftrace":
		if !w.skips("set", "1") {
			return w.unknown()
		}
		w.add(&expr.Immediate{Register: 1, Data: []byte{1}}, &expr.Meta{Key: expr.MetaKeyNFTRACE, Register: 1, SourceRegister: true})
		return nil
	}
	return say.Err("%q is not understood here", "这里不认识 %q", "meta "+field)
}

// owner compares the user that a packet's socket belongs to, by his number.
func (w *writer) owner() error {
	op := w.comparison()
	text := w.next()
	uid, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		return say.Err("%q is no number of a user", "%q 不是用户的编号", text)
	}
	w.add(&expr.Meta{Key: expr.MetaKeySKUID, Register: 1}, &expr.Cmp{Op: op, Register: 1, Data: binaryutil.NativeEndian.PutUint32(uint32(uid))})
	return nil
}

// unknown is the error for the words that are left.
func (w *writer) unknown() error {
	return say.Err("%q is not understood here", "这里不认识 %q", strings.Join(w.left, " "))
}

// mark asks whether bits of the mark are set, `& 0x4000 == 0x4000`, or sets them,
// `set mark or 0x4000`, or is about all of it: `set 1`, `1`.
func (w *writer) mark() error {
	set := w.skips("set", "mark", "or") || w.skips("set", "meta", "mark", "|") || w.skips("set", "meta", "mark", "or")
	if !set && w.skips("set") {
		return w.wholeMark()
	}
	if !set && !w.skips("&") && !w.skips("and") {
		return w.markIs()
	}
	bits, err := strconv.ParseUint(w.next(), 0, 32)
	if err != nil {
		return err
	}
	number := func(n uint64) []byte { return binaryutil.NativeEndian.PutUint32(uint32(n)) }
	change := &expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: 4, Mask: number(bits), Xor: number(0)}
	w.add(&expr.Meta{Key: expr.MetaKeyMARK, Register: 1}, change)
	if set {
		change.Mask, change.Xor = number(^bits), number(bits)
		w.add(&expr.Meta{Key: expr.MetaKeyMARK, Register: 1, SourceRegister: true})
		return nil
	}
	op := w.comparison()
	want, err := strconv.ParseUint(w.next(), 0, 32)
	w.add(&expr.Cmp{Op: op, Register: 1, Data: number(want)})
	return err
}

// markIs compares all of the mark.
func (w *writer) markIs() error {
	op, text := w.comparison(), w.next()
	mark, err := strconv.ParseUint(text, 0, 32)
	if err != nil {
		return say.Err("%q is no mark", "%q 不是标记", text)
	}
	w.add(&expr.Meta{Key: expr.MetaKeyMARK, Register: 1}, &expr.Cmp{Op: op, Register: 1, Data: binaryutil.NativeEndian.PutUint32(uint32(mark))})
	return nil
}

// wholeMark gives the packet a mark.
func (w *writer) wholeMark() error {
	text := w.next()
	mark, err := strconv.ParseUint(text, 0, 32)
	if err != nil {
		return say.Err("%q is no mark", "%q 不是标记", text)
	}
	w.add(&expr.Immediate{Register: 1, Data: binaryutil.NativeEndian.PutUint32(uint32(mark))},
		&expr.Meta{Key: expr.MetaKeyMARK, Register: 1, SourceRegister: true})
	return nil
}

// device compares the name of a device.
func (w *writer) device(word string) error {
	key := expr.MetaKeyIIFNAME
	if word == "oifname" {
		key = expr.MetaKeyOIFNAME
	}
	op, name := w.comparison(), w.next()
	if quoted(name) {
		name = name[1 : len(name)-1]
	}
	if name == "" || len(name) > unix.IFNAMSIZ {
		return say.Err("%s what?", "%s 后面缺少内容", word)
	}
	w.add(&expr.Meta{Key: key, Register: 1}, &expr.Cmp{Op: op, Register: 1, Data: deviceNames(name)})
	return nil
}

// deviceNames are those that a name means: `cali*` stands for all that begin so, and
// `cali\*` for itself. Without the zeros behind it, a name is compared as far as it goes.
func deviceNames(name string) []byte {
	if stem, ok := strings.CutSuffix(name, `\*`); ok {
		name = stem + "*"
	} else if stem, ok := strings.CutSuffix(name, "*"); ok && stem != "" {
		return []byte(stem)
	}
	data := make([]byte, unix.IFNAMSIZ)
	copy(data, name)
	return data
}

// Device is how a line names one device, whatever its name is made of.
func Device(name string) string {
	if stem, ok := strings.CutSuffix(name, "*"); ok {
		name = stem + `\*`
	}
	return `"` + name + `"`
}

// services has a map of services decide: `vmap @services`.
func (w *writer) services() error {
	name, ok := strings.CutPrefix(w.next(), "@")
	if !ok {
		return say.Err("the name of a map is missing", "缺少映射的名字")
	}
	w.add(&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: versions["ip"].addresses["daddr"], Len: 4},
		&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: second},
		&expr.Payload{DestRegister: third, Base: expr.PayloadBaseTransportHeader, Offset: ports["dport"], Len: 2},
		&expr.Lookup{SourceRegister: 1, DestRegister: 0, IsDestRegSet: true, SetName: name})
	return nil
}
