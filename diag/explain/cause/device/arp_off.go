package device

import (
	"nstutor/diag/explain/cause"
	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// ARPOff is a station whose device has its ARP off: it answers nobody who asks for its
// address (arp_rcv()).
type ARPOff struct {
	cause.NextHop
	Station cause.Device
}

// Code is NeighbourUnanswered.
func (ARPOff) Code() cause.Code { return cause.NeighbourUnanswered }

// Detail names the device and the address.
func (a ARPOff) Detail() say.Text {
	return say.T("%[1]s has the address %[2]s, and its ARP is off (NOARP): it answers no who-has", "%[1]s 有地址 %[2]s，但它的 ARP 是关闭的（NOARP）：不应答 who-has",
		a.Station.Link.Name, a.Addr)
}

// Evidence is the entry, and the device.
func (a ARPOff) Evidence() []say.Text { return a.With(a.Station.Link.Line()) }

// Fix switches it on again.
func (a ARPOff) Fix() []change.Change {
	return []change.Change{change.ARP(a.Station.Netns, a.Station.Link.Name)}
}

// Unasking is a packet that left for where nothing can be seen and was not answered, or came to
// nobody, by a device whose ARP is off: it has its own MAC address for everybody's (arp_constructor()).
type Unasking struct {
	cause.Beyond
	Link table.Link
}

// Code is NeighbourWrongMAC.
func (Unasking) Code() cause.Code { return cause.NeighbourWrongMAC }

// Detail names the device.
func (u Unasking) Detail() say.Text {
	return say.T("the ARP of %[1]s is off (NOARP): it asks nobody for the MAC address of %[2]s, and sends to its own, %[3]s, which nobody there takes for his",
		"%[1]s 的 ARP 是关闭的（NOARP）：它不去问 %[2]s 的 MAC 地址，而是把帧发给自己的 %[3]s，对面没有人会收", u.Link.Name, u.NextHop, u.Link.MAC)
}

// Evidence is the device.
func (u Unasking) Evidence() []say.Text { return append(cause.Lines(u.Link.Line()), u.Seen...) }

// Fix has it ask.
func (u Unasking) Fix() []change.Change { return []change.Change{change.ARP(u.Netns(), u.Link.Name)} }
