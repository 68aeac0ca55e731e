package device

import (
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// Suppressed is a wrong MAC address that a bridge gives to whoever asks, in the place of who has
// the address: with neigh_suppress on a port it answers for those behind that by its own
// neighbour table, as daemons of EVPN fill it.
type Suppressed struct {
	cause.At
	Bridge, Port string
	Entry        table.Neighbour // of the bridge
	Asks         cause.NextHop   // of who has believed it
	Right        cause.Device
}

// Code is NeighbourWrongMAC.
func (Suppressed) Code() cause.Code { return cause.NeighbourWrongMAC }

// Detail names both MAC addresses.
func (s Suppressed) Detail() say.Text {
	return say.T("the bridge %[1]s answers whoever asks for %[2]s itself (neigh_suppress on %[3]s), by its entry, which says %[4]s; but %[5]s of %[6]s, who has the address, is %[7]s",
		"网桥 %[1]s 自己应答对 %[2]s 的询问（%[3]s 上开了 neigh_suppress），依据的表项写的是 %[4]s；而拥有该地址的 %[5]s（%[6]s）的 MAC 是 %[7]s",
		s.Bridge, s.Entry.Dst, s.Port, s.Entry.MAC, s.Right.Link.Name, machine.Called(s.Right.Netns), s.Right.Link.MAC)
}

// Evidence are the entries and the device.
func (s Suppressed) Evidence() []say.Text {
	return cause.Lines(s.Entry.Line(), s.Asks.Entry.Line(), s.Right.Link.AddressLine())
}

// Fix has both forget the address: the next question is passed on.
func (s Suppressed) Fix() []change.Change {
	return []change.Change{
		change.NeighDel{Netns: s.Netns(), Dst: s.Entry.Dst, Dev: s.Bridge},
		change.NeighDel{Netns: s.Asks.Netns(), Dst: s.Asks.Addr, Dev: s.Asks.Dev},
	}
}
