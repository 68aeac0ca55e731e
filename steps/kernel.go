package steps

import (
	"net"

	"nstutor/internal/change"
	"nstutor/internal/lab"
)

// Dev names a device of a namespace.
type Dev = change.Dev

// MACOf is the device's address, or nil when it cannot be had.
func MACOf(l *lab.Lab, d Dev) net.HardwareAddr {
	if l == nil {
		return nil
	}
	_, link, err := d.Find(l)
	if err != nil {
		return nil
	}
	return link.Attrs().HardwareAddr
}
