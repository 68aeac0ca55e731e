package cause

import (
	"fmt"
	"net/netip"
	"strconv"

	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/table"
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
	Sure
	At
	Flow   flows.Flow
	Line   string             // the route that leads round
	Way    remedy.Turn        // the route that leads out; or
	Tunnel remedy.TunnelEntry // the right end of a tunnel
	Into   table.Link         // the tunnel whose packets are for its own namespace, and
	Own    netip.Addr         // the address that they go to
}

// Code is RouteLoop.
func (Circle) Code() Code { return RouteLoop }

// Detail names the packet.
func (c Circle) Detail() say.Text {
	if c.Own.IsValid() {
		return say.T("%s goes in circles until its TTL is spent: the packets of %s go to %s, which is an address of %s itself",
			"%s 陷入环路，直到 TTL 耗尽：%s 的外层包发往 %s，那是 %s 自己的地址", c.Flow, c.Into.Name, c.Own, machine.Called(c.Netns()))
	}
	return say.T("%s goes in circles until its TTL is spent", "%s 陷入路由环路，直到 TTL 耗尽", c.Flow)
}

// Evidence is the route, and the tunnel.
func (c Circle) Evidence() []say.Text {
	if c.Own.IsValid() {
		return Lines(c.Line, c.Into.Line(), c.Into.AddressLine())
	}
	return Lines(c.Line)
}

// Fix leads the packet out.
func (c Circle) Fix() []change.Change { return append(c.Way.Commands(), c.Tunnel.Commands()...) }

// SentBack is a request that its next hop has sent back to who sent it.
type SentBack struct{ Beyond }

// Code is RouteLoop.
func (SentBack) Code() Code { return RouteLoop }

// Detail names the next hop.
func (s SentBack) Detail() say.Text {
	return say.T("%[1]s sends what is for %[2]s back to %[3]s: its own route to it leads here, and nothing here leads on",
		"%[1]s 把发往 %[2]s 的包又送回了%[3]s：它到那里的路由指向本机，而本机没有别的路通向那里", s.NextHop, s.Flow.Dst, machine.Called(s.Netns()))
}

// TTLSpent is a packet that did not begin with enough hops to live.
type TTLSpent struct {
	Sure
	At
	Set   string // what the namespace's packets begin with
	By    string // by which setting: its file below /proc/sys
	Spent string // the namespace where it is
	// Beyond is set where that is who has said so out of sight, and Spent the address.
	Beyond bool
}

// Code is RouteLoop.
func (TTLSpent) Code() Code { return RouteLoop }

// Detail names the place.
func (s TTLSpent) Detail() say.Text {
	if s.Beyond {
		return say.T("the packet's TTL is spent at %s, beyond what can be seen: it began with %s, which is too small for a way of any length",
			"包的 TTL 在看不到的 %s 处耗尽：初始值只有 %s，路稍长就不够", s.Spent, s.Set)
	}
	return say.T("the packet's TTL is spent in %s, although it goes in no circle: it began with too small a one",
		"包的 TTL 在 %s 耗尽，但并无环路：初始 TTL 太小", machine.Called(s.Spent))
}

// Evidence is the setting.
func (s TTLSpent) Evidence() []say.Text {
	return Lines(table.SysctlPath(s.By) + " = " + s.Set)
}

// Fix sets what Linux begins with.
func (s TTLSpent) Fix() []change.Change {
	return []change.Change{change.Sysctl{Netns: s.Netns(), Path: s.By, Value: strconv.Itoa(usualTTL)}}
}

// TTLSet is a packet that a rule has given too few hops to live.
type TTLSet struct {
	Sure
	At
	TTL   int // that it has since
	By    eval.Place
	Spent string // the namespace where it is
}

// Code is RouteLoop.
func (TTLSet) Code() Code { return RouteLoop }

// Detail names the place.
func (s TTLSet) Detail() say.Text {
	return say.T("the packet's TTL is spent in %s, although it goes in no circle: a rule of %s set it to %d",
		"包的 TTL 在 %s 耗尽，但并无环路：%s 的一条规则把它设成了 %d", machine.Called(s.Spent), machine.Called(s.Netns()), s.TTL)
}

// Evidence is the rule.
func (s TTLSet) Evidence() []say.Text { return Lines(s.By.Line()) }

// Fix takes the rule away.
func (s TTLSet) Fix() []change.Change { return remedy.Without(s.Netns(), s.By) }

// TTLArrived is an answer that comes in with no hops left to live, where it is to be
// passed on.
type TTLArrived struct {
	Sure
	At
	Dev string
	Src netip.Addr
}

// Code is RouteLoop.
func (TTLArrived) Code() Code { return RouteLoop }

// Detail names the device, and what helps here.
func (t TTLArrived) Detail() say.Text {
	return say.T("answers of %[2]s come to %[1]s with a TTL of 1, so that %[3]s must not pass them on: somebody beyond wants nobody behind it to share the line; a rule of mangle PREROUTING for %[1]s can raise it (nft: ip ttl set 64, iptables: -j TTL --ttl-set 64)",
		"%[2]s 的应答到达 %[1]s 时 TTL 只剩 1，%[3]s 不能再转发：外面有人不想让它后面的主机跟着上网；可在 mangle PREROUTING 对 %[1]s 调高（nft：ip ttl set 64，iptables：-j TTL --ttl-set 64）",
		t.Dev, t.Src, machine.Called(t.Netns()))
}

// Evidence is what was seen.
func (t TTLArrived) Evidence() []say.Text {
	return Lines(fmt.Sprintf("%s into %s, ttl 1", t.Src, t.Dev))
}

// Fix is a rule that only its owner can want.
func (TTLArrived) Fix() []change.Change { return nil }

const usualTTL = 64 // IPDEFTTL
