package steps

import (
	"context"
	"net/netip"

	"github.com/coreos/go-iptables/iptables"

	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/nsenter"
	"nstutor/internal/say"
)

// Masquerade rewrites the source of what leaves: it appends a MASQUERADE rule
// to the chain POSTROUTING of the nat table.
type Masquerade struct {
	Netns string
	Src   string // address or prefix the rule applies to
	NotTo string // prefix it does not apply to; empty: everywhere
}

func (a Masquerade) rule() []string {
	rule := []string{"-s", a.Src}
	if a.NotTo != "" {
		rule = append(rule, "!", "-d", a.NotTo)
	}
	return append(rule, "-j", "MASQUERADE")
}

func (a Masquerade) nft() string {
	rule := "ip saddr " + a.Src
	if a.NotTo != "" {
		rule += " ip daddr != " + a.NotTo
	}
	return rule + " masquerade"
}

func (a Masquerade) Command(*lab.Lab) change.Command {
	return change.Command{
		Netns: a.Netns,
		Argv:  append([]string{"iptables", "-t", "nat", "-A", "POSTROUTING"}, a.rule()...),
		Same: []string{
			"nft add table ip nat",
			"nft 'add chain ip nat POSTROUTING { type nat hook postrouting priority srcnat; }'",
			"nft add rule ip nat POSTROUTING " + a.nft(),
		},
	}
}

func (a Masquerade) Apply(_ context.Context, l *lab.Lab) error {
	ns, err := l.NS(a.Netns)
	if err != nil {
		return err
	}
	return a.named(say.T("add", "添加"), byTool(ns,
		func(t *iptables.IPTables) error { return t.Append("nat", "POSTROUTING", a.rule()...) },
		func() error { return nftAppend(a) }))
}

func (a Masquerade) Done(ctx context.Context, l *lab.Lab) (bool, error) {
	return met(a.Conditions(ctx, l))
}

// Undo deletes the rule, and the table if it came with the rule.
func (a Masquerade) Undo(_ context.Context, l *lab.Lab, was State) error {
	ns, err := l.NS(a.Netns)
	if err != nil {
		return err
	}
	err = byTool(ns,
		func(t *iptables.IPTables) error { return t.Delete("nat", "POSTROUTING", a.rule()...) },
		func() error { return nftDelete(a) })
	if err == nil && !was.hasTable(a.Netns, nftNat.Name) {
		err = ns.Do(nftDropEmpty)
	}
	return a.named(say.T("delete", "删除"), err)
}

func (a Masquerade) named(verb say.Text, err error) error {
	if err == nil {
		return nil
	}
	return say.Err("%s: %s rule in nat POSTROUTING for %s: %v", "%s：在 nat POSTROUTING 中%s针对 %s 的规则：%v", a.Netns, verb, a.Src, err)
}

// canonical makes 172.20.1.10 into 172.20.1.10/32.
func canonical(s string) string {
	if addr, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(addr, addr.BitLen()).String()
	}
	if p, err := netip.ParsePrefix(s); err == nil {
		return p.Masked().String()
	}
	return s
}

// Narrow replaces one masquerade rule by another in its place.
type Narrow struct {
	Netns    string
	Was, Now Masquerade
}

func (a Narrow) Command(*lab.Lab) change.Command {
	return change.Command{
		Netns: a.Netns,
		Argv:  append([]string{"iptables", "-t", "nat", "-R", "POSTROUTING", "1"}, a.Now.rule()...),
		Same: []string{
			"nft replace rule ip nat POSTROUTING handle HANDLE " + a.Now.nft() + "   # HANDLE: nft -a list chain ip nat POSTROUTING",
		},
	}
}

// Apply puts the new rule in before it takes the old one away, so that no
// packet passes between the two. Without the old one nothing changes.
func (a Narrow) Apply(ctx context.Context, l *lab.Lab) error {
	if err := a.Now.Apply(ctx, l); err != nil {
		return err
	}
	if err := a.Was.Undo(ctx, l, State{}); err != nil {
		return say.Join(err, a.Now.Undo(ctx, l, State{}))
	}
	return nil
}

// Conditions implements Conditional: they are those of the new rule.
func (a Narrow) Conditions(ctx context.Context, l *lab.Lab) []Condition {
	return a.Now.Conditions(ctx, l)
}

func (a Narrow) Done(ctx context.Context, l *lab.Lab) (bool, error) { return a.Now.Done(ctx, l) }

func (a Narrow) Undo(ctx context.Context, l *lab.Lab, _ State) error {
	return Narrow{Netns: a.Netns, Was: a.Now, Now: a.Was}.Apply(ctx, l)
}

// byTool runs byIptables inside ns where the iptables command is installed,
// and byNetlink where it is not.
func byTool(ns *nsenter.Namespace, byIptables func(*iptables.IPTables) error, byNetlink func() error) error {
	return ns.Do(func() error {
		t, err := iptables.New()
		if err != nil {
			return byNetlink()
		}
		return byIptables(t)
	})
}
