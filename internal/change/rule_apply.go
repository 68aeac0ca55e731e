package change

import (
	"context"
	"encoding/binary"
	"net"
	"net/netip"

	"nstutor/internal/nft"
	"nstutor/internal/say"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// Where the addresses are in an IPv4 header.
const (
	srcOffset = 12
	dstOffset = 16
)

// Apply appends the rule over netlink, to the table and the chain that iptables
// would take.
func (m Masquerade) Apply(_ context.Context, s Space) error {
	if m.v6() {
		return errOnlyIPv4
	}
	return inNetns(s, m.Netns, func() error {
		conn, err := nftables.New()
		if err != nil {
			return err
		}
		n := newNftTable(conn, "nat")
		conn.AddRule(&nftables.Rule{Table: n.table, Chain: n.chain("POSTROUTING", nil), Exprs: m.exprs()})
		if err := conn.Flush(); err != nil {
			return say.Err("add a rule to ip nat POSTROUTING: %v", "在 ip nat POSTROUTING 中添加规则：%v", err)
		}
		return nil
	})
}

// errOnlyIPv4 says that a rule is not written over netlink.
var errOnlyIPv4 = say.Err("over netlink only rules for IPv4 are written: install ip6tables or nft", "通过 netlink 只能写 IPv4 的规则：请安装 ip6tables 或 nft")

// Undo deletes the rule, and the table if it came with the rule.
func (m Masquerade) Undo(_ context.Context, s Space, was Before) error {
	return inNetns(s, m.Netns, func() error {
		if err := deleteRule(nftables.TableFamilyIPv4, "nat", "POSTROUTING", m.exprs()); err != nil {
			return err
		}
		return dropEmpty(was, m.Netns, "nat")
	})
}

func (m Masquerade) exprs() ruleExprs {
	rule := ruleExprs{}
	rule.network(srcOffset, m.Src)
	rule.address(dstOffset, m.Dst)
	if m.Out != "" {
		name := make([]byte, unix.IFNAMSIZ)
		copy(name, m.Out)
		rule.add(&expr.Meta{Key: expr.MetaKeyOIFNAME, Register: 1}, &expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: name})
	}
	rule.add(&expr.Counter{}, &expr.Masq{})
	return rule
}

// inNetns runs do on the thread inside a namespace.
func inNetns(s Space, netns string, do func() error) error {
	ns, err := s.NS(netns)
	if err != nil {
		return err
	}
	if err := ns.Do(do); err != nil {
		return say.At(netns, err)
	}
	return nil
}

// families are the families of nf_tables in which a packet has IPv4 addresses.
var families = map[string]nftables.TableFamily{
	"ip": nftables.TableFamilyIPv4, "inet": nftables.TableFamilyINet, "bridge": nftables.TableFamilyBridge, "netdev": nftables.TableFamilyNetdev,
	"arp": nftables.TableFamilyARP,
}

// icmpTypes are those of an echo (RFC 792).
var icmpTypes = map[string]byte{"echo-reply": 0, "echo-request": 8}

// Apply inserts the rule over netlink.
func (a Accept) Apply(_ context.Context, s Space) error {
	family, rule, err := a.exprs()
	if err != nil {
		return err
	}
	return inNetns(s, a.Netns, func() error { return a.insert(family, rule) })
}

// Undo deletes it.
func (a Accept) Undo(_ context.Context, s Space, _ Before) error {
	family, rule, err := a.exprs()
	if err != nil {
		return err
	}
	return inNetns(s, a.Netns, func() error { return deleteRule(family, a.Table, a.Chain, rule) })
}

func (a Accept) exprs() (nftables.TableFamily, ruleExprs, error) {
	in, ok := families[a.Family]
	switch {
	case a.v6():
		return 0, nil, errOnlyIPv4
	case !ok || a.Family == "arp" && a.Proto != "arp":
		return 0, nil, say.Err("%q is no family that has such packets: take ip, inet, bridge or netdev, and arp for ARP", "%q 不是处理这类包的协议族：请用 ip、inet、bridge 或 netdev，ARP 用 arp", a.Family)
	case a.Established:
		return in, establishedExprs(), nil
	}
	rule := ruleExprs{}
	if a.Proto == "arp" {
		rule.arp(a)
		rule.add(&expr.Counter{}, &expr.Verdict{Kind: expr.VerdictAccept})
		return in, rule, nil
	}
	if in != nftables.TableFamilyIPv4 {
		rule.etherType(unix.ETH_P_IP) // Only then is what stands at these places an address.
	}
	rule.network(srcOffset, a.Src)
	rule.address(dstOffset, a.Dst)
	if err := rule.kind(a.Kind); err != nil {
		return 0, nil, err
	}
	rule.add(&expr.Counter{}, &expr.Verdict{Kind: expr.VerdictAccept})
	return in, rule, nil
}

// Where the addresses are in an ARP packet of Ethernet and IPv4 (RFC 826).
const (
	arpSrcOffset = 14
	arpDstOffset = 24
)

// arp has the rule ask for ARP packets: for all of them where the table has
// others as well.
func (r *ruleExprs) arp(a Accept) {
	if a.Family != "arp" {
		r.etherType(unix.ETH_P_ARP)
		return
	}
	r.network(arpSrcOffset, a.Src)
	r.address(arpDstOffset, a.Dst)
}

func (r *ruleExprs) etherType(kind uint16) {
	r.add(&expr.Meta{Key: expr.MetaKeyPROTOCOL, Register: 1},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: binaryutil.BigEndian.PutUint16(kind)})
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
	r.add(nftTransport(offset, want, expr.CmpOpEq)...)
}

// establishedExprs accept a packet whose connection has been let begin.
func establishedExprs() ruleExprs {
	rule := ruleExprs(nft.ConnectionIn(expr.CtStateBitESTABLISHED | expr.CtStateBitRELATED))
	rule.add(&expr.Counter{}, &expr.Verdict{Kind: expr.VerdictAccept})
	return rule
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

func (r *ruleExprs) address(offset uint32, addr netip.Addr) { r.network(offset, Only(addr)) }

func (r *ruleExprs) network(offset uint32, p netip.Prefix) {
	if p.IsValid() {
		r.add(addressExprs(offset, p, expr.CmpOpEq)...)
	}
}

// addressExprs compare the IPv4 address at offset in the IP header with a prefix.
func addressExprs(offset uint32, p netip.Prefix, op expr.CmpOp) []expr.Any {
	return []expr.Any{
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: offset, Len: 4},
		&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: 4, Mask: net.CIDRMask(p.Bits(), 32), Xor: make([]byte, 4)},
		&expr.Cmp{Op: op, Register: 1, Data: p.Addr().AsSlice()},
	}
}
