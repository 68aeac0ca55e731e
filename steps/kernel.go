package steps

import (
	"net"

	"github.com/vishvananda/netlink"

	"nstutor/internal/change"
	"nstutor/internal/lab"
)

// Dev names a device of a namespace.
type Dev = change.Dev

// macOf is the device's address, or nil when it cannot be had.
func macOf(l *lab.Lab, d Dev) net.HardwareAddr {
	if l == nil {
		return nil
	}
	_, link, err := d.Find(l)
	if err != nil {
		return nil
	}
	return link.Attrs().HardwareAddr
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
