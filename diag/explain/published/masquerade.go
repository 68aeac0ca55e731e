package published

import (
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"nstutor/diag/explain/machine"
	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/fields"
	"nstutor/internal/change"
	"nstutor/internal/nft"
)

// Masquerade is the rule by which Docker gives what comes from the network of a bridge, and
// leaves by any other device as out is, another source; nil where the source is behind no
// bridge that Docker's rules name, or one that Docker routes for.
func Masquerade(n *machine.Space, src netip.Addr, out string) []change.Change {
	bridge, own, ok := behind(n, src)
	if !ok || out == bridge {
		return nil
	}
	whole, err := netfilter.Read(n.NS)
	if err != nil {
		return nil
	}
	d, ok := find(whole, bridge, src.Is6())
	if !ok || d.routed {
		return nil
	}
	network := own.Masked().String()
	if chain := postrouting + bridge; d.own != nil && led(d.own, "postrouting", chain) {
		return []change.Change{change.NFT{Netns: n.Name, Words: []string{
			"add", "rule", d.own.Family, d.own.Name, chain, "oifname", "!=", nft.Device(bridge), d.own.Family, "saddr", network, "counter", "masquerade",
		}}}
	}
	return []change.Change{change.IPTables{Netns: n.Name, V6: src.Is6(), Words: []string{
		"-t", change.NATTable, "-A", "POSTROUTING", "-s", network, "!", "-o", bridge, "-j", "MASQUERADE",
	}}}
}

// The names that Docker gives its table of nf_tables, its chains there, of each bridge and of all
// published ports, and that chain where iptables is told the rules.
const (
	bridges     = "docker-bridges"
	postrouting = "nat-postrouting-out__"
	ports       = "nat-prerouting-and-output"
	docker      = "DOCKER"
	users       = "DOCKER-USER" // which is left to its users
)

// behind is the bridge that an address is behind, and the bridge's own address of its network.
func behind(n *machine.Space, addr netip.Addr) (bridge string, own netip.Prefix, ok bool) {
	route := n.Route(machine.RouteQuery{Dst: addr})
	link, err := n.Link(route.DevName)
	if err != nil || route.Kind != machine.KindUnicast || route.Via.IsValid() || link.Kind != "bridge" {
		return "", netip.Prefix{}, false
	}
	own, ok = machine.PrefixOver(n, link, addr)
	return link.Name, own, ok && !own.IsSingleIP()
}

// written are the tables that Docker writes its rules to.
type written struct {
	own    *netfilter.Table // of its own; nil: iptables is told them
	routed bool             // the network's addresses are to be reached as they are (gateway_mode=routed)
}

// find tells how Docker writes its rules for one of its bridges; not ok: its rules name none
// such.
func find(rules *netfilter.RuleSet, bridge string, v6 bool) (d written, ok bool) {
	family := familyOf(v6)
	for i := range rules.Tables {
		t := &rules.Tables[i]
		if t.Family != family {
			continue
		}
		for k := range t.Chains {
			c := &t.Chains[k]
			switch {
			case t.Name == bridges && strings.HasSuffix(c.Name, "__"+bridge):
				d.own, ok = t, true
				d.routed = d.routed || routes(c, bridge)
			case strings.HasPrefix(c.Name, docker) && c.Name != users && names(c, bridge):
				ok = true
				d.routed = d.routed || routes(c, bridge)
			}
		}
	}
	return d, ok
}

// familyOf is the family of a table of iptables or ip6tables, and of Docker's own.
func familyOf(v6 bool) string {
	if v6 {
		return "ip6"
	}
	return "ip"
}

// routes reports whether a chain lets all pings to a bridge's network pass, as Docker has it for
// one whose addresses are routed alone.
func routes(c *netfilter.Chain, bridge string) bool {
	for rule := range c.Walk(nil) {
		icmp := slices.ContainsFunc(rule.Matches, func(m netfilter.Match) bool {
			return !m.Not && len(m.Key) == 1 && (m.Key[0] == "meta l4proto" || m.Key[0] == "ip protocol") && len(m.OneOf) == 1 &&
				(m.OneOf[0][0].Lo[0] == unix.IPPROTO_ICMP || m.OneOf[0][0].Lo[0] == unix.IPPROTO_ICMPV6)
		})
		if icmp && rule.Verdict.Kind == netfilter.VerdictAccept && (rule.Comment == "ICMP" || named(rule, "oifname", bridge)) {
			return true
		}
	}
	return false
}

// names reports whether a rule of a chain is for what comes or goes by a device.
func names(c *netfilter.Chain, dev string) bool {
	for rule := range c.Walk(nil) {
		if named(rule, "iifname", dev) || named(rule, "oifname", dev) {
			return true
		}
	}
	return false
}

// named reports whether a rule has a condition on a device, by its name.
func named(rule *netfilter.Rule, key fields.Name, dev string) bool {
	return slices.ContainsFunc(rule.Matches, func(m netfilter.Match) bool {
		return len(m.Key) == 1 && m.Key[0] == key && len(m.OneOf) == 1 && strings.TrimRight(string(m.OneOf[0][0].Lo), "\x00") == dev
	})
}

// led reports whether a chain of nat leads from a hook to another chain, by itself or by a map.
func led(t *netfilter.Table, hook, chain string) bool {
	if _, there := t.Chain(chain); !there {
		return false
	}
	for i := range t.Chains {
		c := &t.Chains[i]
		if c.Hook != hook || c.Type != "nat" {
			continue
		}
		for rule := range c.Walk(nil) {
			if rule.Verdict.Chain == chain {
				return true
			}
			for _, entry := range rule.Verdict.Map {
				if entry.Verdict.Chain == chain {
					return true
				}
			}
		}
	}
	return false
}
