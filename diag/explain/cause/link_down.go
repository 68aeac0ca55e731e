package cause

import (
	"slices"

	"nstutor/diag/explain/remedy"
	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// LinkDown: a device is switched off, here or at the other end of its wire.
const LinkDown Code = "link-down"

var _ = Register(Cause{
	Code:  LinkDown,
	Words: say.T("a device is switched off, here or at the other end of its wire", "网卡被停用：本端，或对端"),
	Table: []string{"ip", "link"},
})

// DeviceDown is a device whose own switch is off.
type DeviceDown struct {
	At
	Link table.Link
}

// Code is LinkDown.
func (DeviceDown) Code() Code { return LinkDown }

// Detail names the device.
func (d DeviceDown) Detail() say.Text {
	return say.T("%s is down", "%s 处于 down 状态", d.Link.Name)
}

// Evidence is the device.
func (d DeviceDown) Evidence() []say.Text { return Lines(d.Link.Line()) }

// Fix switches the device on.
func (d DeviceDown) Fix() []change.Change { return remedy.Raise(d.Netns(), d.Link.Name) }

// PeerDown is a cable whose other end is switched off.
type PeerDown struct {
	At
	Near, Far table.Link // Far is the one that is down
}

// Code is LinkDown.
func (PeerDown) Code() Code { return LinkDown }

// Detail names both ends.
func (d PeerDown) Detail() say.Text {
	return say.T("%s has no carrier: the other end, %s, is down", "%s 没有载波（NO-CARRIER）：对端 %s 处于 down 状态", d.Near.Name, d.Far.Name)
}

// Evidence are both ends.
func (d PeerDown) Evidence() []say.Text { return Lines(d.Near.Line(), d.Far.Line()) }

// Fix switches the other end on.
func (d PeerDown) Fix() []change.Change { return remedy.Raise(d.Netns(), d.Far.Name) }

// RoutesDown is a device that is down, and with it the routes of a sender who has
// no other device.
type RoutesDown struct {
	At
	Link    table.Link
	Lookup  Lookup
	Default remedy.Way     // the default route that is missing as well, if it is
	Lost    remedy.Address // that went with them, as those of IPv6 do (addrconf_ifdown()), if one did
}

// Code is LinkDown.
func (RoutesDown) Code() Code { return LinkDown }

// Detail names the device.
func (d RoutesDown) Detail() say.Text {
	if d.Lost.Prefix.IsValid() {
		return say.T("%s is down, and its address %s and its routes with it", "%s 处于 down 状态，它的地址 %s 和路由也随之失效", d.Link.Name, d.Lost.Prefix.Addr())
	}
	return say.T("%s is down, and its routes with it", "%s 处于 down 状态，它的路由也随之失效", d.Link.Name)
}

// Evidence is that there is no route, and the device.
func (d RoutesDown) Evidence() []say.Text { return append(d.Lookup.Lines(), Lines(d.Link.Line())...) }

// Fix switches the device on, and adds what does not come with that.
func (d RoutesDown) Fix() []change.Change {
	return slices.Concat(remedy.Raise(d.Netns(), d.Link.Name), d.Lost.Add(), d.Default.Commands())
}

// RouteDown is a device that is down, behind which the destination is, while a
// route that leads elsewhere takes the packet.
type RouteDown struct {
	Sure
	At
	Link  table.Link
	Way   remedy.Turn    // that goes out of it
	Lost  remedy.Address // that went with it, as those of IPv6 do; then the route is of it
	Filed []string       // what names it
}

// Code is LinkDown.
func (RouteDown) Code() Code { return LinkDown }

// Detail names the device and the destination.
func (d RouteDown) Detail() say.Text {
	return say.T("%s is down, and the route to %s with it", "%s 处于 down 状态，到 %s 的路由也随之失效", d.Link.Name, d.Way.Way.Dst)
}

// Evidence is the device, and the line of a file.
func (d RouteDown) Evidence() []say.Text {
	return Lines(append([]string{d.Link.Line()}, d.Filed...)...)
}

// Fix switches the device on, and adds the route, or the address that it comes with.
func (d RouteDown) Fix() []change.Change {
	if d.Lost.Prefix.IsValid() {
		return append(remedy.Raise(d.Netns(), d.Link.Name), d.Lost.Add()...)
	}
	return slices.Concat(remedy.Raise(d.Netns(), d.Link.Name), d.Way.Commands())
}

// DownDevice is the device that a finding says is down, or empty.
func DownDevice(f Finding) string {
	switch f := f.(type) {
	case DeviceDown:
		return f.Link.Name
	case PeerDown:
		return f.Far.Name
	case RoutesDown:
		return f.Link.Name
	case RouteDown:
		return f.Link.Name
	}
	return ""
}

// OnlyDown reports whether all that is wrong is that a device is down, and its routes with it.
func OnlyDown(f Finding) bool {
	switch f := f.(type) {
	case DeviceDown, PeerDown:
		return true
	case RoutesDown:
		return !f.Lost.Prefix.IsValid()
	}
	return false
}
