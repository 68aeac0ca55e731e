package change

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"nstutor/internal/iptables"
	"nstutor/internal/nft"
	"nstutor/internal/say"
)

// Masquerade gives what leaves the source address of the device it leaves by.
type Masquerade struct {
	Netns string
	Src   netip.Prefix // of the packet; invalid: any
	Dst   netip.Addr   // the same
	Out   string       // the device; empty: any
	First bool         // before all other rules: one of them lets the packet by
}

// Command is the line of iptables that adds the rule.
func (m Masquerade) Command() Command {
	verb := "-A"
	if m.First {
		verb = "-I"
	}
	argv := []string{iptablesFor(m.v6(), ""), "-t", "nat", verb, "POSTROUTING"}
	argv = from(argv, "-s", m.Src)
	argv = flag(argv, "-d", m.Dst)
	argv = append(argv, given("-o", m.Out)...)
	return In(m.Netns, append(argv, "-j", "MASQUERADE")...)
}

func (m Masquerade) v6() bool { return m.Src.Addr().Is6() || m.Dst.Is6() }

// rule is how nft says it.
func (m Masquerade) rule() natRule {
	words := nftAddresses(m.Src, m.Dst)
	if m.Out != "" {
		words = append(words, "oifname", nft.Device(m.Out))
	}
	verb := nft.Add
	if m.First {
		verb = nft.Insert
	}
	return natRule{m.Netns, m.v6(), "POSTROUTING", append(words, "masquerade"), verb}
}

// Apply adds the rule over netlink, to the table and the chain that iptables
// would take.
func (m Masquerade) Apply(_ context.Context, s Space) error { return m.rule().apply(s) }

// Undo deletes it, and the table if it came with the rule.
func (m Masquerade) Undo(_ context.Context, s Space, was Before) error { return m.rule().undo(s, was) }

// here are the command lines that add the rule, so that they mean no other
// device: by iptables, or else by nft, or else by this program itself.
func (m Masquerade) here() []Command {
	switch {
	case installed(iptablesFor(m.v6(), "")) && iptables.CanName(m.Out):
		return []Command{m.Command()}
	case installed("nft") && nft.CanName(m.Out):
		return m.rule().commands()
	}
	argv := []string{self(), applied, "masquerade"}
	argv = from(argv, "--source", m.Src)
	argv = flag(argv, "--to", m.Dst)
	if m.Out != "" {
		argv = append(argv, "--out="+m.Out)
	}
	if m.First {
		argv = append(argv, "--first")
	}
	return []Command{In(m.Netns, argv...)}
}

// Translate sends what is for one address and port on to another.
type Translate struct {
	Netns string
	Hook  string // "prerouting" or "output"
	Dst   netip.Addr
	Kind
	To     netip.Addr
	ToPort uint16 // 0: as it is
}

func (t Translate) to() string {
	if t.ToPort == 0 {
		return t.To.String()
	}
	return netip.AddrPortFrom(t.To, t.ToPort).String()
}

// Command is the line of iptables that appends the rule.
func (t Translate) Command() Command {
	argv := []string{iptablesFor(t.Dst.Is6(), ""), "-t", "nat", "-A", strings.ToUpper(t.Hook), "-d", t.Dst.String()}
	return In(t.Netns, slices.Concat(argv, t.Kind.iptables(), []string{"-j", "DNAT", "--to-destination", t.to()})...)
}

// rule is how nft says it.
func (t Translate) rule() natRule {
	words := slices.Concat(nftAddresses(netip.Prefix{}, t.Dst), t.Kind.nft(), []string{"dnat", "to", t.to()})
	return natRule{t.Netns, t.Dst.Is6(), strings.ToUpper(t.Hook), words, nft.Add}
}

// Apply appends it over netlink.
func (t Translate) Apply(_ context.Context, s Space) error { return t.rule().apply(s) }

// Undo deletes it, and the table if it came with the rule.
func (t Translate) Undo(_ context.Context, s Space, was Before) error { return t.rule().undo(s, was) }

// here are the command lines that append the rule: by iptables, or else by nft, or
// else by this program, which understands the same words.
func (t Translate) here() []Command {
	if installed(iptablesFor(t.Dst.Is6(), "")) || !installed("nft") {
		return []Command{runnable(t.Command())}
	}
	return t.rule().commands()
}

// Kind is what a rule says of packets besides their addresses.
type Kind struct {
	Proto            string // "icmp", "icmpv6", "tcp" or "udp"; "arp" for ARP packets
	ICMPType         string // as nft and iptables call it: "echo-request"
	SrcPort, DstPort uint16 // 0: any
}

// iptables is the kind as iptables takes it.
func (k Kind) iptables() []string {
	argv := []string{"-p", k.Proto}
	for _, part := range k.parts() {
		argv = append(argv, "--"+part.iptables, cmp.Or(iptables.Types[part.value], part.value))
	}
	return argv
}

// nft is the kind as nft takes it. What has a port needs no more to say its protocol.
func (k Kind) nft() (rule []string) {
	for _, part := range k.parts() {
		rule = append(rule, k.Proto, part.nft, part.value)
	}
	if rule == nil {
		rule = []string{"meta", "l4proto", k.Proto}
	}
	return rule
}

// flags is the kind as `nstutor apply accept` takes it.
func (k Kind) flags() []string {
	argv := []string{"--proto=" + k.Proto}
	for _, part := range k.parts() {
		argv = append(argv, "--"+strings.Replace(part.iptables, "icmpv6-", "icmp-", 1)+"="+part.value)
	}
	return argv
}

// kindPart is one of the conditions of a Kind.
type kindPart struct{ iptables, nft, value string }

func (k Kind) parts() (parts []kindPart) {
	if k.ICMPType != "" {
		parts = append(parts, kindPart{k.Proto + "-type", "type", k.ICMPType})
	}
	if k.SrcPort != 0 {
		parts = append(parts, kindPart{"sport", "sport", strconv.Itoa(int(k.SrcPort))})
	}
	if k.DstPort != 0 {
		parts = append(parts, kindPart{"dport", "dport", strconv.Itoa(int(k.DstPort))})
	}
	return parts
}

// Accept lets one kind of packet pass a chain, before all its other rules.
type Accept struct {
	Netns                string
	Family, Table, Chain string
	// IPTables says that iptables made the chain, and Legacy that it was the one
	// whose rules no other program sees.
	IPTables, Legacy bool
	Src              netip.Prefix // invalid: any
	Dst              netip.Addr   // the same
	Kind
	// Established accepts, instead of all that, what belongs to connections that
	// others of the chain's rules have let begin.
	Established bool
}

// program is the program of iptables that made the chain.
func (a Accept) program() string {
	if a.Legacy {
		return iptablesFor(a.Family == "ip6", "-legacy")
	}
	return iptablesFor(a.Family == "ip6", "-nft")
}

// Command is the line that inserts the rule, in the spelling of the program that
// the chain was made by.
func (a Accept) Command() Command {
	switch {
	case !a.IPTables:
		return In(a.Netns, slices.Concat([]string{"nft", "insert", "rule", a.Family, a.Table, a.Chain}, a.nft(), []string{"accept"})...)
	case a.Established:
		return In(a.Netns, a.program(), "-t", a.Table, "-I", a.Chain, "-m", "conntrack", "--ctstate", "RELATED,ESTABLISHED", "-j", "ACCEPT")
	}
	argv := []string{a.program(), "-t", a.Table, "-I", a.Chain}
	argv = from(argv, "-s", a.Src)
	argv = flag(argv, "-d", a.Dst)
	argv = append(argv, a.Kind.iptables()...)
	return In(a.Netns, append(argv, "-j", "ACCEPT")...)
}

// nft are the matches of the rule as nft takes them.
func (a Accept) nft() []string {
	switch {
	case a.Established:
		return []string{"ct", "state", "established,related"}
	case a.Proto == "arp" && a.Src.IsValid():
		return []string{"arp", "saddr", "ip", addressOr(a.Src)}
	case a.Proto == "arp":
		return []string{"arp", "daddr", "ip", a.Dst.String()}
	}
	return append(nftAddresses(a.Src, a.Dst), a.Kind.nft()...)
}

// rule is the rule as a sentence.
func (a Accept) rule() (nft.Sentence, error) {
	return nft.Rule(nft.Insert, a.Family, a.Table, a.Chain, append(a.nft(), "counter", "accept")...)
}

// Apply inserts the rule over netlink.
func (a Accept) Apply(_ context.Context, s Space) error {
	rule, err := a.rule()
	if err != nil {
		return err
	}
	return inNetns(s, a.Netns, func() error {
		if err := nft.Do([]nft.Sentence{rule}); err != nil {
			return say.Err("insert a rule into %s %s %s: %v", "在 %s %s %s 中插入规则：%v", a.Family, a.Table, a.Chain, err)
		}
		return nil
	})
}

// Undo deletes it.
func (a Accept) Undo(_ context.Context, s Space, _ Before) error {
	rule, err := a.rule()
	if err != nil {
		return err
	}
	return inNetns(s, a.Netns, func() error { return nft.Remove(rule) })
}

// here is the command line by a program that this machine has. It is nil where only
// the old iptables can be told the chain, and is not here.
func (a Accept) here() []Command {
	switch {
	case a.IPTables && installed(a.program()):
		return []Command{a.Command()}
	case a.Legacy:
		return nil
	case installed("nft"):
		if !nft.Identifier(a.Table) || !nft.Identifier(a.Chain) {
			return nil
		}
		a.IPTables = false
		return []Command{a.Command()}
	}
	argv := []string{self(), applied, "accept", "--family=" + a.Family, "--table=" + a.Table, "--chain=" + a.Chain}
	if a.Established {
		return []Command{In(a.Netns, append(argv, "--established")...)}
	}
	argv = from(argv, "--source", a.Src)
	argv = flag(argv, "--to", a.Dst)
	return []Command{In(a.Netns, append(argv, a.Kind.flags()...)...)}
}

// flag adds an option, unless its address says nothing.
func flag(argv []string, name string, addr netip.Addr) []string {
	if !addr.IsValid() {
		return argv
	}
	return append(argv, name, addr.String())
}

// from adds an option, unless its prefix says nothing.
func from(argv []string, name string, src netip.Prefix) []string {
	if !src.IsValid() {
		return argv
	}
	return append(argv, name, addressOr(src))
}

// addressOr is a prefix, or the address where it is of one alone.
func addressOr(p netip.Prefix) string {
	if p.IsSingleIP() {
		return p.Addr().String()
	}
	return p.String()
}

// Only is the prefix of one address, or of none: an invalid one.
func Only(addr netip.Addr) netip.Prefix {
	if !addr.IsValid() {
		return netip.Prefix{}
	}
	return netip.PrefixFrom(addr, addr.BitLen())
}

func nftAddresses(src netip.Prefix, dst netip.Addr) (rule []string) {
	if src.IsValid() {
		rule = append(rule, family(src.Addr().Is6()), "saddr", addressOr(src))
	}
	if dst.IsValid() {
		rule = append(rule, family(dst.Is6()), "daddr", dst.String())
	}
	return rule
}

// family is what nft calls an IP version.
func family(v6 bool) string {
	if v6 {
		return "ip6"
	}
	return "ip"
}

// iptablesFor is the iptables of an IP version, and of one of its backends.
func iptablesFor(v6 bool, backend string) string {
	if v6 {
		return "ip6tables" + backend
	}
	return "iptables" + backend
}
