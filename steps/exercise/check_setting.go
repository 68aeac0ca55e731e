package exercise

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"slices"
	"strings"

	"nstutor/diag/netfilter"
	"nstutor/diag/table"
	"nstutor/internal/lab"
	"nstutor/internal/nsenter"
	"nstutor/internal/say"
)

// Setting checks that a sysctl has a value.
func Setting(netns, key, value string) Check {
	return Check{
		Text:  say.T("in %s, %s is %s", "%s 里 %s 是 %s", netns, key, value),
		Table: say.Quote(fmt.Sprintf("ip netns exec %s sysctl %s", netns, key)),
		run: inside(netns, func(_ context.Context, ns *nsenter.Namespace) (bool, string, error) {
			got, err := ns.ReadSysctl(table.SysctlPath(key))
			if errors.Is(err, fs.ErrNotExist) {
				return false, "", nil
			}
			return got == value, key + " = " + got, err
		}),
	}
}

// Policy checks that a chain that iptables hooks into the packet's way (INPUT,
// FORWARD or OUTPUT) drops what no rule accepts.
func Policy(netns, chain string) Check {
	return Check{
		Text:  say.T("in %s, the policy of %s is DROP", "%s 里 %s 的默认策略是 DROP", netns, chain),
		Table: say.Quote(fmt.Sprintf("ip netns exec %s iptables -S %s", netns, chain)),
		run: inside(netns, func(_ context.Context, ns *nsenter.Namespace) (bool, string, error) {
			set, err := netfilter.Read(ns)
			if err != nil {
				return false, "", err
			}
			seen := ""
			for _, table := range set.Tables {
				for _, c := range table.Chains {
					if !strings.EqualFold(c.Hook, chain) || c.Type == "nat" || table.Dormant {
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

// Rule checks that one of the rules of a namespace has all these words, as
// iptables-save or nft print it.
func Rule(netns string, words ...string) Check {
	return Check{
		Text:  say.T("in %s, the rule `%s` is there", "%s 里有规则 `%s`", netns, strings.Join(words, " ")),
		Table: say.Quote(fmt.Sprintf("ip netns exec %s iptables-save", netns)),
		run: inside(netns, func(_ context.Context, ns *nsenter.Namespace) (bool, string, error) {
			rules, err := netfilter.ReadLines(ns)
			for _, line := range rules {
				if hasWords(line, words) {
					return true, line, err
				}
			}
			return false, "", err
		}),
	}
}

func hasWords(line string, words []string) bool {
	for _, word := range words {
		if !strings.Contains(strings.ToLower(line), strings.ToLower(word)) {
			return false
		}
	}
	return true
}

// HasAddr checks that one of a namespace's devices has an address, whatever
// its length.
func HasAddr(netns, addr string) Check {
	addr, _, _ = strings.Cut(addr, "/")
	return Check{
		Text:  say.T("%s has the address %s", "%s 有地址 %s", netns, addr),
		Table: say.Quote(fmt.Sprintf("ip -n %s addr", netns)),
		run: reading(netns, func(s *table.Snapshot) (bool, string) {
			seen := ""
			for _, a := range s.Addrs {
				if a.Prefix.Addr().String() == addr {
					return true, ""
				}
				if a.Prefix.Addr().Is4() && !a.Prefix.Addr().IsLoopback() {
					seen = a.Line()
				}
			}
			return false, seen
		}),
	}
}

// HasLink checks that a namespace has a device whose line has all these words, as
// ip prints it: HasLink("host", "cni0", "UP").
func HasLink(netns, name string, words ...string) Check {
	return Check{
		Text:  say.T("%s has the device %s", "%s 有网卡 %s", netns, strings.Join(append([]string{name}, words...), " ")),
		Table: say.Quote(fmt.Sprintf("ip -n %s link", netns)),
		run: reading(netns, func(s *table.Snapshot) (bool, string) {
			link, there := s.Link(name)
			said := strings.FieldsFunc(link.Line(), func(c rune) bool { return strings.ContainsRune(" <>,:", c) })
			for _, word := range words {
				there = there && slices.Contains(said, word)
			}
			return there, link.Line()
		}),
	}
}

// HasRoute checks that the main table of a namespace has a route with all
// these words, as ip prints it: HasRoute("host", "10.1.0.0/16 via 10.9.0.2").
func HasRoute(netns, words string) Check {
	return Check{
		Text:  say.T("%s has the route `%s`", "%s 有路由 `%s`", netns, words),
		Table: say.Quote(fmt.Sprintf("ip -n %s route", netns)),
		run:   reading(netns, func(s *table.Snapshot) (bool, string) { return route(s, words) }),
	}
}

// NoRouteTo checks that no route of the main table leads to an address.
func NoRouteTo(netns, addr string) Check {
	return Check{
		Text:  say.T("%s has no route to %s", "%s 没有到 %s 的路由", netns, addr),
		Table: say.Quote(fmt.Sprintf("ip -n %s route", netns)),
		run: reading(netns, func(s *table.Snapshot) (bool, string) {
			a, err := netip.ParseAddr(addr)
			for _, r := range s.MainRoutes(4) {
				if r.Default() || err == nil && r.Dst.Contains(a) {
					return false, r.Line()
				}
			}
			return true, ""
		}),
	}
}

func route(s *table.Snapshot, words string) (found bool, line string) {
	for _, r := range s.MainRoutes(4) {
		if strings.Contains(r.Line()+" ", words+" ") {
			return true, r.Line()
		}
	}
	return false, ""
}

// inside runs a check with the open namespace.
func inside(netns string, do func(context.Context, *nsenter.Namespace) (bool, string, error)) func(context.Context, *lab.Lab) (bool, string, error) {
	return func(ctx context.Context, l *lab.Lab) (bool, string, error) {
		ns, err := l.NS(netns)
		if errors.Is(err, lab.ErrNoNamespace) {
			return false, err.Error(), nil
		}
		if err != nil {
			return false, "", err
		}
		return do(ctx, ns)
	}
}

// reading runs a check of a namespace's tables.
func reading(netns string, do func(*table.Snapshot) (bool, string)) func(context.Context, *lab.Lab) (bool, string, error) {
	return func(ctx context.Context, l *lab.Lab) (bool, string, error) {
		return inside(netns, func(ctx context.Context, ns *nsenter.Namespace) (bool, string, error) {
			s, err := table.Read(ctx, ns, table.ReadOptions{Names: l.Namespaces()})
			if err != nil {
				return false, "", err
			}
			ok, seen := do(s)
			return ok, seen, nil
		})(ctx, l)
	}
}
