package machine

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"nstutor/diag/netfilter"
	"nstutor/diag/obstacle"
	"nstutor/diag/table"
	"nstutor/internal/nsenter"
	"nstutor/internal/say"
)

// Space is one open namespace. Everything is asked of its kernel when it is
// wanted, one object at a time, but for the packet filter's rules, which are
// read once, and whole tables and settings, which are until Machine.Forget.
// Not for concurrent use.
type Space struct {
	// Name is what a command must call the namespace: a name of `ip netns`,
	// nothing for the current one, else "pid:4711" or a path.
	Name string
	NS   *nsenter.Namespace
	// Process is a process in it, if it was opened as that of one; else 0.
	Process int

	called func() string // the name of the container that is in it
	one    *table.One
	still  bool // what it was asked is kept, until Machine.Forget
	rules  *netfilter.RuleSet
	xfrm   *xfrm // as it was when it was first asked for

	obstacles map[side][]obstacle.Obstacle // on its devices
	memory    memory
}

// Ask returns the open socket to the namespace's kernel.
func (n *Space) Ask() (*table.One, error) {
	if n.one == nil {
		one, err := table.OpenOne(n.NS)
		if err != nil {
			return nil, err
		}
		if n.one = one; n.still {
			one.Keep()
		}
	}
	return n.one, nil
}

func (n *Space) close() {
	n.memory.close()
	if n.one != nil {
		n.one.Close()
		n.one = nil
	}
	if n.rules != nil {
		n.rules.Close()
		n.rules = nil
	}
	n.NS.Close()
}

// Calls is what an error calls the namespace.
func (n *Space) Calls() string { return Called(n.Title()).String() }

// Called is what a sentence calls the namespace with that Name.
func Called(netns string) say.Text {
	if netns == "" {
		return say.T("this namespace", "本命名空间")
	}
	return say.Quote(netns)
}

// Title is what a person calls the namespace, with the name that a command needs
// behind it: "web (pid 378)". It is Name where no container is in it, and nothing
// for the current one.
func (n *Space) Title() string {
	if n.Name == "" {
		return ""
	}
	called := n.called()
	if called == "" || called == n.Name {
		return n.Name
	}
	if pid, ok := strings.CutPrefix(n.Name, "pid:"); ok {
		return fmt.Sprintf("%s (pid %s)", called, pid)
	}
	return fmt.Sprintf("%s (%s)", called, n.Name)
}

// Link returns the device called name. The error wraps ENODEV when there is
// none. The name of its peer's namespace is not filled in: see Machine.Peer.
func (n *Space) Link(name string) (table.Link, error) {
	one, err := n.Ask()
	if err != nil {
		return table.Link{}, err
	}
	return one.Link(name)
}

// LinkByIndex returns the device with an interface index. The error wraps
// ENODEV when there is none.
func (n *Space) LinkByIndex(index int) (table.Link, error) {
	one, err := n.Ask()
	if err != nil {
		return table.Link{}, err
	}
	return one.LinkByIndex(index)
}

// Addrs returns the addresses of one device, IPv4 before IPv6. The error wraps
// ENODEV when there is no such device.
func (n *Space) Addrs(ifindex int) ([]table.Addr, error) {
	one, err := n.Ask()
	if err != nil {
		return nil, err
	}
	return one.Addrs(ifindex)
}

// NextHopNeighbour returns the neighbour entry for dst on a device, and whether
// there is one. An entry of `ip neigh show proxy` is none.
func (n *Space) NextHopNeighbour(ifindex int, dst netip.Addr) (table.Neighbour, bool, error) {
	one, err := n.Ask()
	if err != nil {
		return table.Neighbour{}, false, err
	}
	return one.Neighbour(ifindex, dst)
}

// Conf is confs for one device.
func (n *Space) Conf(dev, key string) int { return n.confs(key, dev)[0] }

// confMax is the greater of net.ipv4.conf.all.KEY and that of the device, which
// is what the kernel goes by for rp_filter, arp_ignore and arp_announce
// (IN_DEV_MAXCONF). It is -1 when the device's cannot be read.
func (n *Space) confMax(dev, key string) int {
	values := n.confs(key, dev, "all")
	if values[0] < 0 {
		return -1
	}
	return max(values[0], values[1])
}

// ConfOr reports whether net.ipv4.conf.all.KEY or that of the device is on: for
// proxy_arp, accept_local, route_localnet and others (IN_DEV_ORCONF).
// Forwarding is not one of them: only the device's own counts.
func (n *Space) ConfOr(dev, key string) bool {
	values := n.confs(key, dev, "all")
	return values[0] > 0 || values[1] > 0
}

// confLines are settings as `sysctl KEY` prints them.
func (n *Space) confLines(key string, devs ...string) []string {
	lines := make([]string, len(devs))
	for i, value := range n.confs(key, devs...) {
		read := strconv.Itoa(value)
		if value < 0 && key != "medium_id" {
			read = "?"
		}
		// A dot in the name of a device is a slash in a key, as for sysctl(8).
		lines[i] = fmt.Sprintf("net.ipv4.conf.%s.%s = %s", strings.ReplaceAll(devs[i], ".", "/"), key, read)
	}
	return lines
}

// Reroutes reports whether what the namespace sends is routed again where a rule has
// given it another mark (nf_route_table_hook4(), iptable_mangle_hook()).
func (n *Space) Reroutes() bool {
	rules, err := n.Rules()
	return err == nil && slices.ContainsFunc(rules.Tables, func(t netfilter.Table) bool {
		return slices.ContainsFunc(t.Chains, func(c netfilter.Chain) bool { return c.Hook == "output" && c.Type == "route" })
	})
}

// Rules returns the packet filter, as it was when it was first asked for.
func (n *Space) Rules() (*netfilter.RuleSet, error) {
	if n.rules == nil {
		rules, err := netfilter.Open(n.NS)
		if err != nil {
			return nil, err
		}
		n.rules = rules
	}
	return n.rules, nil
}
