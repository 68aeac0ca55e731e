package check

import (
	"context"
	"net"
	"time"

	"nstutor/internal/lab"
)

// carrierTime is how late the kernel tells of a carrier at most, and a little
// more: linkwatch waits up to a second for a device whose other end has the same
// index. Until it is told the device drops what it is to send.
const carrierTime = 1500 * time.Millisecond

// awaitCarriers waits until all carriers of the lab are told, which they nearly
// always are already.
func AwaitCarriers(ctx context.Context, l *lab.Lab) {
	for deadline := time.Now().Add(carrierTime); !carriersTold(l) && ctx.Err() == nil && time.Now().Before(deadline); {
		time.Sleep(2 * time.Millisecond)
	}
}

func carriersTold(l *lab.Lab) bool {
	const lowerUp = 1 << 16 // IFF_LOWER_UP
	for _, netns := range l.Names() {
		ns, err := l.NS(netns)
		if err != nil {
			continue // it is just being made, or taken away
		}
		h, err := ns.Handle()
		if err != nil {
			continue
		}
		links, err := h.LinkList()
		if err != nil {
			return false // something was changed meanwhile
		}
		for _, link := range links {
			a := link.Attrs()
			if a.Flags&net.FlagUp != 0 && a.RawFlags&lowerUp != 0 != (a.Flags&net.FlagRunning != 0) {
				return false
			}
		}
	}
	return true
}
