package change

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"

	"nstutor/internal/say"
)

// Pass lets packets from one network to another be forwarded, before all other
// rules of the chain FORWARD in the table ip filter: the one that iptables has in
// nf_tables. It is written over netlink, whatever programs are installed.
type Pass struct {
	Netns    string
	Src, Dst netip.Prefix
}

var _ = register("nft insert rule", func(netns string, words []string) (Change, error) {
	p := Pass{Netns: netns}
	known := len(words) == 11 && slices.Equal(words[:5], []string{"ip", "filter", "FORWARD", "ip", "saddr"}) &&
		slices.Equal(words[6:8], []string{"ip", "daddr"}) && slices.Equal(words[9:], []string{"counter", "accept"})
	if !known {
		return nil, say.Err("only a rule of ip filter FORWARD that accepts by source and destination is understood here", "这里只认识 ip filter FORWARD 中按源和目的地址放行的规则")
	}
	var err error
	if p.Src, err = Network(words[5]); err != nil {
		return nil, err
	}
	p.Dst, err = Network(words[8])
	return p, err
})

// Command is `nft insert rule ip filter FORWARD …`, and beside it what one types
// for iptables.
func (p Pass) Command() Command {
	src, dst := short(p.Src), short(p.Dst)
	return Command{
		Netns: p.Netns,
		Argv:  []string{"nft", "insert", "rule", "ip", "filter", "FORWARD", "ip", "saddr", src, "ip", "daddr", dst, "counter", "accept"},
		Same:  []string{"iptables -I FORWARD -s " + src + " -d " + dst + " -j ACCEPT"},
	}
}

// short is a prefix, or the address alone where nothing else is in it.
func short(p netip.Prefix) string {
	if p.IsSingleIP() {
		return p.Addr().String()
	}
	return p.String()
}

// Apply inserts the rule.
func (p Pass) Apply(_ context.Context, s Space) error {
	if !p.Src.Addr().Is4() || !p.Dst.Addr().Is4() {
		return errOnlyIPv4
	}
	return inNetns(s, p.Netns, func() error {
		conn, err := nftables.New()
		if err != nil {
			return err
		}
		n := newNftTable(conn, "filter")
		conn.InsertRule(&nftables.Rule{Table: n.table, Chain: n.chain("FORWARD", nil), Exprs: p.exprs()})
		if err := conn.Flush(); err != nil {
			return say.Err("insert a rule into ip filter FORWARD: %v", "在 ip filter FORWARD 中插入规则：%v", err)
		}
		return nil
	})
}

// Undo deletes it, and the table if it came with the rule.
func (p Pass) Undo(_ context.Context, s Space, was Before) error {
	return inNetns(s, p.Netns, func() error {
		if err := deleteRule(nftables.TableFamilyIPv4, "filter", "FORWARD", p.exprs()); err != nil {
			return err
		}
		return dropEmpty(was, p.Netns, "filter")
	})
}

func (p Pass) exprs() ruleExprs {
	rule := ruleExprs{}
	rule.add(prefixExprs(srcOffset, p.Src.Masked())...)
	rule.add(prefixExprs(dstOffset, p.Dst.Masked())...)
	rule.add(&expr.Counter{}, &expr.Verdict{Kind: expr.VerdictAccept})
	return rule
}

// prefixExprs compare the IPv4 address at offset in the IP header with a prefix as
// nft and iptables do: whole bytes are compared alone (nft_payload), and only a part
// of one needs a mask.
func prefixExprs(offset uint32, p netip.Prefix) []expr.Any {
	whole := p.Bits() / 8
	if p.Bits()%8 != 0 || whole == 0 {
		return addressExprs(offset, p, expr.CmpOpEq)
	}
	return []expr.Any{
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: offset, Len: uint32(whole)},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: p.Addr().AsSlice()[:whole]},
	}
}

// ForwardPolicy is what becomes of a forwarded packet that no rule decides about:
// "drop" or "accept". It is the policy of the chain FORWARD in the table ip filter.
type ForwardPolicy struct{ Netns, Policy string }

var _ = register("nft add chain", func(netns string, words []string) (Change, error) {
	for _, policy := range []string{"drop", "accept"} {
		p := ForwardPolicy{netns, policy}
		if slices.Equal(words, p.Command().Argv[3:]) {
			return p, nil
		}
	}
	return nil, say.Err("only the policy of ip filter FORWARD is understood here", "这里只认识 ip filter FORWARD 的默认策略")
})

// Command is `nft add chain ip filter FORWARD …`, which sets the policy of a chain
// that is there already. It needs the table.
func (p ForwardPolicy) Command() Command {
	hook := "{ type filter hook forward priority filter; policy " + p.Policy + "; }"
	return Command{Netns: p.Netns, Argv: []string{"nft", "add", "chain", "ip", "filter", "FORWARD", hook}, Same: []string{"iptables -P FORWARD " + strings.ToUpper(p.Policy)}}
}

// Apply sets the policy; the table and the chain are made where they are not there.
func (p ForwardPolicy) Apply(_ context.Context, s Space) error {
	return inNetns(s, p.Netns, func() error {
		conn, err := nftables.New()
		if err != nil {
			return err
		}
		policy := nftables.ChainPolicyAccept
		if p.Policy == "drop" {
			policy = nftables.ChainPolicyDrop
		}
		newNftTable(conn, "filter").chain("FORWARD", &policy)
		return conn.Flush()
	})
}

// Undo gives the chain the policy that it had, or takes it away again.
func (p ForwardPolicy) Undo(ctx context.Context, s Space, was Before) error {
	old := ForwardPolicy{p.Netns, "accept"}
	if was.policy(p.Netns, "ip", "filter", "FORWARD") == "DROP" {
		old.Policy = "drop"
	}
	if err := old.Apply(ctx, s); err != nil {
		return err
	}
	return inNetns(s, p.Netns, func() error { return dropEmpty(was, p.Netns, "filter") })
}
