package cause

import (
	"net/netip"

	"nstutor/internal/change"
	"nstutor/internal/say"
)

// ForwardingOff: the packet is for somebody else, and is not passed on.
const ForwardingOff Code = "forwarding-off"

var _ = Register(Cause{
	Code:      ForwardingOff,
	Words:     say.T("the packet is for somebody else, and is not passed on", "包要转给别人，但这里没有开启转发"),
	Table:     []string{"sysctl", "-a", "-r", "forward"},
	Pointless: true,
})

// Unforwarded is a packet for somebody else that comes in by a device which does
// not forward.
type Unforwarded struct {
	At
	Dst    netip.Addr
	Dev    string
	Lookup []string // what the kernel has said
}

// Code is ForwardingOff.
func (Unforwarded) Code() Code { return ForwardingOff }

// Detail names the destination and the device.
func (u Unforwarded) Detail() say.Text {
	return say.T("%s is not an address of this namespace, and forwarding is off for %s", "%s 不是该命名空间的地址，而 %s 没有开转发", u.Dst, u.Dev)
}

// Evidence is what the kernel has said.
func (u Unforwarded) Evidence() []say.Text { return Lines(u.Lookup...) }

// Fix has the device forward.
func (u Unforwarded) Fix() []change.Change {
	if u.Dst.Is6() { // which has one switch for all
		return []change.Change{change.Sysctl{Netns: u.Netns(), Path: "net/ipv6/conf/all/forwarding", Value: "1"}}
	}
	return enable(u.Netns(), u.Dev, "forwarding")
}
