package change

import (
	"context"
	"slices"

	"nstutor/internal/iptables"
	"nstutor/internal/nft"
)

// ClampMSS has the ends of the connections that a namespace forwards agree on segments
// that its routes there and back take, whoever of them is told of an MTU, or not.
type ClampMSS struct {
	Netns string
	V6    bool
}

// Command is the line of iptables that appends the rule.
func (c ClampMSS) Command() Command {
	return In(c.Netns, iptablesFor(c.V6, ""), "-t", "mangle", "-A", "FORWARD", "-p", "tcp", "--tcp-flags", "SYN,RST", "SYN", "-j", "TCPMSS", "--clamp-mss-to-pmtu")
}

// lines are what nft is told: the table and the chain, and then the rule.
func (c ClampMSS) lines() [][]string {
	ip := family(c.V6)
	return [][]string{
		{"add", "table", ip, "mangle"},
		{"add", "chain", ip, "mangle", "FORWARD", "{ " + iptables.Chains["mangle FORWARD"] + " }"},
		slices.Concat([]string{"add", "rule", ip, "mangle", "FORWARD", "tcp", "flags", "syn", "counter"}, iptables.Clamp),
	}
}

// Apply appends the rule over netlink, to the table and the chain that iptables would take.
func (c ClampMSS) Apply(_ context.Context, s Space) error {
	said, err := nft.Sentences(c.lines())
	if err != nil {
		return err
	}
	return inNetns(s, c.Netns, func() error { return nft.Do(said) })
}

// Undo deletes it, and the table if it came with the rule.
func (c ClampMSS) Undo(_ context.Context, s Space, was Before) error {
	said, err := nft.Sentences(c.lines())
	if err != nil {
		return err
	}
	return inNetns(s, c.Netns, func() error {
		if err := nft.Remove(said[len(said)-1]); err != nil {
			return err
		}
		return dropEmpty(was, c.Netns, family(c.V6), "mangle")
	})
}

// here are the command lines that append the rule: by iptables, or else by nft, or else by
// this program, which understands the words of iptables.
func (c ClampMSS) here() []Command {
	if installed(iptablesFor(c.V6, "")) || !installed("nft") {
		return []Command{runnable(c.Command())}
	}
	var all []Command
	for _, words := range c.lines() {
		all = append(all, In(c.Netns, append([]string{"nft"}, words...)...))
	}
	return all
}
