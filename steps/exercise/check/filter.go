package check

import (
	"context"
	"net/netip"
	"strings"

	"golang.org/x/sys/unix"

	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/nsenter"
	"nstutor/internal/say"
	"nstutor/steps/gateway"
)

// Policy checks that a chain that iptables hooks into the packet's way (INPUT,
// FORWARD or OUTPUT) drops what no rule accepts.
func Policy(netns, chain string) Check {
	return Check{
		Text:  say.T("in %s, the policy of %s is DROP", "%s 里 %s 的默认策略是 DROP", netns, chain),
		Table: change.In(netns, "iptables", "-S", chain),
		run: inside(netns, func(_ context.Context, ns *nsenter.Namespace) (bool, string, error) {
			set, err := netfilter.Read(ns)
			if err != nil {
				return false, "", err
			}
			seen := ""
			for _, table := range set.Tables {
				for _, c := range table.Chains {
					if c.Hook != strings.ToLower(chain) || c.Type == "nat" || table.Dormant {
						continue
					}
					if c.Policy == "drop" {
						return true, "", nil
					}
					seen = "-P " + c.Name + " " + strings.ToUpper(c.Policy)
				}
			}
			return false, seen, nil
		}),
	}
}

// Forwards checks that the rules of a namespace let a ping from one address go
// on to another, whoever wrote them and however; whether there is a reply does
// not count.
func Forwards(netns, from, to string) Check {
	return Check{
		Text:  say.T("in %s, the rules let %s go on to %s", "%s 的规则放行从 %s 到 %s 的包", netns, from, to),
		Table: change.In(netns, "iptables-save"),
		run: inside(netns, func(_ context.Context, ns *nsenter.Namespace) (bool, string, error) {
			one, err := table.OpenOne(ns)
			if err != nil {
				return false, "", err
			}
			defer one.Close()
			set, err := netfilter.Read(ns)
			if err != nil {
				return false, "", err
			}
			ping, err := forwarded(one, from, to)
			if err != nil {
				return false, "", err
			}
			result := eval.Traverse(set, "forward", ping, eval.Kernel{One: one})
			if result.Verdict == eval.VerdictUnknown {
				return false, "", say.Err("%s: it is not known what these rules do: %s", "%s：无法确定这些规则的作用：%s", netns, strings.Join(result.Unsure, "; "))
			}
			return result.Verdict == eval.VerdictAccept, strings.TrimSpace(result.At + " " + result.Rule), nil
		}),
	}
}

// forwarded is an echo request on its way through the router whose tables one
// asks.
func forwarded(one *table.One, from, to string) (eval.Packet, error) {
	p := eval.Packet{Proto: unix.IPPROTO_ICMP, ICMPType: 8, CTState: eval.CTNew, TTL: 63, Length: 84}
	for _, end := range []struct {
		text string
		addr *netip.Addr
		dev  *string
	}{{from, &p.Src, &p.IIF}, {to, &p.Dst, &p.OIF}} {
		addr, err := netip.ParseAddr(end.text)
		if err != nil {
			return p, err
		}
		reply, err := one.Route(table.RouteRequest{Dst: addr})
		if err != nil && !table.Refused(err) {
			return p, err
		}
		*end.addr, *end.dev = addr, reply.Dev
	}
	return p, nil
}

// Masqueraded checks that what the pods of a network send outside leaves with
// an address of the node, and what they send each other does not.
func Masqueraded(netns string, net netip.Prefix) Check {
	rule := gateway.Masquerade{Netns: netns, Src: net.String(), NotTo: net.String()}
	return Check{
		Text:  say.T("what %s sends outside leaves %s with an address of it", "%[1]s 发往外面的包以 %[2]s 的地址为源地址离开", net, netns),
		Table: change.In(netns, "iptables-save"),
		run: func(ctx context.Context, l *lab.Lab) (bool, string, error) {
			for _, c := range rule.Conditions(ctx, l) {
				if c.Err != nil || !c.Met {
					return false, c.Seen, c.Err
				}
			}
			return true, "", nil
		},
	}
}
