package lab

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"github.com/vishvananda/netlink"

	"nstutor/internal/change"
	"nstutor/internal/nsenter"
	"nstutor/internal/say"
)

// The two namespaces that every lab begins with.
const (
	Host = "host" // the node: eth0, later the pods' other ends
	Inet = "inet" // everything outside: the node's router, a web server, a name server
)

// The addresses of the starting topology. The outside ones are documentation
// addresses (RFC 5737): they exist nowhere else.
const (
	NodeAddr   = "192.168.6.160/24"
	RouterAddr = "192.168.6.1/24"
	WebAddr    = "203.0.113.10/32"
	DNSAddr    = "203.0.113.53/32"
	WebName    = "www.example.com"
)

// cable is the wire between the node and its router; index is that of the
// node's end.
func cable(index int) change.Change {
	return change.LinkAdd{
		Netns: Host, Name: "eth0", Kind: "veth", Index: index, MAC: "02:00:c0:a8:06:a0", MTU: 1500, QLen: 1000,
		Peer: "up0", PeerMAC: "02:00:c0:a8:06:01", PeerNetns: Inet,
	}
}

// ends are what each device is given, which can be done side by side.
var ends = [][]change.Change{
	{
		change.AddrAdd{Netns: Inet, Addr: WebAddr, Dev: "lo"},
		change.AddrAdd{Netns: Inet, Addr: DNSAddr, Dev: "lo"},
		change.Up(Inet, "lo"),
	},
	{change.AddrAdd{Netns: Inet, Addr: RouterAddr, Dev: "up0"}, change.Up(Inet, "up0")},
	{change.Up(Host, "lo")},
	{change.AddrAdd{Netns: Host, Addr: NodeAddr, Dev: "eth0"}, change.Up(Host, "eth0")},
}

// wayOut is the node's default route.
func wayOut() change.Change {
	router := netip.MustParsePrefix(RouterAddr).Addr()
	return change.Route{Netns: Host, Verb: "add", Route: change.To(change.Single(netip.Addr{}), router, "eth0", false)}
}

// Reset throws the lab's network away and builds the starting topology anew:
//
//	host [eth0 192.168.6.160/24] ——— [up0 192.168.6.1/24] inet [lo 203.0.113.10, 203.0.113.53]
//
// inet has no route back to any pod network.
func (l *Lab) Reset(ctx context.Context) error {
	defer l.notify()
	l.mu.Lock()
	l.empty()
	err := l.add(Host, Inet)
	l.mu.Unlock()
	if err != nil {
		return err
	}
	host, err := l.NS(Host)
	if err != nil {
		return err
	}
	inet, err := l.NS(Inet)
	if err != nil {
		return err
	}
	if err := l.wire(ctx, host, inet); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	server, err := serveNames(inet)
	if err != nil {
		return err
	}
	l.mu.Lock()
	l.dns = server
	l.mu.Unlock()
	return nil
}

// wire lays the cable between the node and its router and addresses both ends.
func (l *Lab) wire(ctx context.Context, host, inet *nsenter.Namespace) error {
	// The two ends must not have the same index: the kernel takes a device whose
	// index is its iflink for one that is not stacked, and tells its carrier up
	// to a second late (linkwatch_urgent_event).
	index, err := freeIndex(host, inet)
	if err != nil {
		return err
	}
	if err := cable(index).Apply(ctx, l); err != nil {
		return err
	}
	err = together(len(ends), func(i int) error {
		for _, c := range ends[i] {
			if err := c.Apply(ctx, l); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := say.Join(awaitCarrier(inet, "up0"), awaitCarrier(host, "eth0")); err != nil {
		return err
	}
	return wayOut().Apply(ctx, l)
}

// freeIndex is an index for one end of a cable that no device of the two namespaces has, and
// that the other end will not get: in a new namespace there may be devices
// already (tunl0, sit0), and the kernel counts on from them.
func freeIndex(spaces ...*nsenter.Namespace) (int, error) {
	highest := make([]int, len(spaces))
	err := together(len(spaces), func(i int) error {
		h, err := spaces[i].Handle()
		if err != nil {
			return err
		}
		links, err := h.LinkList()
		if err != nil {
			return say.Err("%s: list the devices: %v", "%s：列出设备：%v", spaces[i].Name(), err)
		}
		for _, l := range links {
			highest[i] = max(highest[i], l.Attrs().Index)
		}
		return nil
	})
	return slices.Max(highest) + 2, err
}

// awaitCarrier waits until the kernel has dealt with a device's new carrier
// (linkwatch), at most a second: until then the device drops what it is to send.
func awaitCarrier(ns *nsenter.Namespace, dev string) error {
	h, err := ns.Handle()
	if err != nil {
		return err
	}
	for deadline := time.Now().Add(time.Second); ; time.Sleep(100 * time.Microsecond) {
		link, err := h.LinkByName(dev)
		if err != nil {
			return say.Err("%s: %s: %v", "%s：%s：%v", ns.Name(), dev, err)
		}
		if link.Attrs().OperState == netlink.OperUp || time.Now().After(deadline) {
			return nil
		}
	}
}
