package change

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Masquerade gives what leaves the source address of the device it leaves by.
type Masquerade struct {
	Netns    string
	Src, Dst netip.Addr // of the packet; invalid: any
	Out      string     // the device; empty: any
}

// Commands are the command lines that append the rule, so that they can be run on
// this machine and mean no other device: by iptables, or else by nft, or else by
// this program itself.
func (m Masquerade) Commands() []Command {
	switch {
	case installed("iptables") && iptablesDevice(m.Out):
		argv := []string{"iptables", "-t", "nat", "-A", "POSTROUTING"}
		argv = flag(argv, "-s", m.Src)
		argv = flag(argv, "-d", m.Dst)
		if m.Out != "" {
			argv = append(argv, "-o", m.Out)
		}
		return []Command{In(m.Netns, append(argv, "-j", "MASQUERADE")...)}
	case installed("nft") && nftDevice(m.Out):
		rule := nftAddresses(m.Src, m.Dst)
		if m.Out != "" {
			rule = append(rule, "oifname", `"`+m.Out+`"`)
		}
		return []Command{
			In(m.Netns, "nft", "add", "table", "ip", "nat"),
			In(m.Netns, "nft", "add", "chain", "ip", "nat", "POSTROUTING", "{ type nat hook postrouting priority srcnat; }"),
			In(m.Netns, slices.Concat([]string{"nft", "add", "rule", "ip", "nat", "POSTROUTING"}, rule, []string{"masquerade"})...),
		}
	}
	argv := []string{self(), "apply", "masquerade"}
	argv = flag(argv, "--source", m.Src)
	argv = flag(argv, "--to", m.Dst)
	if m.Out != "" {
		argv = append(argv, "--out="+m.Out)
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

// Commands are the command lines that append the rule, by iptables, or else by nft;
// nil where neither is here.
func (t Translate) Commands() []Command {
	chain, to := strings.ToUpper(t.Hook), t.To.String()
	if t.ToPort != 0 {
		to = netip.AddrPortFrom(t.To, t.ToPort).String()
	}
	switch {
	case installed("iptables"):
		argv := slices.Concat([]string{"iptables", "-t", "nat", "-A", chain, "-d", t.Dst.String()}, t.Kind.iptables(), []string{"-j", "DNAT", "--to-destination", to})
		return []Command{In(t.Netns, argv...)}
	case installed("nft"):
		rule := slices.Concat(nftAddresses(netip.Addr{}, t.Dst), t.Kind.nft(), []string{"dnat", "to", to})
		return []Command{
			In(t.Netns, "nft", "add", "table", "ip", "nat"),
			In(t.Netns, "nft", "add", "chain", "ip", "nat", chain, "{ type nat hook "+t.Hook+" priority dstnat; }"),
			In(t.Netns, slices.Concat([]string{"nft", "add", "rule", "ip", "nat", chain}, rule)...),
		}
	}
	return nil
}

// Kind is what a rule says of packets besides their addresses.
type Kind struct {
	Proto            string // "icmp", "tcp" or "udp"
	ICMPType         string // as nft and iptables call it: "echo-request"
	SrcPort, DstPort uint16 // 0: any
}

// iptables is the kind as iptables takes it.
func (k Kind) iptables() []string {
	argv := []string{"-p", k.Proto}
	for _, part := range k.parts() {
		argv = append(argv, "--"+part.iptables, part.value)
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
		argv = append(argv, "--"+part.iptables+"="+part.value)
	}
	return argv
}

// kindPart is one of the conditions of a Kind.
type kindPart struct{ iptables, nft, value string }

func (k Kind) parts() (parts []kindPart) {
	if k.ICMPType != "" {
		parts = append(parts, kindPart{"icmp-type", "type", k.ICMPType})
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
	Src, Dst         netip.Addr
	Kind
	// Established accepts, instead of all that, what belongs to connections that
	// others of the chain's rules have let begin.
	Established bool
}

// Commands is the command line that inserts the rule, in the spelling of the
// program that the chain was made by where that is here. It is nil where none
// that is here can be told the chain.
func (a Accept) Commands() []Command {
	program := "iptables-nft"
	if a.Legacy {
		program = "iptables-legacy"
	}
	switch {
	case a.IPTables && installed(program) && a.Established:
		return []Command{In(a.Netns, program, "-t", a.Table, "-I", a.Chain, "-m", "conntrack", "--ctstate", "RELATED,ESTABLISHED", "-j", "ACCEPT")}
	case a.IPTables && installed(program):
		argv := []string{program, "-t", a.Table, "-I", a.Chain, "-s", a.Src.String(), "-d", a.Dst.String()}
		argv = append(argv, a.Kind.iptables()...)
		return []Command{In(a.Netns, append(argv, "-j", "ACCEPT")...)}
	case a.Legacy:
		return nil
	case installed("nft"):
		rule := nftAddresses(a.Src, a.Dst)
		if a.Established {
			rule = []string{"ct", "state", "established,related"}
		} else {
			rule = append(rule, a.Kind.nft()...)
		}
		command, ok := NftInsert(a.Netns, a.Family, a.Table, a.Chain, append(rule, "accept")...)
		if !ok {
			return nil
		}
		return []Command{command}
	}
	argv := []string{self(), "apply", "accept", "--family=" + a.Family, "--table=" + a.Table, "--chain=" + a.Chain}
	if a.Established {
		return []Command{In(a.Netns, append(argv, "--established")...)}
	}
	argv = flag(argv, "--source", a.Src)
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

func nftAddresses(src, dst netip.Addr) (rule []string) {
	if src.IsValid() {
		rule = append(rule, "ip", "saddr", src.String())
	}
	if dst.IsValid() {
		rule = append(rule, "ip", "daddr", dst.String())
	}
	return rule
}
