package service

import (
	"context"
	"errors"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/passage"
	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/say"
	"nstutor/steps"
	"nstutor/steps/ruled"
)

// Rule changes the packet filter by a line of nft. Whether it is done is judged by
// what becomes of packets, whoever wrote which rules.
type Rule struct {
	Netns string
	Line  string   // the words behind nft
	Same  []string // how iptables says it
	For   []Sent
}

// Sent is a packet of a flow, the first unless it says otherwise, and all that may
// become of it.
type Sent struct {
	From  string // an address behind one of the node's devices; empty: the node itself
	To    string // an address, for a ping; with a port for a connection
	UDP   bool   // it is a datagram
	Known bool   // its flow was answered before
	Mark  uint32 // that the node's own program gives it
	Wants []string
}

// Change implements steps.Action.
func (a Rule) Change(*lab.Lab) change.Change { return change.NFTLine(a.Netns, a.Line, a.Same...) }

// Conditions implements steps.Action: one for each flow.
func (a Rule) Conditions(_ context.Context, l *lab.Lab) []steps.Condition {
	return judged(l, a.Netns, a.For)
}

// judged has a node's rules judge flows.
func judged(l *lab.Lab, netns string, flows []Sent) []steps.Condition {
	all := make([]steps.Condition, len(flows))
	for i, sent := range flows {
		all[i] = steps.Condition{Table: change.In(netns, "nft", "list", "ruleset"), Want: sent.wanted()}
	}
	node, err := openNode(l, netns)
	if err != nil {
		for i := range all {
			all[i].Err = unlessAbsent(err)
		}
		return all
	}
	defer node.Close()
	for i, sent := range flows {
		all[i] = sent.judge(node, all[i])
	}
	return all
}

func openNode(l *lab.Lab, netns string) (*passage.Space, error) {
	ns, err := l.NS(netns)
	if err != nil {
		return nil, err
	}
	return passage.Open(ns)
}

// unlessAbsent is the error, unless it is that the namespace is not there: then a
// condition is not met, and that is known.
func unlessAbsent(err error) error {
	if errors.Is(err, lab.ErrNoNamespace) {
		return nil
	}
	return err
}

// wanted says what has to become of the packets.
func (s Sent) wanted() say.Text {
	from := say.Quote(s.From)
	if s.From == "" {
		from = say.T("the node", "节点")
	}
	ends := say.List(s.Wants...)
	switch {
	case s.Known:
		return say.T("what from %s to %s belongs to a connection that has begun: %s", "%s 发往 %s、属于已有连接的包：%s", from, s.To, ends)
	case s.Mark != 0:
		return say.T("a connection from %s to %s with the mark %d: %s", "%s 发往 %s、带标记 %d 的连接：%s", from, s.To, s.Mark, ends)
	case s.UDP:
		return say.T("a datagram from %s to %s: %s", "%s 发往 %s 的 UDP 包：%s", from, s.To, ends)
	case strings.Contains(s.To, ":"):
		return say.T("a connection from %s to %s: %s", "%s 发往 %s 的连接：%s", from, s.To, ends)
	}
	return say.T("a ping from %s to %s: %s", "%s 对 %s 的 ping：%s", from, s.To, ends)
}

// judge follows the packet.
func (s Sent) judge(node *passage.Space, c steps.Condition) steps.Condition {
	flow, err := s.flow()
	if err != nil {
		c.Err = err
		return c
	}
	ways, err := node.Ways(flow)
	if err == nil {
		err = passage.Unknown(ways)
	}
	if err != nil {
		c.Err = err
		return c
	}
	ends := passage.Ends(ways)
	wants := slices.Sorted(slices.Values(s.Wants))
	if c.Met = slices.Equal(slices.Sorted(maps.Keys(ends)), wants); !c.Met {
		c.Seen = passage.Said(ends)
	}
	return c
}

func (s Sent) flow() (f passage.Flow, err error) {
	f.Proto, f.Known, f.Mark = unix.IPPROTO_ICMP, s.Known, s.Mark
	if to, err := netip.ParseAddrPort(s.To); err == nil {
		f.Dst, f.Port, f.Proto = to.Addr(), to.Port(), unix.IPPROTO_TCP
		if s.UDP {
			f.Proto = unix.IPPROTO_UDP
		}
	} else if f.Dst, err = netip.ParseAddr(s.To); err != nil {
		return f, err
	}
	if s.From != "" {
		f.Src, err = netip.ParseAddr(s.From)
	}
	return f, err
}

// Prepare is a line of nft as a preparation that no learner sees.
type Prepare struct{ Netns, Line string }

// Change implements steps.Action.
func (a Prepare) Change(*lab.Lab) change.Change { return change.NFTLine(a.Netns, a.Line) }

// Conditions implements steps.Action. They never hold: nobody asks.
func (a Prepare) Conditions(_ context.Context, l *lab.Lab) []steps.Condition {
	return steps.Effect(l, a, false)
}

// CountAt adds a rule that counts all packets at a hook.
type CountAt struct {
	Netns, Hook string
	Line        string   // the words behind nft
	Same        []string // how iptables says it
}

// Change implements steps.Action.
func (a CountAt) Change(*lab.Lab) change.Change { return change.NFTLine(a.Netns, a.Line, a.Same...) }

// Conditions implements steps.Action: a rule without conditions counts there.
func (a CountAt) Conditions(_ context.Context, l *lab.Lab) []steps.Condition {
	return ruled.Rule{
		Netns: a.Netns, Hook: a.Hook,
		Want: say.T("a rule at the hook %s that counts every packet", "钩子 %s 上有一条对每个包计数的规则", a.Hook),
		Kind: ruled.Counts, Fits: func(rule *netfilter.Rule) bool { return len(rule.Matches) == 0 },
	}.Conditions(l)
}
