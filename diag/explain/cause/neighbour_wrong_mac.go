package cause

import (
	"net"
	"net/netip"

	"nstutor/diag/explain/machine"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// NeighbourWrongMAC: an ARP entry has a MAC address that is nobody's, or somebody else's.
const NeighbourWrongMAC Code = "neighbour-wrong-mac"

var _ = Register(Cause{
	Code:  NeighbourWrongMAC,
	Words: say.T("an ARP entry has a MAC address that is nobody's, or somebody else's", "ARP 条目里的 MAC 地址不是对方的"),
	Table: []string{"ip", "neigh"},
})

// MACOfAnother is an entry with the MAC address of somebody else on the wire.
type MACOfAnother struct {
	Sure
	NextHop
	Wrong, Right Device // whose MAC address it is, and who has the address
}

// Code is NeighbourWrongMAC.
func (MACOfAnother) Code() Code { return NeighbourWrongMAC }

// Detail names both.
func (m MACOfAnother) Detail() say.Text {
	return say.T("the entry for %s says %s, which is %s of %s; %s of %s has the address",
		"%s 的邻居条目写的是 %s，那是 %s（%s）的 MAC；地址归 %s（%s）所有",
		m.Addr, m.Wrong.Link.MAC, m.Wrong.Link.Name, machine.Called(m.Wrong.Netns), m.Right.Link.Name, machine.Called(m.Right.Netns))
}

// Evidence are the entry and who has the address.
func (m MACOfAnother) Evidence() []say.Text { return Lines(m.Entry.Line(), m.Right.Link.AddressLine()) }

// Fix has the kernel ask again.
func (m MACOfAnother) Fix() []change.Change { return []change.Change{m.forget()} }

// MACOfNobody is a written entry with a MAC address that nobody on the wire has.
type MACOfNobody struct{ NextHop }

// Code is NeighbourWrongMAC.
func (MACOfNobody) Code() Code { return NeighbourWrongMAC }

// Detail names the MAC address and the wire.
func (m MACOfNobody) Detail() say.Text {
	return say.T("the entry for %s says %s, which nobody on the wire of %s has", "%s 的邻居条目写的是 %s，%s 的链路上却没有网卡用这个 MAC", m.Addr, m.Entry.MAC, m.Dev)
}

// Evidence is the entry.
func (m MACOfNobody) Evidence() []say.Text { return Lines(m.Entry.Line()) }

// Fix has the kernel ask again.
func (m MACOfNobody) Fix() []change.Change { return []change.Change{m.forget()} }

// MACIgnored is an entry whose frames come to the right device, which has another
// MAC address and ignores them.
type MACIgnored struct {
	NextHop
	Right    Device
	Silent   bool // nobody would answer if the kernel asked again
	Unasking bool // the device asks nobody, and takes its own MAC address for everybody's
}

// Code is NeighbourWrongMAC.
func (MACIgnored) Code() Code { return NeighbourWrongMAC }

// Detail names both MAC addresses.
func (m MACIgnored) Detail() say.Text {
	if m.Unasking {
		return say.T("the ARP of %[1]s is off (NOARP): it asks nobody for the MAC address of %[2]s, and sends to its own, %[3]s; %[4]s at the other end is %[5]s, and ignores the frame",
			"%[1]s 的 ARP 是关闭的（NOARP）：它不去问 %[2]s 的 MAC 地址，而是把帧发给自己的 %[3]s；对端 %[4]s 的 MAC 是 %[5]s，不收这个帧",
			m.Dev, m.Addr, m.Entry.MAC, m.Right.Link.Name, m.Right.Link.MAC)
	}
	return say.T("the entry for %s says %s, but %s at the other end is %s: it ignores the frame",
		"%s 的邻居条目写的是 %s，而对端 %s 的 MAC 是 %s，不收这个帧", m.Addr, m.Entry.MAC, m.Right.Link.Name, m.Right.Link.MAC)
}

// Evidence are the entry and the device.
func (m MACIgnored) Evidence() []say.Text { return Lines(m.Entry.Line(), m.Right.Link.AddressLine()) }

// Fix has the kernel ask, or says what it cannot learn.
func (m MACIgnored) Fix() []change.Change {
	switch {
	case m.Unasking:
		return []change.Change{change.ARP(m.Netns(), m.Dev)}
	case m.Silent:
		return []change.Change{change.NeighSet{
			Netns: m.Netns(), Dst: m.Addr, MAC: m.Right.Link.MAC, Dev: m.Dev, State: change.Permanent,
		}}
	}
	return []change.Change{m.forget()}
}

// MACNotOurs is an answer that came back in a frame for another MAC address than that of
// the device: the kernel takes it for somebody else's (PACKET_OTHERHOST).
type MACNotOurs struct {
	Beyond
	Addr             netip.Addr // whom the answer is for
	MAC, Own, Sender net.HardwareAddr
}

// Code is NeighbourWrongMAC.
func (MACNotOurs) Code() Code { return NeighbourWrongMAC }

// Detail names the addresses, and who has sent the frame.
func (m MACNotOurs) Detail() say.Text {
	return say.T("the answer came back to %[1]s in a frame for %[2]s, but %[1]s has %[3]s: %[4]s, beyond it, has a wrong neighbour entry for %[5]s; have it forget that (ip neigh del), or announce the right one",
		"应答回到了 %[1]s，但帧的目的 MAC 是 %[2]s，而 %[1]s 的 MAC 是 %[3]s：外面的 %[4]s 关于 %[5]s 的邻居条目不对；请在那边删掉该条目（ip neigh del），或重新通告正确的 MAC",
		m.Dev, m.MAC, m.Own, m.Sender, m.Addr)
}
