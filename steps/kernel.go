package steps

import (
	"fmt"
	"net"

	"github.com/vishvananda/netlink"

	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/nsenter"
)

// Dev names a device of a namespace.
type Dev struct{ Netns, Name string }

func (d Dev) String() string { return change.Dev(d).String() }

// find returns the device as the kernel has it.
func (d Dev) find(l *lab.Lab) (*nsenter.Namespace, *netlink.Handle, netlink.Link, error) {
	ns, h, err := handle(l, d.Netns)
	if err != nil {
		return nil, nil, nil, err
	}
	link, err := h.LinkByName(d.Name)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("%s: %s: %w", d.Netns, d.Name, err)
	}
	return ns, h, link, nil
}

// mac is the device's address, or nil when it cannot be had.
func (d Dev) mac(l *lab.Lab) net.HardwareAddr {
	if l == nil {
		return nil
	}
	_, _, link, err := d.find(l)
	if err != nil {
		return nil
	}
	return link.Attrs().HardwareAddr
}

// handle opens the rtnetlink handle of a namespace.
func handle(l *lab.Lab, netns string) (*nsenter.Namespace, *netlink.Handle, error) {
	ns, err := l.NS(netns)
	if err != nil {
		return nil, nil, err
	}
	h, err := ns.Handle()
	return ns, h, err
}

// prefix reads "default", an address or a prefix as ip(8) does; nil is default.
func prefix(s string) (*net.IPNet, error) {
	if s == "default" {
		return nil, nil
	}
	if ip := net.ParseIP(s); ip != nil {
		return netlink.NewIPNet(ip), nil
	}
	_, n, err := net.ParseCIDR(s)
	return n, err
}

// prefixText is a destination as ip(8) has it; nil and 0.0.0.0/0 are both default.
func prefixText(n *net.IPNet) string {
	if n == nil {
		return "default"
	}
	if ones, _ := n.Mask.Size(); ones == 0 {
		return "default"
	}
	return n.String()
}
