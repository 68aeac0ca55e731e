package cause

import (
	"net/netip"

	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// DestinationAbsent: nobody has the destination's address.
const DestinationAbsent Code = "destination-absent"

var _ = Register(Cause{
	Code:      DestinationAbsent,
	Words:     say.T("nobody has the destination's address", "没有任何机器拥有目的地址"),
	Table:     []string{"ip", "addr"},
	Pointless: true,
})

// NotHere is a namespace that a packet comes to which is for nobody in it, and
// which it could pass on to nobody.
type NotHere struct {
	At
	Link table.Link
	Dst  netip.Addr
}

// Code is DestinationAbsent.
func (NotHere) Code() Code { return DestinationAbsent }

// Detail names the device and the address.
func (a NotHere) Detail() say.Text {
	return say.T("the frame comes to %s in %s, but %s is no address of that namespace", "帧到了 %s（%s），但 %s 不是该命名空间的地址",
		a.Link.Name, machine.Called(a.Netns()), a.Dst)
}

// Evidence is the device.
func (a NotHere) Evidence() []say.Text { return Lines(a.Link.AddressLine()) }

// Fix adds the address.
func (a NotHere) Fix() []change.Change { return hostAddress(a.Netns(), a.Dst, a.Link.Name).add() }

// NobodyHas is an address which should be on a wire where nobody has it.
type NobodyHas struct {
	NextHop
	Stations []Station // that are there
	OnTheWay bool      // it is not what the ping is for
}

// Code is DestinationAbsent, or NeighbourUnanswered for an address on the way.
func (a NobodyHas) Code() Code { return absence(a.OnTheWay) }

func absence(onTheWay bool) Code {
	if onTheWay {
		return NeighbourUnanswered
	}
	return DestinationAbsent
}

// Detail names the address and the wire.
func (a NobodyHas) Detail() say.Text {
	return say.T("%s is on the wire of %s according to the route, but nobody there has it", "按路由，%s 就在 %s 的链路上，那里却没有主机配有这个地址", a.Addr, a.Dev)
}

// Evidence are those who are there.
func (a NobodyHas) Evidence() []say.Text { return append(a.with(), present(a.Stations)...) }

// Fix is unknown: who should have it?
func (NobodyHas) Fix() []change.Change { return nil }

// NobodyAnswered is an address that was asked for on a wire which cannot be seen.
type NobodyAnswered struct {
	NextHop
	OnTheWay bool // it is not what the ping is for
}

// Code is DestinationAbsent, or NeighbourUnanswered for an address on the way.
func (a NobodyAnswered) Code() Code { return absence(a.OnTheWay) }

// Detail names who asks and for what.
func (a NobodyAnswered) Detail() say.Text {
	return say.T("%s asks who has %s, and nobody answers", "%s 发出 who-has %s，无人应答", a.Dev, a.Addr)
}

// Evidence is the entry.
func (a NobodyAnswered) Evidence() []say.Text { return a.with() }

// Fix is unknown.
func (NobodyAnswered) Fix() []change.Change { return nil }
