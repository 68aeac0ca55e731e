package change

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"nstutor/internal/say"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"nstutor/diag/table"
)

// PolicyAdd adds a policy rule that has a table asked: `ip rule add …`. It knows
// whence and whereto a packet goes, and by what device it came. One that has each VRF's
// table asked (l3mdev) is for all packets.
type PolicyAdd struct {
	Netns string
	Rule  table.PolicyRule
}

// PolicyDel deletes the first such rule.
type PolicyDel PolicyAdd

// Lookup is a rule that has a table asked. Without a priority the kernel puts it
// before all others but the first. It is a rule of IPv4 unless its Family is set.
func Lookup(number, priority int) table.PolicyRule {
	return table.PolicyRule{Family: 4, Action: "lookup", Table: number, Priority: priority, SuppressPrefix: -1, SuppressGroup: -1}
}

// VRFs is the rule by which the table of the VRF is asked that a packet comes in by or leaves
// by: the kernel adds it with the first VRF of all (vrf_add_fib_rules()).
func VRFs(family int) table.PolicyRule {
	const preference = 1000 // FIB_RULE_PREF in drivers/net/vrf.c
	rule := Lookup(0, preference)
	rule.Family, rule.L3mdev = family, true
	return rule
}

var (
	_ = register("ip rule add", func(netns string, words []string) (Change, error) { return parsePolicy(netns, 4, words) })
	_ = register("ip rule del", func(netns string, words []string) (Change, error) {
		p, err := parsePolicy(netns, 4, words)
		return PolicyDel(p), err
	})
	_ = register("ip -6 rule", func(netns string, words []string) (Change, error) {
		if len(words) == 0 || words[0] != "add" && words[0] != "del" {
			return nil, say.Err("a rule can only be added and deleted here", "这里只能添加和删除策略规则")
		}
		p, err := parsePolicy(netns, 6, words[1:])
		if words[0] == "del" {
			return PolicyDel(p), err
		}
		return p, err
	})
)

func parsePolicy(netns string, family int, words []string) (PolicyAdd, error) {
	p := PolicyAdd{Netns: netns, Rule: Lookup(0, 0)}
	p.Rule.Family = family
	marked := func(value string) (err error) { p.Rule.Mark, p.Rule.Mask, err = masked(value); return err }
	asked := func(value string) (err error) { p.Rule.Table, err = table.Number(value); return err }
	err := readOptions(words, network("from", &p.Rule.Src), network("to", &p.Rule.Dst), text("iif", &p.Rule.IIF),
		option{name: "fwmark", take: marked}, option{name: "lookup", take: asked}, option{name: "table", take: asked},
		number("pref", &p.Rule.Priority), number("priority", &p.Rule.Priority), bare("l3mdev", &p.Rule.L3mdev))
	return p, err
}

// masked is a mark, and which of its bits count: all, unless it is said behind a slash.
func masked(value string) (mark, mask uint32, err error) {
	bits, behind, some := strings.Cut(value, "/")
	m, err := strconv.ParseUint(bits, 0, 32)
	if !some || err != nil {
		return uint32(m), ^uint32(0), err
	}
	of, err := strconv.ParseUint(behind, 0, 32)
	return uint32(m), uint32(of), err
}

func (p PolicyAdd) argv(verb string) []string {
	if p.Rule.Family == 6 { // which `ip rule` does not tell from the address
		return slices.Concat([]string{"ip", "-6", "rule", verb}, p.selector())
	}
	return slices.Concat([]string{"ip", "rule", verb}, p.selector())
}

// selector are the words that say which packets it is for, and what becomes of them.
func (p PolicyAdd) selector() (argv []string) {
	if p.Rule.Src.IsValid() {
		argv = append(argv, "from", table.ShortPrefix(p.Rule.Src))
	}
	if p.Rule.Dst.IsValid() {
		argv = append(argv, "to", table.ShortPrefix(p.Rule.Dst))
	}
	argv = slices.Concat(argv, given("iif", p.Rule.IIF))
	if p.Rule.Mask == ^uint32(0) {
		argv = append(argv, "fwmark", fmt.Sprintf("%#x", p.Rule.Mark))
	} else if p.Rule.Mask != 0 {
		argv = append(argv, "fwmark", fmt.Sprintf("%#x/%#x", p.Rule.Mark, p.Rule.Mask))
	}
	switch {
	case p.Rule.L3mdev:
		argv = append(argv, "l3mdev")
	case p.Rule.Table != 0:
		argv = append(argv, "lookup", p.Rule.TableName())
	}
	return slices.Concat(argv, given("pref", p.pref()))
}

// pref is the preference; empty where the kernel chooses. That of table local is 0, as the
// kernel's own rule has it.
func (p PolicyAdd) pref() string {
	if p.Rule.Priority == 0 && p.Rule.Table == unix.RT_TABLE_LOCAL {
		return "0"
	}
	return count(p.Rule.Priority)
}

// Command is `ip rule add …`.
func (p PolicyAdd) Command() Command { return In(p.Netns, p.argv("add")...) }

// Apply adds the rule.
func (p PolicyAdd) Apply(_ context.Context, s Space) error {
	if p.Rule.L3mdev {
		return p.ofVRFs(s, unix.RTM_NEWRULE, unix.NLM_F_CREATE|unix.NLM_F_EXCL)
	}
	return p.do(s, say.T("add", "添加"), (*netlink.Handle).RuleAdd)
}

// Undo deletes it.
func (p PolicyAdd) Undo(ctx context.Context, s Space, _ Before) error {
	return PolicyDel(p).Apply(ctx, s)
}

// Command is `ip rule del …`.
func (p PolicyDel) Command() Command { return In(p.Netns, PolicyAdd(p).argv("del")...) }

// Apply deletes the rule.
func (p PolicyDel) Apply(_ context.Context, s Space) error {
	if p.Rule.L3mdev {
		return PolicyAdd(p).ofVRFs(s, unix.RTM_DELRULE, 0)
	}
	return PolicyAdd(p).do(s, say.T("delete", "删除"), (*netlink.Handle).RuleDel)
}

// Undo adds it again.
func (p PolicyDel) Undo(ctx context.Context, s Space, _ Before) error {
	return PolicyAdd(p).Apply(ctx, s)
}

// ofVRFs asks the kernel for the rule by which each VRF's table is asked: the library does
// not know it.
func (p PolicyAdd) ofVRFs(s Space, ask, flags int) error {
	rule := &nl.RtMsg{RtMsg: unix.RtMsg{Family: p.family(), Type: unix.FR_ACT_TO_TBL}}
	err := inNetns(s, p.Netns, func() error {
		request := nl.NewNetlinkRequest(ask, flags|unix.NLM_F_ACK)
		request.AddData(rule)
		request.AddData(nl.NewRtAttr(unix.FRA_L3MDEV, []byte{1}))
		if p.Rule.Priority != 0 {
			request.AddData(nl.NewRtAttr(unix.FRA_PRIORITY, nl.Uint32Attr(uint32(p.Rule.Priority))))
		}
		_, err := request.Execute(unix.NETLINK_ROUTE, 0)
		return err
	})
	if err != nil {
		return say.Err("rule %s: %v", "策略规则 %s：%v", words(p.selector()), err)
	}
	return nil
}

// family is the address family of the rule's IP version.
func (p PolicyAdd) family() uint8 {
	if p.Rule.Family == 6 {
		return unix.AF_INET6
	}
	return unix.AF_INET
}

func (p PolicyAdd) do(s Space, verb say.Text, do func(*netlink.Handle, *netlink.Rule) error) error {
	_, h, err := Open(s, p.Netns)
	if err != nil {
		return err
	}
	r := netlink.NewRule()
	r.Family, r.Src, r.Dst, r.IifName = int(p.family()), ipNet(p.Rule.Src), ipNet(p.Rule.Dst), p.Rule.IIF
	if p.Rule.Mask != 0 {
		r.Mark, r.Mask = p.Rule.Mark, &p.Rule.Mask
	}
	if p.Rule.Table != 0 {
		r.Table = p.Rule.Table
	}
	if p.pref() != "" {
		r.Priority = p.Rule.Priority
	}
	if err := do(h, r); err != nil {
		return say.Err("%s: %s rule %s: %v", "%s：%s策略规则 %s：%v", p.Netns, verb, words(p.selector()), err)
	}
	return nil
}
