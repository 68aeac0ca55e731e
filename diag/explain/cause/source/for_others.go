package source

import (
	"net/netip"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// ForOthers is a destination to which routes lead for sources alone of which the packet's
// is none (`ip -6 route add … from PREFIX`).
type ForOthers struct {
	cause.At
	Lookup cause.Lookup
	Src    netip.Addr // invalid where the kernel was to choose one
	Reply  bool
	Routes []table.Route
}

// Code says what the packet meets in their stead.
func (f ForOthers) Code() cause.Code {
	switch {
	case f.Reply:
		return cause.NoReturnRoute
	case f.Lookup.Answer.Kind == machine.KindUnreachable:
		return cause.RouteUnreachable
	}
	return cause.NoRoute
}

// Detail names the sources.
func (f ForOthers) Detail() say.Text {
	from := say.Quote(f.Routes[0].From.String())
	if len(f.Routes) > 1 {
		from = say.T("%s and %s", "%s 和 %s", from, f.Routes[1].From)
	}
	if !f.Src.IsValid() {
		return say.T("%[1]s has a route to %[2]s for sources of %[3]s alone (from), and no address of its own to be one",
			"%[1]s 到 %[2]s 的路由只给源地址属于 %[3]s 的包用（from），而它自己没有这样的地址", machine.Called(f.Netns()), f.Lookup.Dst, from)
	}
	return say.T("%[1]s has a route to %[2]s for sources of %[3]s alone (from), and %[4]s is none of them: send from an address of that, or give its network a route of its own",
		"%[1]s 到 %[2]s 的路由只给源地址属于 %[3]s 的包用（from），%[4]s 不在其中：换用其中的地址，或给它的网段另加一条路由", machine.Called(f.Netns()), f.Lookup.Dst, from, f.Src)
}

// Evidence are the routes, and what the kernel answers.
func (f ForOthers) Evidence() []say.Text {
	var lines []string
	for _, r := range f.Routes {
		lines = append(lines, r.Line())
	}
	return append(cause.Lines(lines...), f.Lookup.Lines()...)
}

// Fix is none: whether whoever is beyond routes the network back cannot be told.
func (ForOthers) Fix() []change.Change { return nil }
