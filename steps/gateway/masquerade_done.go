package gateway

import (
	"context"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"

	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/say"
	"nstutor/steps"
)

// Conditions implements Action. It sends packets through the rules of the
// namespace, whoever wrote them and however: what leaves by the uplink has an
// address of that device for its source then, and what goes to NotTo keeps its
// own.
func (a Masquerade) Conditions(ctx context.Context, l *lab.Lab) []steps.Condition {
	outside := steps.Condition{
		Table: a.look(),
		Want:  say.T("what %s sends out leaves with an address of the node", "%s 发往外面的包以节点的地址为源地址离开", a.Src),
	}
	inside := steps.Condition{
		Table: outside.Table,
		Want:  say.T("what goes to %s keeps its source", "发往 %s 的包保留自己的源地址", a.NotTo),
	}
	all := []steps.Condition{outside, inside}
	if a.NotTo == "" {
		all = all[:1]
	}
	r, err := a.rewriting(ctx, l)
	if steps.IsAbsent(err) {
		return []steps.Condition{steps.NamespaceThere(a.Netns)}
	}
	if err != nil {
		for i := range all {
			all[i].Err = err
		}
		return all
	}
	defer r.one.Close()
	web := netip.MustParsePrefix(steps.Canonical(lab.WebAddr)).Addr()
	all[0] = r.judge(all[0], func(netip.Addr) netip.Addr { return web }, r.borrowed)
	if p, err := netip.ParsePrefix(steps.Canonical(a.NotTo)); err == nil {
		all[1] = r.judge(all[1], func(src netip.Addr) netip.Addr { return r.neighbour(src, p) }, r.kept)
	}
	return all
}

// look is the command that prints the rules.
func (a Masquerade) look() change.Command {
	return change.In(a.Netns, "iptables", "-t", "nat", "-S", "POSTROUTING")
}

// rewriting is what becomes of the sources of packets that a namespace forwards.
type rewriting struct {
	one     *table.One
	rules   *netfilter.RuleSet
	sources []netip.Addr
}

// rewriting reads the rules, and who the senders are: the pods whose addresses
// the rule is for, or where there is none the first host.
func (a Masquerade) rewriting(ctx context.Context, l *lab.Lab) (*rewriting, error) {
	ns, err := l.NS(a.Netns)
	if err != nil {
		return nil, err
	}
	p, err := netip.ParsePrefix(steps.Canonical(a.Src))
	if err != nil {
		return nil, err
	}
	r := &rewriting{}
	if r.sources, err = senders(ctx, l, a.Netns, p); err != nil {
		return nil, err
	}
	if r.rules, err = netfilter.Read(ns); err != nil {
		return nil, err
	}
	r.one, err = table.OpenOne(ns)
	return r, err
}

// senders are the addresses in p of other namespaces than the node's.
func senders(ctx context.Context, l *lab.Lab, node string, p netip.Prefix) ([]netip.Addr, error) {
	if p.IsSingleIP() {
		return []netip.Addr{p.Addr()}, nil
	}
	var all []netip.Addr
	for _, netns := range l.Names() {
		ns, err := l.NS(netns)
		if err != nil || netns == node {
			continue
		}
		snap, err := table.Read(ctx, ns, table.ReadOptions{Tables: table.Links | table.Addrs})
		if err != nil {
			return nil, err
		}
		for _, addr := range snap.Addrs {
			if p.Contains(addr.Prefix.Addr()) {
				all = append(all, addr.Prefix.Addr())
			}
		}
	}
	if len(all) == 0 {
		all = append(all, p.Addr().Next())
	}
	return all, nil
}

// neighbour is another pod of the prefix than src, or an address for one.
func (r *rewriting) neighbour(src netip.Addr, p netip.Prefix) netip.Addr {
	for _, addr := range r.sources {
		if addr != src && p.Contains(addr) {
			return addr
		}
	}
	addr := p.Addr().Next().Next()
	if addr == src {
		return addr.Next()
	}
	return addr
}

// judge sends packets of all senders, of every protocol that the course uses,
// and looks whether each is as it should be.
func (r *rewriting) judge(c steps.Condition, dst func(src netip.Addr) netip.Addr, right func(eval.Result) bool) steps.Condition {
	c.Met = true
	for _, src := range r.sources {
		for _, p := range flows(src, dst(src)) {
			result, err := r.send(p)
			switch {
			case err != nil:
				c.Err = err
				return c
			case result.Verdict == eval.VerdictUnknown:
				c.Err = say.Err("it is not known what this rule does: %s", "无法确定这条规则的作用：%s", steps.InOneLine(result.Unsure))
			case !right(result) && c.Met:
				c.Met, c.Seen, c.Err = false, r.instead(result), nil
				return c
			}
		}
	}
	return c
}

// flows are the first packets of a ping, of a web page and of a question for a
// name.
func flows(src, dst netip.Addr) []eval.Packet {
	base := eval.Packet{Src: src, Dst: dst, CTState: eval.CTNew, TTL: 63}
	ping, page, question := base, base, base
	ping.Proto, ping.ICMPType, ping.Length = unix.IPPROTO_ICMP, 8, 84
	page.Proto, page.SrcPort, page.DstPort, page.Length = unix.IPPROTO_TCP, 40000, 80, 60
	question.Proto, question.SrcPort, question.DstPort, question.Length = unix.IPPROTO_UDP, 40000, 53, 60
	return []eval.Packet{ping, page, question}
}

// send takes a packet through the hooks of a router. What another hook than the
// last has against the packet is not what the rule is about.
func (r *rewriting) send(p eval.Packet) (eval.Result, error) {
	p.IIF = r.device(p.Src)
	env := eval.Kernel{One: r.one}
	p = eval.Traverse(r.rules, "prerouting", p, env).Packet
	if p.OIF = r.device(p.Dst); p.OIF == "" {
		p.OIF = uplink
	}
	p = eval.Traverse(r.rules, "forward", p, env).Packet
	result := eval.Traverse(r.rules, "postrouting", p, env)
	return result, r.rules.Err()
}

// uplink is the node's card to the outside.
const uplink = "eth0"

// device is where the kernel sends packets to addr, or nothing.
func (r *rewriting) device(addr netip.Addr) string {
	reply, err := r.one.Route(table.RouteRequest{Dst: addr})
	if err != nil {
		return ""
	}
	return reply.Dev
}

// borrowed says whether the packet leaves with an address of its last device.
func (r *rewriting) borrowed(result eval.Result) bool {
	if result.Verdict != eval.VerdictAccept || result.NAT == nil {
		return false
	}
	addrs, err := r.addrs(result.Packet.OIF)
	return err == nil && slices.ContainsFunc(addrs, func(a table.Addr) bool { return a.Prefix.Addr() == result.Packet.Src })
}

// kept says whether the packet leaves as it came.
func (r *rewriting) kept(result eval.Result) bool {
	return result.Verdict == eval.VerdictAccept && result.NAT == nil
}

// instead is the rule that decided, or those that translate something else.
func (r *rewriting) instead(result eval.Result) string {
	switch {
	case result.Verdict == eval.VerdictDrop || result.Verdict == eval.VerdictReject:
		return result.Rule
	case result.NAT != nil:
		return result.NAT.Rule
	}
	var lines []string
	for i := range r.rules.Tables {
		table := &r.rules.Tables[i]
		for j := range table.Chains {
			for k := range table.Chains[j].Rules {
				rule := &table.Chains[j].Rules[k]
				if kind := rule.Verdict.Kind; kind == netfilter.VerdictMasquerade || kind == netfilter.VerdictSNAT {
					lines = append(lines, table.RuleLine(&table.Chains[j], rule))
				}
			}
		}
	}
	return steps.InOneLine(lines)
}

// addrs are the IPv4 addresses of a device.
func (r *rewriting) addrs(dev string) ([]table.Addr, error) {
	link, err := r.one.Link(dev)
	if err != nil {
		return nil, err
	}
	addrs, err := r.one.Addrs(link.Index)
	return slices.DeleteFunc(addrs, func(a table.Addr) bool { return a.Family() != 4 }), err
}
