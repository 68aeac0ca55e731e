package cause

import (
	"net/netip"

	"nstutor/internal/change"
	"nstutor/internal/say"
)

// Redirected is a next hop that nobody has, which a router once named in its own place for one
// destination (ICMP redirect): the kernel remembers that until it is told to forget it, or for a
// while after it was last used.
type Redirected struct {
	NextHop
	Dst   netip.Addr
	Route string // which says otherwise
}

// Code is NeighbourUnanswered.
func (Redirected) Code() Code { return NeighbourUnanswered }

// Detail says who led there.
func (r Redirected) Detail() say.Text {
	return say.T("%[1]s asks who has %[2]s, and nobody answers: an ICMP redirect of a router led what goes to %[3]s there once, and is remembered still; the route says otherwise",
		"%[1]s 询问谁有 %[2]s，无人应答：路由器曾用 ICMP 重定向让去往 %[3]s 的包改走那里，内核至今记着；路由表里写的并不是它", r.Dev, r.Addr, r.Dst)
}

// Evidence are the entry, and the route.
func (r Redirected) Evidence() []say.Text { return r.With(r.Route) }

// Fix has the kernel forget it.
func (r Redirected) Fix() []change.Change {
	return []change.Change{change.FlushCache{Netns: r.Netns(), V6: r.Dst.Is6()}}
}
