package table

import (
	"net/netip"
	"strings"
	"time"
)

// Snapshot is the network configuration of one namespace at one moment. The
// tables that were not asked for are nil. A Snapshot is never written to after
// it was handed out, so it may be shared between goroutines.
type Snapshot struct {
	Name  string    // what the namespace was opened as
	Inode uint64    // nsfs inode of the namespace
	At    time.Time // when the last of its tables was read

	Links       []Link
	Addrs       []Addr
	Routes      []Route // of every table; see MainRoutes
	Neighbours  []Neighbour
	PolicyRules []PolicyRule
	Sysctls     []Sysctl
	FDB         []FDBEntry
}

// Link returns the device called name.
func (s *Snapshot) Link(name string) (Link, bool) {
	for _, l := range s.Links {
		if l.Name == name {
			return l, true
		}
	}
	return Link{}, false
}

// LinkByIndex returns the device with that interface index.
func (s *Snapshot) LinkByIndex(index int) (Link, bool) {
	for _, l := range s.Links {
		if l.Index == index {
			return l, true
		}
	}
	return Link{}, false
}

// AddrsOn returns the addresses of the device called dev, IPv4 before IPv6.
func (s *Snapshot) AddrsOn(dev string) []Addr {
	var on []Addr
	for _, a := range s.Addrs {
		if a.Dev == dev {
			on = append(on, a)
		}
	}
	return on
}

// MainRoutes returns the routes that `ip route` (family 4) or `ip -6 route`
// (family 6) shows: those of the main table, in the kernel's order.
func (s *Snapshot) MainRoutes(family int) []Route {
	var main []Route
	for _, r := range s.Routes {
		if r.Table == tableMain && r.Family() == family {
			main = append(main, r)
		}
	}
	return main
}

// PolicyRulesOf returns the policy rules of one family, 4 or 6, in order of priority.
func (s *Snapshot) PolicyRulesOf(family int) []PolicyRule {
	var rules []PolicyRule
	for _, r := range s.PolicyRules {
		if r.Family == family {
			rules = append(rules, r)
		}
	}
	return rules
}

// Neighbour returns the entry for the address dst on dev. Published (proxy)
// entries are not looked at.
func (s *Snapshot) Neighbour(dst netip.Addr, dev string) (Neighbour, bool) {
	for _, n := range s.Neighbours {
		if !n.Proxy && n.Dev == dev && n.Dst == dst {
			return n, true
		}
	}
	return Neighbour{}, false
}

// Sysctl returns the value of a dotted key such as "net.ipv4.ip_forward".
func (s *Snapshot) Sysctl(key string) (string, bool) {
	for _, c := range s.Sysctls {
		if c.Key == key {
			return c.Value, true
		}
	}
	return "", false
}

// String prints the tables one after the other, each under the command that
// shows it. Routes outside the main table are left out, as `ip route` does.
func (s *Snapshot) String() string {
	var b strings.Builder
	section := func(command string, lines []string) {
		if len(lines) == 0 {
			return
		}
		b.WriteString("# " + command + "\n")
		for _, line := range lines {
			b.WriteString(line + "\n")
		}
	}
	section("ip addr", s.addrLines())
	section("ip route", snapshotLines(s.MainRoutes(4)))
	section("ip -6 route", snapshotLines(s.MainRoutes(6)))
	section("ip neigh", snapshotLines(s.Neighbours))
	section("ip rule", snapshotLines(s.PolicyRulesOf(4)))
	section("ip -6 rule", snapshotLines(s.PolicyRulesOf(6)))
	section("sysctl", snapshotLines(s.Sysctls))
	return b.String()
}

// addrLines are the devices with their addresses below them.
func (s *Snapshot) addrLines() []string {
	if s.Links == nil {
		return snapshotLines(s.Addrs)
	}
	var lines []string
	for _, l := range s.Links {
		lines = append(lines, l.Line(), "    "+l.AddressLine())
		for _, a := range s.AddrsOn(l.Name) {
			lines = append(lines, "    "+a.Inet())
		}
	}
	return lines
}

func snapshotLines[T interface{ Line() string }](rows []T) []string {
	lines := make([]string, len(rows))
	for i, r := range rows {
		lines[i] = r.Line()
	}
	return lines
}
