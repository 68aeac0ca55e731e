package replica

import (
	"encoding/binary"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/diag/netfilter/ipset"
	"nstutor/internal/replica/nftables"
)

// Network is several namespaces as their kernel had them.
type Network struct {
	Spaces []Space
	// Asked is whom the copy is to be asked about: somebody, and no stranger.
	Asked netip.Addr
	// Missing is what could not be taken down.
	Missing []Omission
}

// Space is one namespace. The messages are the bodies of the kernel's answers to a
// dump, without their headers.
type Space struct {
	// Name is what the copy is called; empty: it is the current namespace.
	Name     string
	Links    []Link
	Addrs    [][]byte
	NextHops [][]byte // objects of `ip nexthop`
	Routes   [][]byte // of every table
	// Learned says that the kernel remembers what it has learned of paths, such as their
	// MTU. That cannot be told to another kernel; it may learn it anew.
	Learned    bool
	Rules      [][]byte
	Neighbours [][]byte // permanent, learned, and those of proxies
	FDB        [][]byte
	Timers     [][]byte // of ARP and of neighbour discovery, NDTA_PARMS of one device each
	Policies   [][]byte // of IPsec
	Settings   []Setting
	Sets       []ipset.Set // which rules of the packet filter ask
	Filter     nftables.Ruleset
	ByHandle   bool          // rules are called by their handles, also in tables of iptables
	Legacy     []LegacyTable // of iptables-legacy, which a file does not have
	Listeners  []Listener
}

// Addresses are those that others can ask for by a route, in the kernel's order.
func (s Space) Addresses() (all []netip.Addr) {
	for _, p := range s.Prefixes() {
		if !p.Addr().IsLoopback() && !p.Addr().IsLinkLocalUnicast() {
			all = append(all, p.Addr())
		}
	}
	return all
}

// Prefixes are all addresses, with their networks.
func (s Space) Prefixes() (all []netip.Prefix) {
	for _, row := range s.Addrs {
		if p := prefixOf(row); p.IsValid() {
			all = append(all, p)
		}
	}
	return all
}

// Known are the neighbours that were learned, by the index of their device, and by that
// of the bridge's port that they are behind.
func (s Space) Known() map[int][]netip.Addr {
	all, ports := map[int][]netip.Addr{}, map[string]int{}
	for _, row := range s.FDB {
		if len(row) >= unix.SizeofNdMsg {
			ports[string(attr.Find(row[unix.SizeofNdMsg:], unix.NDA_LLADDR))] = indexOf(row)
		}
	}
	for _, row := range s.Neighbours {
		if len(row) < unix.SizeofNdMsg {
			continue
		}
		addr := attr.Addr(attr.Find(row[unix.SizeofNdMsg:], unix.NDA_DST))
		all[indexOf(row)] = append(all[indexOf(row)], addr)
		if mac := string(attr.Find(row[unix.SizeofNdMsg:], unix.NDA_LLADDR)); ports[mac] != 0 && mac != "" {
			all[ports[mac]] = append(all[ports[mac]], addr)
		}
	}
	return all
}

// Silent reports whether the namespace has asked for somebody who did not answer.
func (s Space) Silent(who netip.Addr) bool {
	return slices.ContainsFunc(s.Neighbours, func(row []byte) bool {
		return len(row) >= unix.SizeofNdMsg && binary.NativeEndian.Uint16(row[8:])&(unix.NUD_FAILED|unix.NUD_INCOMPLETE) != 0 &&
			attr.Addr(attr.Find(row[unix.SizeofNdMsg:], unix.NDA_DST)) == who
	})
}

// prefixOf is the address of a row with its network. IPv6 says IFA_LOCAL only where
// there is a peer.
func prefixOf(row []byte) netip.Prefix {
	if len(row) < unix.SizeofIfAddrmsg {
		return netip.Prefix{}
	}
	local := attr.Find(row[unix.SizeofIfAddrmsg:], unix.IFA_LOCAL)
	if local == nil && row[0] == unix.AF_INET6 {
		local = attr.Find(row[unix.SizeofIfAddrmsg:], unix.IFA_ADDRESS)
	}
	return netip.PrefixFrom(attr.Addr(local), int(row[1]))
}

// Link is a device.
type Link struct {
	Index   int
	Name    string
	Kind    string // of IFLA_INFO_KIND; empty: hardware, and the loopback device
	Message []byte // as RTM_NEWLINK has it
	// At is the place among the Spaces where the device of IFLA_LINK is: a veth's
	// other end, what a VLAN stands on. It is Elsewhere when that is not copied.
	At    int
	VLANs []byte // IFLA_AF_SPEC of the bridge's or the port's; nil: none
	// Alone says that nobody is to be at the other end in the copy: what is sent there is lost.
	Alone bool `json:",omitempty"`
	// Answered are the answers that were seen to come in from the other end.
	Answered []Answer `json:",omitempty"`
}

// Answer is one by somebody, to somebody.
type Answer struct{ By, To netip.Addr }

// Leads reports whether it is a wire to a namespace that is not copied, which had a carrier
// if it was up.
func (l Link) Leads() bool {
	return l.Kind == "veth" && l.At == Elsewhere && (l.carrier() || !l.up())
}

// Elsewhere is the place of a device that is in none of the Spaces.
const Elsewhere = -1

// attr is the payload of an attribute of the device; nil when it has none.
func (l Link) attr(kind uint16) []byte { return attr.Find(l.Message[unix.SizeofIfInfomsg:], kind) }

func (l Link) flags() uint32 { return binary.NativeEndian.Uint32(l.Message[8:]) }

func (l Link) up() bool { return l.flags()&unix.IFF_UP != 0 }

// carrier reports whether the device had somebody at its other end.
func (l Link) carrier() bool { return l.flags()&unix.IFF_LOWER_UP != 0 }

// running reports whether the kernel had dealt with the carrier by then (netif_oper_up()):
// it may put that off for a second (linkwatch_schedule_work()).
func (l Link) running() bool { return l.flags()&unix.IFF_RUNNING != 0 }

// lower is the index of the device of IFLA_LINK, 0 for none.
func (l Link) lower() int { return attr.Int(l.attr(unix.IFLA_LINK)) }

func (l Link) master() int { return attr.Int(l.attr(unix.IFLA_MASTER)) }

// info is a part of IFLA_LINKINFO.
func (l Link) info(kind uint16) []byte { return attr.Find(l.attr(unix.IFLA_LINKINFO), kind) }

// Setting is a sysctl, given as its path below /proc/sys.
type Setting struct{ Path, Value string }

// Omission is something that the copy does not have.
type Omission struct {
	Netns string // of the copy
	What  What
	Name  string // of the device, the table, the setting
	Err   string // of the kernel, which refused it; empty: it was not tried
}

// What says of which kind it is.
type What string

// The kinds of omissions.
const (
	Hardware  What = "hardware"  // a device that is no software: in its place is a wire
	FarSide   What = "far-side"  // what a wire leads to
	BPF       What = "bpf"       // programs on devices
	Traffic   What = "qdisc"     // queueing disciplines and their filters
	IPv6      What = "ipv6"      // addresses, routes and rules of IPv6: files of version 1 have none
	IPsec     What = "ipsec"     // associations, which have keys
	Sets      What = "ipset"     // refused, or some entries of it
	Legacy    What = "legacy"    // tables of iptables-legacy, refused or of a file
	Device    What = "device"    // refused
	Address   What = "address"   // refused
	Route     What = "route"     // refused
	Rule      What = "rule"      // refused
	Neighbour What = "neighbour" // refused
	Value     What = "setting"   // refused
	Filtering What = "filter"    // refused
	Virtual   What = "ip_vs"     // virtual services
	Groups    What = "groups"    // whom a bridge that snoops knows to have joined them
	Users     What = "users"     // rules that ask for a user whom the lab does not have
)

// Known reports whether there is such a kind.
func (w What) Known() bool {
	switch w {
	case Hardware, FarSide, BPF, Traffic, IPv6, IPsec, Sets, Legacy, Device, Address, Route, Rule, Neighbour, Value, Filtering, Virtual, Groups, Users:
		return true
	}
	return false
}
