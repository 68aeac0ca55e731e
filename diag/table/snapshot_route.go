package table

import (
	"net"
	"net/netip"
	"time"

	"nstutor/internal/say"
)

// Routing tables that have a name in the kernel (enum rt_class_t).
const (
	tableDefault = 253
	tableMain    = 254
	tableLocal   = 255
)

// Route is one route of any table, as `ip route show table all` shows it.
type Route struct {
	Type   string       // unicast, local, broadcast, multicast, blackhole, unreachable, prohibit, throw…
	Dst    netip.Prefix // 0.0.0.0/0 and ::/0 are what ip calls default
	From   netip.Prefix // source prefix of an IPv6 route, else invalid
	TOS    int
	NHID   int        // nexthop object, 0: none
	Via    netip.Addr // the next hop; invalid for a directly connected route
	Dev    string     // empty when the route has none (blackhole) or several (Nexthops)
	Table  int
	Proto  string     // who made the route: kernel, boot, static, ra, dhcp…
	Scope  string     // global, link, host, nowhere
	Src    netip.Addr // preferred source address
	Metric int        // 0: the highest priority

	Onlink    bool // the next hop is reachable although no connected route covers it
	Linkdown  bool // the device has no carrier
	Dead      bool // the route is not used: its device is down, or see ignore_routes_with_linkdown
	Pervasive bool

	MTU       int    // RTAX_MTU in bytes; 0: the route sets none
	MTULocked bool   // the MTU that the path is found to have does not lower it
	Metrics   string // the other RTA_METRICS as ip prints them: "window 100 advmss 1360"

	Pref     string // IPv6 router preference: low, medium, high
	Nexthops []Nexthop
}

// Nexthop is one leg of a multipath route.
type Nexthop struct {
	Via       netip.Addr
	Dev       string
	Weight    int
	Onlink    bool
	Linkdown  bool
	Dead      bool
	Pervasive bool
}

// Family is 4 or 6.
func (r Route) Family() int { return ipFamily(r.Dst.Addr()) }

// Default reports whether the route matches every destination.
func (r Route) Default() bool { return r.Dst.Bits() == 0 }

// Neighbour is one entry of the neighbour (ARP, NDP) table, as `ip neigh` shows
// it.
type Neighbour struct {
	Dst   netip.Addr
	Dev   string
	MAC   net.HardwareAddr // nil while it is not known
	State string           // INCOMPLETE, REACHABLE, STALE, DELAY, PROBE, FAILED, NOARP, PERMANENT

	Proxy       bool // a published entry: this machine answers for Dst (`ip neigh show proxy`)
	Router      bool
	Managed     bool
	ExternLearn bool
	Proto       string // who made the entry, when somebody said so

	// Age is how long the entry was in its state when it was read, and Since the
	// moment it entered it; both to a hundredth of a second (NDA_CACHEINFO). They
	// change all the time, so they do not count as a difference.
	Age   time.Duration
	Since time.Time
}

// Family is 4 or 6.
func (n Neighbour) Family() int { return ipFamily(n.Dst) }

// Rule is one policy rule, as `ip rule` shows it.
type PolicyRule struct {
	Family   int // 4 or 6
	Priority int
	Not      bool
	Src, Dst netip.Prefix // invalid: all
	TOS      int
	Mark     uint32
	Mask     uint32 // of Mark; 0 when the rule does not look at the mark
	IIF, OIF string
	// Detached tells that the device of that name does not exist.
	IIFDetached, OIFDetached bool

	L3mdev       bool
	UIDs         *[2]uint32
	IPProto      int
	SPort, DPort *[2]uint16

	Action     string // lookup, goto, nop, blackhole, unreachable, prohibit
	Table      int    // of lookup
	Goto       int    // priority to go on with
	Unresolved bool   // no rule has that priority
	// SuppressPrefix is the longest prefix length that the lookup ignores; -1: none.
	SuppressPrefix int
	SuppressGroup  int // device group whose routes the lookup ignores; -1: none
	Proto          string
}

// Sysctl is one kernel setting. Dots in a device name are written as slashes,
// as sysctl(8) does: net.ipv4.conf.eth0/100.forwarding.
type Sysctl struct{ Key, Value string }

// Line is what `sysctl KEY` prints.
func (s Sysctl) Line() string { return say.Clean(s.Key + " = " + s.Value) }
