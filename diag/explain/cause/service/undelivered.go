package service

import (
	"net/netip"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/flows"
	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// Undelivered is a request that TPROXY has handed to a program's socket, and that is not routed
// to its own namespace: the kernel passes on nothing that a socket has (ip_forward()).
type Undelivered struct {
	cause.Sure
	cause.At
	Flow   flows.Flow
	Port   uint16           // of the socket
	Mark   uint32           // that it was routed with; 0: it has none
	Rule   table.PolicyRule // that asks Table for the mark; its Action is empty where none does
	Table  int              // that is to deliver it, or would if it were asked; 0: it is another's
	Local  bool             // it does
	Lookup cause.Lookup     // where the packet is routed now
}

// Code is NoRoute: that which delivers it is missing.
func (Undelivered) Code() cause.Code { return cause.NoRoute }

// Detail says what is missing.
func (u Undelivered) Detail() say.Text {
	switch {
	case u.Mark == 0:
		return say.T("TPROXY hands %[1]s to the program on port %[2]d, but the packet has no mark by which a policy rule could have it delivered here, and ip_forward drops it: the rule has to set one (--tproxy-mark, meta mark set), for `ip rule add fwmark`",
			"TPROXY 把 %[1]s 交给了端口 %[2]d 上的程序，但这个包没有标记，策略规则无从让它在本机交付，ip_forward 会丢弃它：规则要设置标记（--tproxy-mark、meta mark set），再配合 `ip rule add fwmark`", u.Flow, u.Port)
	case u.Rule.Action == "":
		return say.T("TPROXY hands %[1]s to the program on port %[2]d, but no policy rule has its mark %#[3]x looked up in a table that delivers it here, and ip_forward drops it",
			"TPROXY 把 %[1]s 交给了端口 %[2]d 上的程序，但没有策略规则让它的标记 %#[3]x 去查一张能在本机交付的表，ip_forward 会丢弃它", u.Flow, u.Port, u.Mark)
	}
	return say.T("TPROXY hands %[1]s to the program on port %[2]d, but the table %[4]d, which the policy rule %[5]d asks for its mark %#[3]x, has no local route that delivers it here, and ip_forward drops it",
		"TPROXY 把 %[1]s 交给了端口 %[2]d 上的程序，但策略规则 %[5]d 为它的标记 %#[3]x 查的表 %[4]d 里没有在本机交付的 local 路由，ip_forward 会丢弃它", u.Flow, u.Port, u.Mark, u.Rule.Table, u.Rule.Priority)
}

// Evidence are the rule, and where the packet is routed.
func (u Undelivered) Evidence() []say.Text {
	now := u.Lookup.Lines()
	if line := u.Lookup.Answer.Line; line != "" {
		now = cause.Lines(line)
	}
	if u.Rule.Action != "" {
		return append(cause.Lines(u.Rule.Line()), now...)
	}
	return now
}

// Fix adds the rule and the route that are not there.
func (u Undelivered) Fix() (all []change.Change) {
	if u.Mark == 0 || u.Table == 0 {
		return nil
	}
	everything, family := netip.PrefixFrom(netip.IPv4Unspecified(), 0), 4
	if u.Flow.Dst.Is6() {
		everything, family = netip.PrefixFrom(netip.IPv6Unspecified(), 0), 6
	}
	if u.Rule.Action == "" {
		rule := change.Lookup(u.Table, 0)
		rule.Family, rule.Mark, rule.Mask = family, u.Mark, ^uint32(0)
		all = append(all, change.PolicyAdd{Netns: u.Netns(), Rule: rule})
	}
	if !u.Local {
		route := change.To(everything, netip.Addr{}, "lo", false)
		route.Type, route.Scope, route.Table = "local", "host", u.Table
		all = append(all, change.Route{Netns: u.Netns(), Verb: change.RouteAdd, Route: route})
	}
	return all
}
