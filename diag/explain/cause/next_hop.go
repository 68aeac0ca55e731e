package cause

import (
	"net/netip"
	"strconv"

	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// NextHop is whom a namespace looks for on a wire, and what its neighbour table
// has for that. A fault of the search is a fault of who asks.
type NextHop struct {
	Asker, Dev string
	Addr       netip.Addr
	Entry      table.Neighbour // zero when there is none
}

// Netns is the namespace that asks.
func (h NextHop) Netns() string { return h.Asker }

// With are lines that show a fault, after the entry if there is one.
func (h NextHop) With(more ...string) []say.Text {
	if !h.Entry.Dst.IsValid() {
		return Lines(more...)
	}
	return append(Lines(h.Entry.Line()), Lines(more...)...)
}

// forget makes the kernel ask again.
func (h NextHop) forget() change.Change {
	return change.NeighDel{Netns: h.Asker, Dst: h.Addr, Dev: h.Dev}
}

// Station is a device on a wire, with the IPv4 addresses that it has there.
type Station struct {
	Netns, Dev string
	Addrs      []netip.Prefix
	Shut       machine.Shut // why IPv6 is off on the device
	MTU        int          // of the others on its wire, as remedy.Address has it
}

// present are the stations on a wire, a line each.
func present(stations []Station) []say.Text {
	var there []say.Text
	for _, s := range stations {
		addrs := ""
		switch {
		case s.Shut&machine.ShutByMTU != 0:
			addrs = " mtu < " + strconv.Itoa(machine.MinMTU)
		case s.Shut != 0:
			addrs = " disable_ipv6 = 1"
		}
		for _, a := range s.Addrs {
			addrs += " inet " + a.String()
		}
		if addrs == "" {
			there = append(there, say.T("%s %s: no address", "%s %s：没有地址", machine.Called(s.Netns), s.Dev))
			continue
		}
		there = append(there, say.T("%s %s:%s", "%s %s:%s", machine.Called(s.Netns), s.Dev, addrs))
	}
	return there
}
