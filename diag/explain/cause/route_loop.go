package cause

import (
	"fmt"
	"strconv"

	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/machine"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// RouteLoop: routers hand the packet to each other until its TTL is used up.
const RouteLoop Code = "route-loop"

var _ = Register(Cause{
	Code:      RouteLoop,
	Words:     say.T("routers hand the packet to each other until its TTL is used up", "路由器之间互相转交，直到 TTL 耗尽"),
	Table:     []string{"ip", "route"},
	Pointless: true,
})

// Circle is a packet that comes to a namespace a second time as it came there the
// first. It is mended where the way to the destination would leave the circle.
type Circle struct {
	certain
	At
	Flow   flows.Flow
	Line   string      // the route that leads round
	Way    Turn        // the route that leads out; or
	Tunnel TunnelEntry // the right end of a tunnel
}

// Code is RouteLoop.
func (Circle) Code() Code { return RouteLoop }

// Detail names the packet.
func (c Circle) Detail() say.Text {
	return say.T("%s goes in circles until its TTL is spent", "%s 陷入路由环路，直到 TTL 耗尽", c.Flow)
}

// Evidence is the route.
func (c Circle) Evidence() []say.Text { return Lines(c.Line) }

// Fix leads the packet out.
func (c Circle) Fix() []change.Change { return append(c.Way.commands(), c.Tunnel.commands()...) }

// TTLSpent is a packet that did not begin with enough hops to live.
type TTLSpent struct {
	certain
	At
	TTL   int    // that the namespace's packets begin with
	Spent string // the namespace where it is
}

// Code is RouteLoop.
func (TTLSpent) Code() Code { return RouteLoop }

// Detail names the place.
func (s TTLSpent) Detail() say.Text {
	return say.T("the packet's TTL is spent in %s, although it goes in no circle: it began with too small a one",
		"包的 TTL 在 %s 耗尽，但并无环路：初始 TTL 太小", machine.Called(s.Spent))
}

// Evidence is the setting.
func (s TTLSpent) Evidence() []say.Text {
	return Lines(fmt.Sprintf("net.ipv4.ip_default_ttl = %d", s.TTL))
}

// Fix sets what Linux begins with.
func (s TTLSpent) Fix() []change.Change {
	return []change.Change{change.Sysctl{Netns: s.Netns(), Path: "net/ipv4/ip_default_ttl", Value: strconv.Itoa(usualTTL)}}
}

const usualTTL = 64 // IPDEFTTL
