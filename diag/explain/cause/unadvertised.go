package cause

import (
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// Unadvertised is a destination of IPv6 that there is no route to, where no router is
// known on the wire: one tells of itself, where it is listened to.
type Unadvertised struct {
	At
	Lookup   Lookup
	Dev      string // on whose wire it would be
	Settings []string
	// Deaf: the device listened to routers, were it not a router itself (accept_ra is 1).
	Deaf bool
	Off  bool // it is told to listen to none (accept_ra is 0)
}

// Code is NoRoute.
func (Unadvertised) Code() Code { return NoRoute }

// Detail says why no router is listened to.
func (u Unadvertised) Detail() say.Text {
	dst := u.Lookup.Dst
	switch {
	case u.Deaf:
		return say.T("no route to %[1]s: %[2]s heeds no router's advertisement, for forwarding is on and accept_ra is 1; with 2 the next advertisement brings the default route",
			"没有到 %[1]s 的路由：%[2]s 不理会路由器通告，因为 forwarding 已打开而 accept_ra 是 1；设为 2 后，下一个通告会带来默认路由", dst, u.Dev)
	case u.Off:
		return say.T("no route to %[1]s: %[2]s is told to heed no router's advertisement (accept_ra is 0), and no router is known on its wire",
			"没有到 %[1]s 的路由：%[2]s 被设为不理会路由器通告（accept_ra 是 0），也不知道它的链路上有哪个路由器", dst, u.Dev)
	}
	return say.T("no route to %[1]s: no router has advertised itself on the wire of %[2]s", "没有到 %[1]s 的路由：%[2]s 的链路上没有路由器通告过自己", dst, u.Dev)
}

// Evidence is that there is no route, and the settings.
func (u Unadvertised) Evidence() []say.Text { return append(u.Lookup.Lines(), Lines(u.Settings...)...) }

// Fix has a router listen to others.
func (u Unadvertised) Fix() []change.Change {
	if !u.Deaf {
		return nil
	}
	return []change.Change{change.Sysctl{Netns: u.Netns(), Path: "net/ipv6/conf/" + u.Dev + "/accept_ra", Value: "2"}}
}
