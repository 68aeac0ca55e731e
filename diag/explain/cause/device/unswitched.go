package device

import (
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/internal/change"
	"nstutor/internal/say"
	"nstutor/internal/shell"
)

// Unswitched is a cable that ends in a namespace with an Open vSwitch, and is no port of
// that, nor of anything else there.
type Unswitched struct {
	cause.NextHop
	Cable    cause.Device
	Datapath string
}

// Code is NeighbourUnanswered.
func (Unswitched) Code() cause.Code { return cause.NeighbourUnanswered }

// Netns is where the cable ends.
func (u Unswitched) Netns() string { return u.Cable.Netns }

// Detail names the cable and the datapath.
func (u Unswitched) Detail() say.Text {
	return say.T("nobody on the wire of %[1]s has %[2]s: it ends in %[4]s at %[3]s, which has no address and is no port of the Open vSwitch datapath %[5]s there; `ovs-vsctl add-port BRIDGE %[6]s` makes it one",
		"%[1]s 的链路上没有主机配有 %[2]s：链路止于 %[4]s 的 %[3]s，它没有地址，也不是那里的 Open vSwitch 数据通路 %[5]s 的端口；用 `ovs-vsctl add-port 网桥 %[6]s` 接入", u.Dev, u.Addr, u.Cable.Link.Name, machine.Called(u.Cable.Netns), u.Datapath, shell.Word(u.Cable.Link.Name))
}

// Evidence is the cable.
func (u Unswitched) Evidence() []say.Text { return u.With(u.Cable.Link.Line()) }

// Fix is for who keeps the switch: which of its bridges is meant only its database knows.
func (Unswitched) Fix() []change.Change { return nil }
