package change

import (
	"encoding/binary"
	"net/netip"
	"strconv"
	"strings"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"

	"nstutor/internal/nft"
	"nstutor/internal/say"
)

// nftExprs is a rule of iptables in nf_tables' terms.
func nftExprs(words []string) ([]expr.Any, error) {
	var exprs []expr.Any
	op := expr.CmpOpEq
	for i := 0; i < len(words); i++ {
		if words[i] == "!" {
			op = expr.CmpOpNeq
			continue
		}
		if words[i] == "-m" { // the match's own options say what is meant
			i++
			continue
		}
		if i+1 == len(words) {
			return nil, say.Err("%s what?", "%s 后面缺少内容", words[i])
		}
		word, value := words[i], words[i+1]
		i++
		if word == "-j" {
			last, err := nftTarget(value, words[i+1:])
			return append(append(exprs, &expr.Counter{}), last...), err
		}
		match, err := nftMatch(word, value, op)
		if err != nil {
			return nil, err
		}
		exprs, op = append(exprs, match...), expr.CmpOpEq
	}
	return exprs, nil
}

func nftMatch(word, value string, op expr.CmpOp) ([]expr.Any, error) {
	switch word {
	case "-s":
		return nftNetwork(srcOffset, value, op)
	case "-d":
		return nftNetwork(dstOffset, value, op)
	case "-i":
		return nftDeviceName(expr.MetaKeyIIFNAME, value, op), nil
	case "-o":
		return nftDeviceName(expr.MetaKeyOIFNAME, value, op), nil
	case "-p":
		proto, ok := protocols[value]
		if !ok {
			return nil, say.Err("%q is not understood here", "这里不认识 %q", value)
		}
		return []expr.Any{&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: 1}, &expr.Cmp{Op: op, Register: 1, Data: []byte{proto}}}, nil
	case "--icmp-type":
		types := map[string]byte{"echo-request": 8, "echo-reply": 0, "8": 8, "0": 0, "fragmentation-needed": 3}
		kind, ok := types[value]
		if !ok {
			return nil, say.Err("%q is not understood here", "这里不认识 %q", value)
		}
		return nftTransport(0, []byte{kind}, op), nil
	case "--dport":
		port, err := strconv.ParseUint(value, 10, 16)
		return nftTransport(2, binary.BigEndian.AppendUint16(nil, uint16(port)), op), err
	case "--ctstate":
		return nftStates(value)
	}
	return nil, say.Err("%q is not understood here", "这里不认识 %q", word)
}

func nftNetwork(offset uint32, text string, op expr.CmpOp) ([]expr.Any, error) {
	p, err := netip.ParsePrefix(text)
	if addr, single := netip.ParseAddr(text); single == nil {
		p, err = netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	if err != nil || !p.Addr().Is4() {
		return nil, say.Err("%q is no network", "%q 不是网段", text)
	}
	return addressExprs(offset, p.Masked(), op), nil
}

// nftDeviceName compares a device's name; `cali+` stands for all that begin so.
func nftDeviceName(key expr.MetaKey, name string, op expr.CmpOp) []expr.Any {
	data := make([]byte, unix.IFNAMSIZ)
	copy(data, name)
	if stem, ok := strings.CutSuffix(name, "+"); ok {
		data = []byte(stem)
	}
	return []expr.Any{&expr.Meta{Key: key, Register: 1}, &expr.Cmp{Op: op, Register: 1, Data: data}}
}

func nftTransport(offset uint32, data []byte, op expr.CmpOp) []expr.Any {
	return []expr.Any{
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseTransportHeader, Offset: offset, Len: uint32(len(data))},
		&expr.Cmp{Op: op, Register: 1, Data: data},
	}
}

func nftStates(list string) ([]expr.Any, error) {
	bits := map[string]uint32{"INVALID": expr.CtStateBitINVALID, "ESTABLISHED": expr.CtStateBitESTABLISHED, "RELATED": expr.CtStateBitRELATED, "NEW": expr.CtStateBitNEW}
	var mask uint32
	for _, state := range strings.Split(list, ",") {
		if bits[state] == 0 {
			return nil, say.Err("%q is not understood here", "这里不认识 %q", state)
		}
		mask |= bits[state]
	}
	return nft.ConnectionIn(mask), nil
}

// nftTarget is what becomes of a packet that meets the rule.
func nftTarget(target string, options []string) ([]expr.Any, error) {
	switch target {
	case "ACCEPT":
		return []expr.Any{&expr.Verdict{Kind: expr.VerdictAccept}}, nil
	case "DROP":
		return []expr.Any{&expr.Verdict{Kind: expr.VerdictDrop}}, nil
	case "RETURN":
		return []expr.Any{&expr.Verdict{Kind: expr.VerdictReturn}}, nil
	case "REJECT":
		return []expr.Any{&expr.Reject{Type: unix.NFT_REJECT_ICMP_UNREACH, Code: 3}}, nil
	case "MASQUERADE":
		return []expr.Any{&expr.Masq{}}, nil
	case "DNAT", "SNAT":
		return nftTranslation(target, options)
	}
	return []expr.Any{&expr.Verdict{Kind: expr.VerdictJump, Chain: target}}, nil
}

func nftTranslation(target string, options []string) ([]expr.Any, error) {
	kind := expr.NATTypeDestNAT
	if target == "SNAT" {
		kind = expr.NATTypeSourceNAT
	}
	if len(options) < 2 {
		return nil, say.Err("%s to what?", "%s 后面缺少内容", target)
	}
	to, port := options[1], uint16(0)
	if whole, err := netip.ParseAddrPort(to); err == nil {
		to, port = whole.Addr().String(), whole.Port()
	}
	addr, err := netip.ParseAddr(to)
	if err != nil {
		return nil, err
	}
	exprs := []expr.Any{&expr.Immediate{Register: 1, Data: addr.AsSlice()}}
	nat := &expr.NAT{Type: kind, Family: uint32(nftables.TableFamilyIPv4), RegAddrMin: 1}
	if port != 0 {
		exprs = append(exprs, &expr.Immediate{Register: 2, Data: binary.BigEndian.AppendUint16(nil, port)})
		nat.RegProtoMin, nat.Specified = 2, true
	}
	return append(exprs, nat), nil
}
