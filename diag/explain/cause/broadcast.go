package cause

import (
	"net/netip"

	"nstutor/internal/change"
	"nstutor/internal/say"
)

// Broadcast is a destination that is the broadcast address of a network where it
// arrives: what is sent there is for everybody, and for nobody to answer.
type Broadcast struct {
	Sure
	At
	Dst    netip.Addr
	Lookup []string
}

// Code is NotKnown: no cause of the set is this one.
func (Broadcast) Code() Code { return NotKnown }

// Detail says what the address is.
func (b Broadcast) Detail() say.Text {
	return say.T("%s is the broadcast address of a network here, and no host's: whoever was given it needs another one", "%s 在这里是一个网络的广播地址，不属于任何主机：拿到它的那一方要换一个地址", b.Dst)
}

// Evidence is the kernel's answer.
func (b Broadcast) Evidence() []say.Text { return Lines(b.Lookup...) }

// Fix is another address, which its owner has to choose.
func (Broadcast) Fix() []change.Change { return nil }
