package lab

import (
	"context"
	"net"
	"time"

	"github.com/vishvananda/netlink"

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

var (
	nodeMAC   = net.HardwareAddr{0x02, 0, 0xc0, 0xa8, 0x06, 0xa0}
	routerMAC = net.HardwareAddr{0x02, 0, 0xc0, 0xa8, 0x06, 0x01}
)

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
	if err := l.wire(host, inet); err != nil {
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
func (l *Lab) wire(host, inet *nsenter.Namespace) error {
	h, err := host.Handle()
	if err != nil {
		return err
	}
	// The two ends must not have the same index: the kernel takes a device whose
	// index is its iflink for one that is not stacked, and tells its carrier up
	// to a second late (linkwatch_urgent_event).
	index, err := freeIndex(h, inet)
	if err != nil {
		return err
	}
	cable := &netlink.Veth{
		LinkAttrs:        netlink.LinkAttrs{Name: "eth0", Index: index, HardwareAddr: nodeMAC, MTU: 1500, TxQLen: 1000},
		PeerName:         "up0",
		PeerHardwareAddr: routerMAC,
		PeerNamespace:    netlink.NsFd(int(inet.FD())),
	}
	if err := h.LinkAdd(cable); err != nil {
		return say.Err("%s: add link eth0: %v", "%s：添加网卡 eth0：%v", Host, err)
	}
	devices := []struct {
		ns    *nsenter.Namespace
		name  string
		cidrs []string
	}{
		{inet, "lo", []string{WebAddr, DNSAddr}},
		{inet, "up0", []string{RouterAddr}},
		{host, "lo", nil},
		{host, "eth0", []string{NodeAddr}},
	}
	err = together(len(devices), func(i int) error {
		return l.raise(devices[i].ns, devices[i].name, devices[i].cidrs)
	})
	if err != nil {
		return err
	}
	if err := say.Join(awaitCarrier(inet, "up0"), awaitCarrier(host, "eth0")); err != nil {
		return err
	}
	gateway, _, err := net.ParseCIDR(RouterAddr)
	if err != nil {
		return err
	}
	if err := h.RouteAdd(&netlink.Route{Gw: gateway}); err != nil {
		return say.Err("%s: add default route: %v", "%s：添加默认路由：%v", Host, err)
	}
	return nil
}

// freeIndex is an index for the node's end that no device of the node has, and
// that the other end will not get: in a new namespace there may be devices
// already (tunl0, sit0), and the kernel counts on from them.
func freeIndex(h *netlink.Handle, far *nsenter.Namespace) (int, error) {
	other, err := far.Handle()
	if err != nil {
		return 0, err
	}
	highest := 0
	for netns, handle := range map[string]*netlink.Handle{Host: h, Inet: other} {
		links, err := handle.LinkList()
		if err != nil {
			return 0, say.Err("%s: list the devices: %v", "%s：列出设备：%v", netns, err)
		}
		for _, l := range links {
			highest = max(highest, l.Attrs().Index)
		}
	}
	return highest + 2, nil
}

// raise addresses a device and sets it up.
func (l *Lab) raise(ns *nsenter.Namespace, dev string, cidrs []string) error {
	h, err := ns.Handle()
	if err != nil {
		return err
	}
	link, err := h.LinkByName(dev)
	if err != nil {
		return say.Err("%s: %s: %v", "%s：%s：%v", ns.Name(), dev, err)
	}
	if err := l.PinDevice(ns, dev); err != nil {
		return err
	}
	for _, cidr := range cidrs {
		addr, err := netlink.ParseAddr(cidr)
		if err != nil {
			return err
		}
		if err := h.AddrAdd(link, addr); err != nil {
			return say.Err("%s: add address %s to %s: %v", "%s：给 %[3]s 添加地址 %[2]s：%[4]v", ns.Name(), cidr, dev, err)
		}
	}
	if err := h.LinkSetUp(link); err != nil {
		return say.Err("%s: set %s up: %v", "%s：启用 %s：%v", ns.Name(), dev, err)
	}
	return nil
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
