package nft

import (
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"

	"nstutor/internal/say"
)

// Where the fields are in an IPv4 header and in that of TCP and UDP, in bytes.
var (
	addresses = map[string]uint32{"saddr": 12, "daddr": 16}
	ports     = map[string]uint32{"sport": 0, "dport": 2}
)

// What an address may be to a node (RTN_*).
var addressTypes = map[string]uint32{"unicast": unix.RTN_UNICAST, "local": unix.RTN_LOCAL, "broadcast": unix.RTN_BROADCAST, "multicast": unix.RTN_MULTICAST}

// Registers of 32 bits behind the first, which a key of several fields fills
// (NFT_REG32_01 and NFT_REG32_02).
const second, third = 9, 10

// addRule writes the rule, at the end of its chain or, with insert, at the head.
func (s Sentence) addRule(conn *nftables.Conn) error {
	w := &writer{conn: conn, table: s.table(), left: s.rest}
	for len(w.left) > 0 {
		if err := w.statement(); err != nil {
			return err
		}
	}
	if w.exprs == nil {
		return say.Err("the rule is empty", "规则是空的")
	}
	rule := &nftables.Rule{Table: w.table, Chain: s.chain(), Exprs: w.exprs}
	if s.Verb == Insert {
		conn.InsertRule(rule)
	} else {
		conn.AddRule(rule)
	}
	return nil
}

// writer makes expressions of the words that are left.
type writer struct {
	conn  *nftables.Conn
	table *nftables.Table
	left  []string
	exprs []expr.Any
	// transport tells that the rule is for one protocol with ports: only then may it
	// give a packet another port.
	transport bool
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
	switch word := w.next(); word {
	case "ip":
		return w.address(w.next())
	case "tcp", "udp":
		return w.port(word, w.next())
	case "meta":
		return w.meta(w.next())
	case "ct":
		return w.ct(w.next())
	case "iifname", "oifname":
		return w.device(word)
	case "numgen":
		w.left = append([]string{word}, w.left...)
		return w.draw("vmap", nftables.TypeVerdict)
	case "counter":
		w.add(&expr.Counter{})
		return nil
	default:
		w.left = append([]string{word}, w.left...)
		return w.verdict()
	}
}

// address compares an address of the packet with another, or with a network.
func (w *writer) address(field string) error {
	offset, known := addresses[field]
	if !known {
		return say.Err("%q is not understood here", "这里不认识 %q", "ip "+field)
	}
	op, text := w.comparison(), w.next()
	p, err := netip.ParsePrefix(text)
	if addr, single := netip.ParseAddr(text); single == nil {
		p, err = netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	if err != nil || !p.Addr().Is4() {
		return say.Err("%q is no network", "%q 不是网段", text)
	}
	w.add(&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: offset, Len: 4})
	if p.Bits() < 32 {
		w.add(&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: 4, Mask: net.CIDRMask(p.Bits(), 32), Xor: make([]byte, 4)})
	}
	w.add(&expr.Cmp{Op: op, Register: 1, Data: p.Masked().Addr().AsSlice()})
	return nil
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

// port compares a port of the packet, which has to be of that protocol.
func (w *writer) port(proto, field string) error {
	offset, known := ports[field]
	if !known {
		return say.Err("%q is not understood here", "这里不认识 %q", proto+" "+field)
	}
	op := w.comparison()
	port, err := portNumber(w.next())
	if err != nil {
		return err
	}
	w.protocol(protocols[proto], expr.CmpOpEq)
	w.add(&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseTransportHeader, Offset: offset, Len: 2}, &expr.Cmp{Op: op, Register: 1, Data: port})
	return nil
}

func (w *writer) protocol(number byte, op expr.CmpOp) {
	w.transport = w.transport || op == expr.CmpOpEq && number != unix.IPPROTO_ICMP
	w.add(&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: 1}, &expr.Cmp{Op: op, Register: 1, Data: []byte{number}})
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
	op := w.comparison()
	name := make([]byte, unix.IFNAMSIZ)
	if copy(name, strings.Trim(w.next(), `"`)) == 0 {
		return say.Err("%s what?", "%s 后面缺少内容", word)
	}
	w.add(&expr.Meta{Key: key, Register: 1}, &expr.Cmp{Op: op, Register: 1, Data: name})
	return nil
}

// services has a map of services decide: `vmap @services`.
func (w *writer) services() error {
	name, ok := strings.CutPrefix(w.next(), "@")
	if !ok {
		return say.Err("the name of a map is missing", "缺少映射的名字")
	}
	w.add(&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: addresses["daddr"], Len: 4},
		&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: second},
		&expr.Payload{DestRegister: third, Base: expr.PayloadBaseTransportHeader, Offset: ports["dport"], Len: 2},
		&expr.Lookup{SourceRegister: 1, DestRegister: 0, IsDestRegSet: true, SetName: name})
	return nil
}
