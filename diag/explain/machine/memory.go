package machine

import (
	"context"
	"os"
	"strconv"
	"strings"

	"nstutor/diag/ipvs"
	"nstutor/diag/table"
	"nstutor/internal/say"
)

// memory is what a namespace has answered. Between two packets nothing of it is asked
// twice: a question goes the same ways many times, each time with something else taken
// for mended.
type memory struct {
	reader   *table.Reader
	snap     *table.Snapshot // with the tables that were read by now
	has      table.Tables
	settings map[string]setting // by the path below /proc/sys

	virtual     []ipvs.Service
	virtualRead bool
}

type setting struct {
	value string
	err   error
}

// Forget has everything asked anew: a packet that was sent leaves its traces.
func (w *Machine) Forget() {
	for _, n := range w.nodes {
		n.memory.close()
		if n.one != nil && w.still {
			n.one.Keep()
		}
	}
}

// Still says that nothing changes in the namespaces but by packets, as in a copy that is
// one's own: then single questions are remembered, too. It comes before Open.
func (w *Machine) Still() { w.still = true }

// Snapshot reads whole tables of the namespace; others may be there as well.
func (n *Space) Snapshot(tables table.Tables) (*table.Snapshot, error) {
	m := &n.memory
	missing := tables &^ m.has
	if missing == 0 && m.snap != nil {
		return m.snap, nil
	}
	if m.reader == nil {
		reader, err := table.OpenReader(n.NS, table.ReadOptions{})
		if err != nil {
			return nil, err
		}
		m.reader, m.snap = reader, &table.Snapshot{}
	}
	snap, err := m.reader.Refresh(context.Background(), m.snap, missing)
	if err != nil {
		return nil, err
	}
	m.snap, m.has = snap, m.has|missing
	return snap, nil
}

// close lets go of the socket that whole tables are read by.
func (m *memory) close() {
	if m.reader != nil {
		m.reader.Close()
	}
	*m = memory{}
}

// Sysctl reads a setting, given as its path below /proc/sys, such as
// "net/ipv4/ip_forward".
func (n *Space) Sysctl(path string) (string, error) {
	if s, ok := n.memory.settings[path]; ok {
		return s.value, s.err
	}
	value, err := n.NS.ReadSysctl(path)
	n.remember(path, setting{value, err})
	return value, err
}

func (n *Space) remember(path string, s setting) {
	if n.memory.settings == nil {
		n.memory.settings = map[string]setting{}
	}
	n.memory.settings[path] = s
}

// confs reads net.ipv4.conf.DEV.KEY of several devices in one visit to the
// namespace. What cannot be read is -1, which is also what unset medium_ids are.
func (n *Space) confs(key string, devs ...string) []int {
	paths := make([]string, len(devs))
	var unread []string
	for i, dev := range devs {
		paths[i] = "net/ipv4/conf/" + dev + "/" + key
		if _, ok := n.memory.settings[paths[i]]; !ok {
			unread = append(unread, paths[i])
		}
	}
	if len(unread) > 0 {
		// An error leaves the rest at -1.
		_ = n.NS.Do(func() error {
			for _, path := range unread {
				text, err := os.ReadFile("/proc/sys/" + path)
				n.remember(path, setting{strings.TrimSpace(string(text)), err})
			}
			return nil
		})
	}
	values := make([]int, len(devs))
	for i, path := range paths {
		values[i] = -1
		if s, ok := n.memory.settings[path]; ok && s.err == nil {
			if value, err := strconv.Atoi(s.value); err == nil {
				values[i] = value
			}
		}
	}
	return values
}

// Shut is why IPv6 is off on a device, which has no addresses then: bits.
type Shut int

// A device is without IPv6 by its setting, or because its MTU is below what IPv6 takes
// (addrconf_notify(), NETDEV_CHANGEMTU). It has no settings then, and gets the defaults.
const (
	ShutBySetting Shut = 1 << iota
	ShutByMTU
)

// MinMTU is the least that IPv6 takes (IPV6_MIN_MTU).
const MinMTU = 1280

// Shut is why IPv6 is off on a device; zero: it is not.
func (n *Space) Shut(link table.Link) (why Shut) {
	settings := link.Name
	if link.MTU < MinMTU {
		why, settings = ShutByMTU, "default"
	}
	if off, err := n.Sysctl("net/ipv6/conf/" + settings + "/disable_ipv6"); err == nil && off != "0" {
		why |= ShutBySetting
	}
	return why
}

// Said is the reason as the kernel's settings have it.
func (s Shut) Said() say.Text {
	if s&ShutByMTU != 0 {
		return say.T("its MTU is below %d", "MTU 小于 %d", MinMTU)
	}
	return say.Quote("disable_ipv6")
}
