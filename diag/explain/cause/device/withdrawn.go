package device

import (
	"net/netip"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// Withdrawn is a link that is down far from where that is noticed: the route to its
// network is gone there.
type Withdrawn struct {
	cause.At
	Link      table.Link
	Asker     string // who has no route
	Lookup    cause.Lookup
	Net       netip.Prefix // of the device
	Announced bool         // the routes there are a routing daemon's, which will bring it back
}

// Code is LinkDown, or NoCarrier of a device that is on.
func (w Withdrawn) Code() cause.Code {
	if w.Link.Up() {
		return cause.NoCarrier
	}
	return cause.LinkDown
}

// Detail names the device, and who has no route for that.
func (w Withdrawn) Detail() say.Text {
	state := say.T("is down", "处于 down 状态")
	if w.Link.Up() {
		state = say.T("has no carrier", "没有载波")
	}
	text := say.T("%s, behind which %s is, %s, and %s has no route there any more", "%[2]s 在 %[1]s 后面，它%[3]s，%[4]s 也就没有了去那里的路由",
		w.Link.Name, w.Lookup.Dst, state, machine.Called(w.Asker))
	if w.Announced {
		return text
	}
	return say.T("%s (unless a routing daemon brings it back, that is to be added after it)", "%s（若没有路由守护进程把它加回来，之后还要手工添加）", text)
}

// Evidence is that there is no route, and the device.
func (w Withdrawn) Evidence() []say.Text {
	return append(w.Lookup.Lines(), say.T("%s %s: %s", "%s %s：%s", machine.Called(w.Netns()), w.Link.Name, w.Net), say.Quote(w.Link.Line()))
}

// Fix switches the device on. A wire that is on is plugged in by hand.
func (w Withdrawn) Fix() []change.Change {
	if w.Link.Up() {
		return nil
	}
	return remedy.Raise(w.Netns(), w.Link.Name)
}
