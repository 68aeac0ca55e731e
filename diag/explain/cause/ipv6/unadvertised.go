package ipv6

import (
	"net/netip"

	"nstutor/diag/explain/cause"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// Unadvertised is a destination of IPv6 that there is no route to, where no router is
// known on the wire: one tells of itself, where it is listened to.
type Unadvertised struct {
	cause.At
	Lookup   cause.Lookup
	Dev      string // on whose wire it would be
	Settings []string
	// Deaf: the device listened to routers, were it not a router itself (accept_ra is 1).
	Deaf bool
	Off  bool // it is told to listen to none (accept_ra is 0)
	// Net is a network of the device that a router has told of, without itself for a way out.
	Net netip.Prefix
}

// Code is NoRoute.
func (Unadvertised) Code() cause.Code { return cause.NoRoute }

// Detail says why no router is listened to.
func (u Unadvertised) Detail() say.Text {
	dst := u.Lookup.Dst
	switch {
	case u.Net.IsValid():
		return say.T("no route to %[1]s: a router has told %[2]s of the network %[3]s, and is no way out by what it says (its advertisements have a router lifetime of 0, as those of a router that has no way out itself), or the default route was taken away since",
			"没有到 %[1]s 的路由：有路由器向 %[2]s 通告了网段 %[3]s，却没有把自己通告为出口（通告里的 router lifetime 是 0，自己没有出口的路由器就这样通告），或者默认路由后来被删掉了", dst, u.Dev, u.Net)
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
func (u Unadvertised) Evidence() []say.Text {
	return append(u.Lookup.Lines(), cause.Lines(u.Settings...)...)
}

// Fix has a router listen to others.
func (u Unadvertised) Fix() []change.Change {
	if !u.Deaf {
		return nil
	}
	return []change.Change{change.Sysctl{Netns: u.Netns(), Path: "net/ipv6/conf/" + u.Dev + "/accept_ra", Value: "2"}}
}
