package device

import (
	"net/netip"

	"nstutor/diag/explain/cause"
	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// Enslaved is a question of a device that is the port of a bridge: what comes in by it is the
// bridge's (br_handle_frame()), and so is the answer, which its own entry never gets.
type Enslaved struct {
	cause.Sure
	cause.NextHop
	Port, Bridge table.Link
	Own          []netip.Prefix // addresses of the port
	Routes       []table.Route  // by it, that go with those
}

// Code is NeighbourUnanswered.
func (Enslaved) Code() cause.Code { return cause.NeighbourUnanswered }

// Detail names both devices.
func (e Enslaved) Detail() say.Text {
	return say.T("%[1]s is a port of %[2]s and has an address: what comes in by it is handed to %[2]s, and so is the answer to who has %[3]s; the address belongs on %[2]s",
		"%[1]s 是网桥 %[2]s 的端口，自己却配着地址：从它进来的帧都交给 %[2]s，对 who-has %[3]s 的应答也一样；地址应当配在 %[2]s 上", e.Port.Name, e.Bridge.Name, e.Addr)
}

// Evidence are the entry and both devices.
func (e Enslaved) Evidence() []say.Text { return e.With(e.Port.Line(), e.Bridge.Line()) }

// Fix moves the addresses to the bridge, and the routes after them.
func (e Enslaved) Fix() (fix []change.Change) {
	if !e.Bridge.Up() {
		fix = append(fix, change.Up(e.Netns(), e.Bridge.Name))
	}
	for _, own := range e.Own {
		fix = append(fix, change.AddrDel{Netns: e.Netns(), Addr: own.String(), Dev: e.Port.Name}, change.AddrAdd{Netns: e.Netns(), Addr: own.String(), Dev: e.Bridge.Name})
	}
	for _, r := range e.Routes {
		r.Dev = e.Bridge.Name
		fix = append(fix, change.Route{Netns: e.Netns(), Verb: change.RouteReplace, Route: r})
	}
	return fix
}
