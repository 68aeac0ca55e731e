package cause

import (
	"net/netip"

	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// MTUExceeded: the packet is larger than a wire on its way, and may not be cut.
const MTUExceeded Code = "mtu-exceeded"

var _ = Register(Cause{
	Code:  MTUExceeded,
	Words: say.T("the packet is larger than a wire on its way, and may not be cut", "包大于途中某段链路的 MTU，又不允许分片"),
	Table: []string{"ip", "link"},
})

// OverRoute is a packet that is larger than its route says that the path takes.
type OverRoute struct {
	At
	Length  int // bytes, with the IP header
	Route   machine.RouteAnswer
	Learned *Learner // nil: nobody has learned of the MTU
}

// Code is MTUExceeded.
func (OverRoute) Code() Code { return MTUExceeded }

// Detail names both lengths.
func (o OverRoute) Detail() say.Text {
	return say.T("a packet of %d bytes that must not be fragmented is more than the route allows: mtu %d",
		"%d 字节、不许分片（DF）的包，超过了路由限定的 mtu %d", o.Length, o.Route.Entry.MTU)
}

// Evidence is the route.
func (o OverRoute) Evidence() []say.Text { return Lines(o.Route.Line) }

// Fix is the route without its MTU.
func (o OverRoute) Fix() []change.Change {
	entry := o.Route.Entry
	entry.MTU, entry.MTULocked = 0, false
	replace := change.Route{Netns: o.Netns(), Verb: change.RouteReplace, Route: entry}
	return forgetting(o.Learned, []change.Change{replace})
}

// forgetting adds to a fix that the sender has to forget the path's MTU, which it
// learned from a router's answer and keeps for ten minutes (ip_rt_mtu_expires).
func forgetting(learned *Learner, fix []change.Change) []change.Change {
	if learned == nil || len(fix) == 0 {
		return fix
	}
	return append(fix, change.FlushCache{Netns: learned.Netns(), V6: learned.IPv6})
}

// Learner is the sender of a packet that was too big, who has been told of the MTU.
type Learner struct {
	At
	IPv6 bool
}

// OverDevice is a packet that is larger than the device it should leave by takes.
type OverDevice struct {
	At
	Length  int // bytes, with the IP header
	Link    table.Link
	Transit bool     // it was made elsewhere, and its sender is told by ICMP
	Learned *Learner // nil: nobody has learned of the MTU
	Untold  Untold
	Blind   bool // what is at the device's other end cannot be seen
}

// Untold is what keeps a router's answer to what it cannot pass on from its sender. The
// zero value is that of an answer that arrives, or may.
type Untold struct {
	Why   say.Text
	Proof []string // lines of the tables
}

// Code is MTUExceeded.
func (OverDevice) Code() Code { return MTUExceeded }

// Detail names both lengths, what the sender is told, and why nothing is made wider.
func (o OverDevice) Detail() say.Text {
	if o.Blind {
		return say.T("%s; whether the wire takes more cannot be seen from here", "%s；从这里看不到链路那头能否收下更大的包", o.told())
	}
	return o.told()
}

func (o OverDevice) told() say.Text {
	if o.Transit && len(o.Untold.Proof) > 0 {
		return say.T("a packet of %d bytes that must not be fragmented does not pass %s, whose MTU is %d, and the answer \"fragmentation needed\" of %s does not get to the sender: %s",
			"%d 字节、不许分片（DF）的包过不了 %s（MTU %d），%s 回的 ICMP fragmentation needed 又到不了发送方：%s", o.Length, o.Link.Name, o.Link.MTU, machine.Called(o.Netns()), o.Untold.Why)
	}
	if o.Transit {
		return say.T("a packet of %d bytes that must not be fragmented does not pass %s, whose MTU is %d: %s answers \"fragmentation needed\"",
			"%d 字节、不许分片（DF）的包过不了 %s（MTU %d）：%s 回以 ICMP fragmentation needed", o.Length, o.Link.Name, o.Link.MTU, machine.Called(o.Netns()))
	}
	return say.T("a packet of %d bytes that must not be fragmented does not pass %s, whose MTU is %d: the sender is told \"message too long\"",
		"%d 字节、不许分片（DF）的包过不了 %s（MTU %d）：发送方得到 message too long", o.Length, o.Link.Name, o.Link.MTU)
}

// Evidence is the device, and what stops the answer.
func (o OverDevice) Evidence() []say.Text {
	return append(Lines(o.Link.Line()), Lines(o.Untold.Proof...)...)
}

// Fix makes the device wider. Where the wire beyond takes no more, that would lose without
// a word what is refused now: then there is none.
func (o OverDevice) Fix() []change.Change {
	if o.Blind {
		return nil
	}
	return forgetting(o.Learned, widen(o.Netns(), o.Link, o.Length))
}

// ethernet is the MTU that a wire has unless somebody chooses otherwise, in bytes.
const ethernet = 1500

// widen makes room for packets of a length on a device, where the device can
// be made wider: what a tunnel adds has to fit below it. The next packet may be longer
// than this one: a device gets no less than what is usual.
func widen(netns string, link table.Link, length int) []change.Change {
	if link.Kind != "veth" && link.Kind != "bridge" {
		return nil
	}
	return []change.Change{change.MTU(netns, link.Name, max(length, ethernet))}
}

// OverPeer is a frame that is longer than the other end of its cable takes: a veth
// drops it, and tells nobody but the sender's device.
type OverPeer struct {
	At
	Length int // of the packet in bytes, with the IP header
	Link   table.Link
}

// Code is MTUExceeded.
func (OverPeer) Code() Code { return MTUExceeded }

// Detail names both lengths.
func (o OverPeer) Detail() say.Text {
	return say.T("%s has an MTU of %d and drops the frame of a packet of %d bytes without a word", "%s 的 MTU 是 %d，%d 字节的包到这里被丢弃，不发任何通知",
		o.Link.Name, o.Link.MTU, o.Length)
}

// Evidence is the device.
func (o OverPeer) Evidence() []say.Text { return Lines(o.Link.Line()) }

// Fix makes the device wider.
func (o OverPeer) Fix() []change.Change { return widen(o.Netns(), o.Link, o.Length) }

// Remembered is a sender who has learned of a smaller MTU on the path, which is no
// more there, and sends nothing larger.
type Remembered struct {
	At
	Dst netip.Addr
	MTU int    // bytes
	Get string // what the kernel answers, as `ip route get` prints it
}

// Code is MTUExceeded.
func (Remembered) Code() Code { return MTUExceeded }

// Detail names the MTU.
func (r Remembered) Detail() say.Text {
	return say.T("%s remembers that packets of more than %d bytes do not get to %s, and sends none",
		"%[1]s 缓存了到 %[3]s 的路径 MTU（%[2]d 字节），更大的包不发", machine.Called(r.Netns()), r.MTU, r.Dst)
}

// Evidence is what the kernel answers.
func (r Remembered) Evidence() []say.Text { return Lines(r.Get) }

// Fix has the sender forget.
func (r Remembered) Fix() []change.Change {
	return []change.Change{change.FlushCache{Netns: r.Netns(), V6: r.Dst.Is6()}}
}

// RememberedBeyond is one of a path that leaves what can be seen: who is narrow there, if
// somebody still is, tells the sender again.
type RememberedBeyond struct {
	Remembered
	Dev string // by which it leaves
}

// Detail says who knows.
func (r RememberedBeyond) Detail() say.Text {
	return say.T("%s; whether that is still so, who is beyond %s knows", "%s；现在是否还是这样，要看 %s 的外面", r.Remembered.Detail(), r.Dev)
}

// Fix is none.
func (RememberedBeyond) Fix() []change.Change { return nil }
