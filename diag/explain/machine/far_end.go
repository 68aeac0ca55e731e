package machine

import (
	"net/netip"

	"nstutor/diag/farend"
	"nstutor/diag/table"
)

// FarEnd is to whom a device of the namespace hands a packet.
func (n *Space) FarEnd(dev table.Link, dst netip.Addr) farend.End {
	return farend.Of(n.NS, dev, dst)
}
