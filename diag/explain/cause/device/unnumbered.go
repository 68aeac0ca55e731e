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
