package device

import (
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// Unnumbered is a device of somebody who passes packets on, by which the way is: it has
// lost its address, and the routes by it with that.
type Unnumbered struct {
	cause.At
	Link    table.Link
	Lookup  cause.Lookup
	Address remedy.Address // that is missing
	Way     remedy.Way     // the route that is missing as well, if one is
}

// Code is NoAddress.
func (Unnumbered) Code() cause.Code { return cause.NoAddress }

// Detail names the device, and who has no route for that.
func (u Unnumbered) Detail() say.Text {
	return say.T("%[1]s is behind %[2]s, which has no address: %[3]s has no route by it", "%[1]s 在 %[2]s 那一侧，而 %[2]s 没有地址：%[3]s 没有经它出去的路由",
		u.Lookup.Dst, u.Link.Name, machine.Called(u.Netns()))
}

// Evidence is that there is no route, and the device.
func (u Unnumbered) Evidence() []say.Text {
	return append(u.Lookup.Lines(), say.Quote(u.Link.AddressLine()))
}

// Fix gives the device the address, and then the route.
func (u Unnumbered) Fix() []change.Change { return append(u.Address.Add(), u.Address.Then(u.Way)...) }

// Unleased are the devices by which alone a namespace gets out, where none of them has an address:
// nobody can tell from here which one it should be.
type Unleased struct {
	cause.At
	Links  []table.Link
	Lookup cause.Lookup
	Awaits cause.Awaited // of IPv6
}

// Code is NoAddress.
func (Unleased) Code() cause.Code { return cause.NoAddress }

// Detail names the devices.
func (u Unleased) Detail() say.Text {
	var names []string
	for _, link := range u.Links {
		names = append(names, link.Name)
	}
	why := say.T("no lease has come by DHCP, or nobody has given it one", "没有拿到 DHCP 租约，或者没有人给它配过地址")
	if u.Awaits.Dev != "" {
		why = u.Awaits.Said()
	}
	return say.T("no route to %[1]s: %[2]s leads out of here and has no address of its own, nor a route: %[3]s", "没有到 %[1]s 的路由：通往外面的 %[2]s 没有地址，也没有路由：%[3]s",
		u.Lookup.Dst, say.List(names...), why)
}

// Evidence is that there is no route, and the devices.
func (u Unleased) Evidence() []say.Text {
	lines := u.Lookup.Lines()
	for _, link := range u.Links {
		lines = append(lines, say.Quote(link.AddressLine()))
	}
	return append(lines, cause.Lines(u.Awaits.Settings...)...)
}

// Fix is to be asked for on the wire.
func (Unleased) Fix() []change.Change { return nil }
