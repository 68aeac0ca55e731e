package cause

import (
	"net/netip"

	"nstutor/internal/change"
	"nstutor/internal/say"
)

// Unproxied is an address behind a namespace that somebody beyond takes for a neighbour: a
// request for it was seen to come in, and is answered by nobody.
type Unproxied struct {
	At
	Dev    string // that the request came in by
	Addr   netip.Addr
	Sender netip.Addr // of the request
	Proof  []string   // that the kernel would not answer
}

// Code is NeighbourUnanswered.
func (Unproxied) Code() Code { return NeighbourUnanswered }

// Detail names who asks.
func (u Unproxied) Detail() say.Text {
	return say.T("%[1]s takes %[2]s for a neighbour and asks for it on the wire of %[3]s, where nobody answers: proxy %[4]s here would do, or a route by this host there",
		"%[1]s 把 %[2]s 当成直连邻居，在 %[3]s 的链路上查询它，却无人应答：在这里开代理 %[4]s，或在对方加一条经本机的路由都行", u.Sender, u.Addr, u.Dev, resolution(u.Addr))
}

// resolution is the protocol that resolves an address.
func resolution(addr netip.Addr) string {
	if addr.Is6() {
		return "NDP"
	}
	return "ARP"
}

// Evidence is why there is no answer.
func (u Unproxied) Evidence() []say.Text { return Lines(u.Proof...) }

// Fix has the namespace answer.
func (u Unproxied) Fix() []change.Change { return proxy(u.Netns(), u.Dev, u.Addr) }
