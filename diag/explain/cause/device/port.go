package device

import (
	"net"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// What is in this file is cause.NeighbourUnanswered by what a bridge does on the way.

// NoPort is a cable that ends beside the bridge which should connect two.
type NoPort struct {
	cause.Sure
	cause.NextHop
	Owner  string       // the namespace that has the address
	Cable  cause.Device // that is no port
	Bridge cause.Device
}

// Code is NeighbourUnanswered.
func (NoPort) Code() cause.Code { return cause.NeighbourUnanswered }

// Detail names the cable and the bridge.
func (p NoPort) Detail() say.Text {
	return say.T("%s has %s, but %s, which should connect the two, is no port of %s", "%s 有地址 %s，但本该接通双方的 %s 不是网桥 %s 的端口",
		machine.Called(p.Owner), p.Addr, p.Cable.Link.Name, p.Bridge.Link.Name)
}

// Evidence are the entry and the cable.
func (p NoPort) Evidence() []say.Text { return p.With(p.Cable.Link.Line()) }

// Fix makes it a port, of a bridge that passes frames and lets a new port do so at
// once.
func (p NoPort) Fix() []change.Change {
	fix := withoutSTP(p.Bridge)
	if !p.Bridge.Link.Up() {
		fix = append(fix, change.Up(p.Bridge.Netns, p.Bridge.Link.Name))
	}
	return append(fix, change.Master(p.Cable.Netns, p.Cable.Link.Name, p.Bridge.Link.Name))
}

// withoutSTP is what has a bridge's ports wait for nothing.
func withoutSTP(d cause.Device) []change.Change {
	if b := d.Link.Bridge; b != nil && b.STP {
		return []change.Change{change.NoSTP(d.Netns, d.Link.Name)}
	}
	return nil
}

// PortWaiting is a port that the spanning tree protocol holds back.
type PortWaiting struct {
	cause.At
	Port, Bridge cause.Device
}

// AskedBy is the finding for one who asks.
func (p PortWaiting) AskedBy(netns string) cause.Finding { p.At = cause.At(netns); return p }

// Code is NeighbourUnanswered.
func (PortWaiting) Code() cause.Code { return cause.NeighbourUnanswered }

// Detail names the port and its state.
func (p PortWaiting) Detail() say.Text {
	return say.T("port %s of %s is in state %s and passes nothing yet", "网桥 %[2]s 的端口 %[1]s 处于 %[3]s 状态，还不转发任何帧",
		p.Port.Link.Name, p.Bridge.Link.Name, p.Port.Link.Port.State)
}

// Evidence is the port.
func (p PortWaiting) Evidence() []say.Text { return cause.Lines(p.Port.Link.Line()) }

// Fix sets the state. By hand that can be done only while the kernel's STP is off.
func (p PortWaiting) Fix() []change.Change {
	return append(withoutSTP(p.Bridge), setPort(p.Port, change.PortSetting{Name: "state", Value: change.Forwarding}))
}

// setPort sets how the bridge treats a port.
func setPort(port cause.Device, settings ...change.PortSetting) change.Change {
	return change.PortSet{Netns: port.Netns, Dev: port.Link.Name, Settings: settings}
}

// PortUnflooded is a port that broadcasts do not leave by, and ARP requests with
// them; or multicast, and neighbour solicitations with it.
type PortUnflooded struct {
	cause.At
	Port      cause.Device
	Bridge    string
	Multicast bool
}

// AskedBy is the finding for one who asks.
func (p PortUnflooded) AskedBy(netns string) cause.Finding { p.At = cause.At(netns); return p }

// Code is NeighbourUnanswered.
func (PortUnflooded) Code() cause.Code { return cause.NeighbourUnanswered }

// Detail names the port.
func (p PortUnflooded) Detail() say.Text {
	if p.Multicast {
		return say.T("%s of %s sends no multicast of others (mcast_flood off), and so no neighbour solicitations", "网桥 %[2]s 的端口 %[1]s 不转发组播（mcast_flood off），邻居请求也就出不去",
			p.Port.Link.Name, p.Bridge)
	}
	return say.T("%s of %s sends no broadcasts, and so no ARP requests", "网桥 %[2]s 的端口 %[1]s 不发广播（bcast_flood off），ARP 请求也就出不去",
		p.Port.Link.Name, p.Bridge)
}

// Evidence is the port.
func (p PortUnflooded) Evidence() []say.Text { return cause.Lines(p.Port.Link.Line()) }

// Fix turns them on.
func (p PortUnflooded) Fix() []change.Change {
	if p.Multicast {
		return []change.Change{setPort(p.Port, change.PortSetting{Name: "mcast_flood", Value: "on"})}
	}
	return []change.Change{setPort(p.Port, change.PortSetting{Name: "bcast_flood", Value: "on"})}
}

// PortUnlearning is a port that nobody's address is learned at, and that frames
// for unknown ones do not leave by.
type PortUnlearning struct {
	cause.At
	Port   cause.Device
	Bridge string
}

// AskedBy is the finding for one who asks.
func (p PortUnlearning) AskedBy(netns string) cause.Finding { p.At = cause.At(netns); return p }

// Code is NeighbourUnanswered.
func (PortUnlearning) Code() cause.Code { return cause.NeighbourUnanswered }

// Detail names the port.
func (p PortUnlearning) Detail() say.Text {
	return say.T("%s of %s neither learns who is there nor sends frames for whom it does not know",
		"网桥 %[2]s 的端口 %[1]s 既不学习 MAC（learning off），也不泛洪目的未知的帧（flood off）", p.Port.Link.Name, p.Bridge)
}

// Evidence is the port.
func (p PortUnlearning) Evidence() []say.Text { return cause.Lines(p.Port.Link.Line()) }

// Fix turns both on.
func (p PortUnlearning) Fix() []change.Change {
	return []change.Change{setPort(p.Port, change.PortSetting{Name: "learning", Value: "on"}, change.PortSetting{Name: "flood", Value: "on"})}
}

// PortsIsolated are two ports that may not talk to each other.
type PortsIsolated struct {
	cause.At
	From, To cause.Device
	Bridge   string
}

// AskedBy is the finding for one who asks.
func (p PortsIsolated) AskedBy(netns string) cause.Finding { p.At = cause.At(netns); return p }

// Code is NeighbourUnanswered.
func (PortsIsolated) Code() cause.Code { return cause.NeighbourUnanswered }

// Detail names both.
func (p PortsIsolated) Detail() say.Text {
	return say.T("%s and %s are isolated ports of %s: frames pass between neither of them",
		"%[1]s 和 %[2]s 都是网桥 %[3]s 的隔离端口（isolated），彼此不通", p.From.Link.Name, p.To.Link.Name, p.Bridge)
}

// Evidence are both.
func (p PortsIsolated) Evidence() []say.Text {
	return cause.Lines(p.From.Link.Line(), p.To.Link.Line())
}

// Fix lets everybody talk to the second.
func (p PortsIsolated) Fix() []change.Change {
	return []change.Change{setPort(p.To, change.PortSetting{Name: "isolated", Value: "off"})}
}

// PortLocked is a port that takes frames only from whom the forwarding database has there, as a
// switch with 802.1X does, where it does not have the sender (br_handle_frame_finish()).
type PortLocked struct {
	cause.At
	Port   cause.Device
	Bridge string
	MAC    net.HardwareAddr // the sender's
}

// AskedBy is the finding for one who asks.
func (p PortLocked) AskedBy(netns string) cause.Finding { p.At = cause.At(netns); return p }

// Code is NeighbourUnanswered.
func (PortLocked) Code() cause.Code { return cause.NeighbourUnanswered }

// Detail names the port, and whom it does not know.
func (p PortLocked) Detail() say.Text {
	return say.T("%[1]s of %[2]s is locked: it takes frames only from whom the FDB has there, and %[3]s is not among them. Who is let in there is mostly decided by a program (802.1X)",
		"网桥 %[2]s 的端口 %[1]s 上了锁（locked）：只收 FDB 里登记在这个端口的 MAC 发来的帧，其中没有 %[3]s。放谁进来通常由程序决定（802.1X）", p.Port.Link.Name, p.Bridge, p.MAC)
}

// Evidence is the port.
func (p PortLocked) Evidence() []say.Text { return cause.Lines(p.Port.Link.Line()) }

// Fix unlocks it.
func (p PortLocked) Fix() []change.Change {
	return []change.Change{setPort(p.Port, change.PortSetting{Name: "locked", Value: "off"})}
}

// WrongPort is a frame that does not come to who has its address: a forwarding
// database on the way sends it out of another port.
type WrongPort struct {
	cause.NextHop
	MAC    net.HardwareAddr
	Bridge cause.Device
	Entry  *table.FDBEntry // nil: it is not known which has it
}

// Code is NeighbourUnanswered.
func (WrongPort) Code() cause.Code { return cause.NeighbourUnanswered }

// Detail names the MAC address, and the port if it is known.
func (p WrongPort) Detail() say.Text {
	if p.Entry == nil {
		return say.T("frames for %s do not come to who has that address: a forwarding database on the way has it elsewhere",
			"发往 %s 的帧到不了这个 MAC 的主人：途中某个 FDB 把它记在了别处", p.MAC)
	}
	return say.T("the forwarding database of %s sends frames for %s out of %s, where nobody has that address",
		"%s 的 FDB 让发往 %s 的帧从 %s 出去，那边却没有网卡用这个 MAC", p.Bridge.Link.Name, p.MAC, p.Entry.Dev)
}

// Evidence are both entries.
func (p WrongPort) Evidence() []say.Text {
	if p.Entry == nil {
		return p.With()
	}
	return p.With(p.Entry.Line())
}

// Fix deletes the entry, so that the bridge learns anew.
func (p WrongPort) Fix() []change.Change {
	if p.Entry == nil {
		return nil
	}
	return []change.Change{change.FDB{Netns: p.Bridge.Netns, Verb: change.FDBDel, MAC: p.MAC, Dev: p.Entry.Dev}}
}
