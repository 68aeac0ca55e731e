package change

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
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

// Accept lets one kind of packet pass a chain, before all its other rules.
type Accept struct {
	Netns                string
	Family, Table, Chain string
	// IPTables says that iptables made the chain, and Legacy that it was the one
	// whose rules no other program sees.
	IPTables, Legacy bool
	Src, Dst         netip.Addr
	ICMPType         string // as nft and iptables call it: "echo-request"
	UDPPort          int    // the destination port; 0: none, it is ICMP
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
		if a.UDPPort != 0 {
			argv = append(argv, "-p", "udp", "--dport", strconv.Itoa(a.UDPPort))
		} else {
			argv = append(argv, "-p", "icmp", "--icmp-type", a.ICMPType)
		}
		return []Command{In(a.Netns, append(argv, "-j", "ACCEPT")...)}
	case a.Legacy:
		return nil
	case installed("nft"):
		rule := nftAddresses(a.Src, a.Dst)
		if a.Established {
			rule = []string{"ct", "state", "established,related"}
		} else if a.UDPPort != 0 {
			rule = append(rule, "udp", "dport", strconv.Itoa(a.UDPPort))
		} else {
			rule = append(rule, "icmp", "type", a.ICMPType)
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
	if a.UDPPort != 0 {
		argv = append(argv, fmt.Sprintf("--udp=%d", a.UDPPort))
	} else {
		argv = append(argv, "--icmp="+a.ICMPType)
	}
	return []Command{In(a.Netns, argv...)}
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
