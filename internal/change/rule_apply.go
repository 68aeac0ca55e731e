package change

import (
	"encoding/binary"
	"net"
	"net/netip"

	"nstutor/internal/say"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// Where the addresses are in an IPv4 header.
const (
	SrcOffset = 12
	DstOffset = 16
)

// Apply appends the rule over netlink, in the namespace of the calling thread,
// to the table and the chain that iptables would take.
func (m Masquerade) Apply() error {
	rule := ruleExprs{}
	rule.address(SrcOffset, m.Src)
	rule.address(DstOffset, m.Dst)
	if m.Out != "" {
		name := make([]byte, unix.IFNAMSIZ)
		copy(name, m.Out)
		rule.add(&expr.Meta{Key: expr.MetaKeyOIFNAME, Register: 1}, &expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: name})
	}
	rule.add(&expr.Counter{}, &expr.Masq{})
	conn, err := nftables.New()
	if err != nil {
		return err
	}
	table := conn.AddTable(&nftables.Table{Family: nftables.TableFamilyIPv4, Name: "nat"})
	chain := conn.AddChain(&nftables.Chain{
		Name: "POSTROUTING", Table: table, Type: nftables.ChainTypeNAT,
		Hooknum: nftables.ChainHookPostrouting, Priority: nftables.ChainPriorityNATSource,
	})
	conn.AddRule(&nftables.Rule{Table: table, Chain: chain, Exprs: rule})
	if err := conn.Flush(); err != nil {
		return say.Err("add a rule to ip nat POSTROUTING: %v", "在 ip nat POSTROUTING 中添加规则：%v", err)
	}
	return nil
}

// families are the families of nf_tables in which a packet has IPv4 addresses.
var families = map[string]nftables.TableFamily{
	"ip": nftables.TableFamilyIPv4, "inet": nftables.TableFamilyINet, "bridge": nftables.TableFamilyBridge, "netdev": nftables.TableFamilyNetdev,
}

// icmpTypes are those of an echo (RFC 792).
var icmpTypes = map[string]byte{"echo-reply": 0, "echo-request": 8}

// Apply inserts the rule over netlink, in the namespace of the calling thread.
func (a Accept) Apply() error {
	family, ok := families[a.Family]
	if !ok {
		return say.Err("%q is no family that has IPv4 packets: take ip, inet, bridge or netdev", "%q 不是处理 IPv4 包的协议族：请用 ip、inet、bridge 或 netdev", a.Family)
	}
	if a.Established {
		return a.insert(family, establishedExprs())
	}
	rule := ruleExprs{}
	if family != nftables.TableFamilyIPv4 {
		// Only then is what stands at these places an address.
		rule.add(&expr.Meta{Key: expr.MetaKeyPROTOCOL, Register: 1},
			&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: binaryutil.BigEndian.PutUint16(unix.ETH_P_IP)})
	}
	rule.address(SrcOffset, a.Src)
	rule.address(DstOffset, a.Dst)
	if err := rule.kind(a.Kind); err != nil {
		return err
	}
	rule.add(&expr.Counter{}, &expr.Verdict{Kind: expr.VerdictAccept})
	return a.insert(family, rule)
}

// protocols are those of a Kind.
var protocols = map[string]byte{"icmp": unix.IPPROTO_ICMP, "tcp": unix.IPPROTO_TCP, "udp": unix.IPPROTO_UDP}

// kind has the rule ask for a protocol, and for what its header has.
func (r *ruleExprs) kind(k Kind) error {
	proto, ok := protocols[k.Proto]
	if !ok {
		return say.Err("%q is no protocol of a rule: take icmp, tcp or udp", "%q 不是规则能用的协议：请用 icmp、tcp 或 udp", k.Proto)
	}
	r.add(&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: 1}, &expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{proto}})
	if proto == unix.IPPROTO_ICMP {
		kind, ok := icmpTypes[k.ICMPType]
		if !ok {
			return say.Err("%q is no type of an echo: take echo-request or echo-reply", "%q 不是回显的类型：请用 echo-request 或 echo-reply", k.ICMPType)
		}
		r.transport(0, []byte{kind})
		return nil
	}
	for offset, port := range []uint16{k.SrcPort, k.DstPort} {
		if port != 0 {
			r.transport(uint32(2*offset), binary.BigEndian.AppendUint16(nil, port))
		}
	}
	return nil
}

// transport has the rule ask for bytes of the transport header.
func (r *ruleExprs) transport(offset uint32, want []byte) {
	r.add(&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseTransportHeader, Offset: offset, Len: uint32(len(want))},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: want})
}

// establishedExprs accept a packet whose connection has been let begin.
func establishedExprs() ruleExprs {
	mask := binaryutil.NativeEndian.PutUint32(expr.CtStateBitESTABLISHED | expr.CtStateBitRELATED)
	return ruleExprs{
		&expr.Ct{Key: expr.CtKeySTATE, Register: 1},
		&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: 4, Mask: mask, Xor: make([]byte, 4)},
		&expr.Cmp{Op: expr.CmpOpNeq, Register: 1, Data: make([]byte, 4)},
		&expr.Counter{}, &expr.Verdict{Kind: expr.VerdictAccept},
	}
}

// insert puts a rule at the head of the chain.
func (a Accept) insert(family nftables.TableFamily, rule ruleExprs) error {
	conn, err := nftables.New()
	if err != nil {
		return err
	}
	table := &nftables.Table{Family: family, Name: a.Table}
	conn.InsertRule(&nftables.Rule{Table: table, Chain: &nftables.Chain{Table: table, Name: a.Chain}, Exprs: rule})
	if err := conn.Flush(); err != nil {
		return say.Err("insert a rule into %s %s %s: %v", "在 %s %s %s 中插入规则：%v", a.Family, a.Table, a.Chain, err)
	}
	return nil
}

// ruleExprs is a rule in the terms of the kernel's virtual machine.
type ruleExprs []expr.Any

func (r *ruleExprs) add(exprs ...expr.Any) { *r = append(*r, exprs...) }

func (r *ruleExprs) address(offset uint32, addr netip.Addr) {
	if addr.IsValid() {
		r.add(AddressExprs(offset, netip.PrefixFrom(addr, addr.BitLen()), expr.CmpOpEq)...)
	}
}

// AddressExprs compare the IPv4 address at offset in the IP header with a prefix.
func AddressExprs(offset uint32, p netip.Prefix, op expr.CmpOp) []expr.Any {
	return []expr.Any{
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: offset, Len: 4},
		&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: 4, Mask: net.CIDRMask(p.Bits(), 32), Xor: make([]byte, 4)},
		&expr.Cmp{Op: op, Register: 1, Data: p.Addr().AsSlice()},
	}
}
