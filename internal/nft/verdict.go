package nft

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"

	"nstutor/internal/say"
)

// rejections are what a plain reject answers with, port unreachable, in each family
// that can.
var rejections = map[nftables.TableFamily]*expr.Reject{
	nftables.TableFamilyIPv4: {Type: unix.NFT_REJECT_ICMP_UNREACH, Code: 3}, // ICMP_PORT_UNREACH
	nftables.TableFamilyIPv6: {Type: unix.NFT_REJECT_ICMP_UNREACH, Code: 4}, // ICMPV6_PORT_UNREACH
	nftables.TableFamilyINet: {Type: unix.NFT_REJECT_ICMPX_UNREACH, Code: unix.NFT_REJECT_ICMPX_PORT_UNREACH},
}

// verdict is what becomes of the packet.
func (w *writer) verdict() error {
	switch {
	case w.skips("dnat", "to"):
		return w.translate(expr.NATTypeDestNAT)
	case w.skips("snat", "to"):
		return w.translate(expr.NATTypeSourceNAT)
	case w.skips("redirect", "to"):
		return w.redirect()
	case w.skips("tproxy", "to"):
		return w.tproxy()
	case w.skips("masquerade"):
		w.add(&expr.Masq{FullyRandom: w.skips("fully-random")})
		return nil
	case w.skips("reject"):
		answer, ok := rejections[w.table.Family]
		if !ok {
			return say.Err("no rule of this table can reject", "这个表的规则不能用 reject")
		}
		w.add(answer)
		return nil
	}
	length := 1
	if len(w.left) > 1 && slices.Contains([]string{"jump", "goto"}, w.left[0]) {
		length = 2
	}
	v, err := verdict(w.left[:length])
	if err != nil {
		return err
	}
	w.left = w.left[length:]
	w.add(v)
	return nil
}

// verdict is one of those that a map may give as well.
func verdict(words []string) (*expr.Verdict, error) {
	kinds := map[string]expr.VerdictKind{"accept": expr.VerdictAccept, "drop": expr.VerdictDrop, "return": expr.VerdictReturn}
	jumps := map[string]expr.VerdictKind{"jump": expr.VerdictJump, "goto": expr.VerdictGoto}
	if len(words) == 1 {
		if kind, known := kinds[words[0]]; known {
			return &expr.Verdict{Kind: kind}, nil
		}
	}
	if len(words) == 2 {
		if kind, known := jumps[words[0]]; known {
			return &expr.Verdict{Kind: kind, Chain: words[1]}, nil
		}
	}
	return nil, say.Err("%q is not understood here", "这里不认识 %q", words[0])
}

// translate gives the packet another destination, or another source: an address, with
// or without a port, or one of several that are drawn.
func (w *writer) translate(kind expr.NATType) error {
	nat := &expr.NAT{Type: kind, Family: unix.NFPROTO_IPV4, RegAddrMin: 1, RegAddrMax: 1}
	if len(w.left) > 0 && w.left[0] == "numgen" {
		if err := w.draw("map", nftables.TypeIPAddr); err != nil {
			return err
		}
		w.add(nat)
		return nil
	}
	text := w.next()
	to, port := text, uint16(0)
	if whole, err := netip.ParseAddrPort(text); err == nil {
		to, port = whole.Addr().String(), whole.Port()
	}
	addr, err := netip.ParseAddr(to)
	if err != nil || addr.Zone() != "" {
		return say.Err("%q is no address", "%q 不是地址", to)
	}
	name := "ip"
	if addr.Is6() {
		name, nat.Family = "ip6", unix.NFPROTO_IPV6
	}
	if err := w.only(name); err != nil {
		return err
	}
	w.add(&expr.Immediate{Register: 1, Data: addr.AsSlice()})
	if port != 0 {
		if !w.ported {
			return say.Err("%s: a port needs `tcp dport …` or `meta l4proto tcp` before it", "%s：要写端口，前面得有 `tcp dport …` 或 `meta l4proto tcp`", text)
		}
		w.add(&expr.Immediate{Register: 2, Data: binaryutil.BigEndian.PutUint16(port)})
		nat.RegProtoMin, nat.RegProtoMax, nat.Specified = 2, 2, true
	}
	w.add(nat)
	return nil
}

// ownPort is a port of this machine's, `:15001`, as packets have it.
func (w *writer) ownPort() ([]byte, error) {
	text := w.next()
	number, ok := strings.CutPrefix(text, ":")
	if !ok || !w.ported {
		return nil, say.Err("%s: a port needs `tcp dport …` or `meta l4proto tcp` before it", "%s：要写端口，前面得有 `tcp dport …` 或 `meta l4proto tcp`", text)
	}
	return portNumber(number)
}

// redirect sends the packet to a port of this machine's.
func (w *writer) redirect() error {
	port, err := w.ownPort()
	if err != nil {
		return err
	}
	w.add(&expr.Immediate{Register: 1, Data: port}, &expr.Redir{RegisterProtoMin: 1, RegisterProtoMax: 1, Flags: unix.NF_NAT_RANGE_PROTO_SPECIFIED})
	return nil
}

// tproxy hands the packet to the socket that listens at a port of this machine's, and
// leaves it as it is.
func (w *writer) tproxy() error {
	port, err := w.ownPort()
	if err != nil {
		return err
	}
	w.add(&expr.Immediate{Register: 1, Data: port}, &expr.TProxy{Family: unix.NFPROTO_IPV4, TableFamily: unix.NFPROTO_IPV4, RegPort: 1})
	return nil
}

// numbers are the ways to draw one (NFT_NG_INCREMENTAL and NFT_NG_RANDOM).
var numbers = map[string]uint32{"inc": unix.NFT_NG_INCREMENTAL, "random": unix.NFT_NG_RANDOM}

// draw draws a number and looks up what it stands for: `numgen random mod 2 map { 0 :
// 10.0.0.1, 1 : 10.0.0.2 }`.
func (w *writer) draw(kind string, data nftables.SetDatatype) error {
	w.skips("numgen")
	how, known := numbers[w.next()]
	if !known || !w.skips("mod") {
		return say.Err("numgen: `random mod N` or `inc mod N` is missing", "numgen：缺少 `random mod N` 或 `inc mod N`")
	}
	modulus, err := strconv.ParseUint(w.next(), 10, 32)
	if err != nil || modulus == 0 {
		return say.Err("numgen: mod what?", "numgen：mod 后面缺少数字")
	}
	if !w.skips(kind) {
		return say.Err("numgen: %s is missing", "numgen：缺少 %s", kind)
	}
	end := slices.Index(w.left, "}")
	words, err := braced(w.left[:end+1])
	if err != nil || end < 0 {
		return say.Err("numgen: braces are missing", "numgen：缺少花括号")
	}
	w.left = w.left[end+1:]
	set := &nftables.Set{Table: w.table, Anonymous: true, Constant: true, IsMap: true, KeyType: nftables.TypeInteger, DataType: data, KeyByteOrder: binaryutil.NativeEndian}
	elements, err := drawn(words, data)
	if err != nil {
		return err
	}
	if err := w.conn.AddSet(set, elements); err != nil {
		return err
	}
	look := &expr.Lookup{SourceRegister: 1, SetName: set.Name, SetID: set.ID, IsDestRegSet: true}
	if data != nftables.TypeVerdict {
		look.DestRegister = 1
	}
	w.add(&expr.Numgen{Register: 1, Modulus: uint32(modulus), Type: how}, look)
	return nil
}

// drawn are the entries of a map of numbers.
func drawn(words []string, data nftables.SetDatatype) (all []nftables.SetElement, err error) {
	for part := range chunks(words, ",") {
		if len(part) < 3 || part[1] != ":" {
			return nil, say.Err("numgen: `NUMBER : WHAT` is missing", "numgen：缺少 `数字 : 内容`")
		}
		n, err := strconv.ParseUint(part[0], 10, 32)
		if err != nil {
			return nil, err
		}
		e := nftables.SetElement{Key: binaryutil.NativeEndian.PutUint32(uint32(n))}
		if data == nftables.TypeVerdict {
			e.VerdictData, err = verdict(part[2:])
		} else {
			e.Val, err = ipv4(part[2])
		}
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	return all, nil
}
