package wire

import (
	"net/netip"
	"slices"
	"time"
)

// packetPause is how long a packet may be unseen on its way. One that waits for a
// neighbour waits up to three seconds, but before it was seen anywhere; a slow reader
// is what is left.
const packetPause = time.Second

// Packet is one packet on its way: the frames in which it was seen, in the order of
// the kernel's time stamps. There is at least one.
type Packet struct {
	Seen []Frame
	key  passage
}

// Last is where the packet was seen last.
func (p *Packet) Last() *Frame { return &p.Seen[len(p.Seen)-1] }

// passage is what does not change while a packet is routed and translated. What is
// left tells packets apart: the echo's number, TCP's sequence, the IPv4 header's
// identification. ARP has none of them, but crosses no router.
type passage struct {
	proto, op             string
	id, seq, ipid, length int
	src, dst              netip.Addr // of ARP
	sender                string     // of ARP
}

func passageOf(f *Frame) passage {
	f = f.Carried()
	key := passage{proto: f.Proto, op: f.Op, id: f.ID, seq: f.Seq, ipid: f.IPID, length: f.Length}
	if f.Proto == "ARP" {
		key.src, key.dst, key.sender = f.Src, f.Dst, f.SenderMAC.String()
	}
	return key
}

// Packets are those that frames belong to, in the order in which they set out. The
// zero value has none.
type Packets struct{ All []*Packet }

// Add takes one frame more. It may come later than one that was seen after it.
func (w *Packets) Add(f Frame) {
	key := passageOf(&f)
	for _, p := range slices.Backward(w.All) {
		if p.key == key && p.goesOn(&f) {
			at := place(p.Seen, f.At)
			p.Seen = slices.Insert(p.Seen, at, f)
			if at == 0 {
				w.order()
			}
			return
		}
	}
	w.All = append(w.All, &Packet{Seen: []Frame{f}, key: key})
	w.order()
}

// Keep forgets all but the newest packets.
func (w *Packets) Keep(newest int) {
	if extra := len(w.All) - newest; extra > 0 {
		w.All = slices.Delete(w.All, 0, extra)
	}
}

func (w *Packets) order() {
	slices.SortStableFunc(w.All, func(a, b *Packet) int { return a.Seen[0].At.Compare(b.Seen[0].At) })
}

// place is where a frame belongs among others: after all that are not later.
func place(frames []Frame, at time.Time) int {
	n := len(frames)
	for n > 0 && frames[n-1].At.After(at) {
		n--
	}
	return n
}

// InOrder puts a frame where it belongs among those that are in the order of their
// time stamps.
func InOrder(frames []Frame, f Frame) []Frame {
	return slices.Insert(frames, place(frames, f.At), f)
}

// goesOn says whether a frame can be the packet on its way: one that passes a device a
// second time is another packet of the same words, as a repeated question is, unless
// it has been routed meanwhile, in a loop.
func (p *Packet) goesOn(f *Frame) bool {
	if d := f.At.Sub(p.Last().At); d > packetPause || d < -packetPause {
		return false
	}
	for _, s := range p.Seen {
		if s.Netns == f.Netns && s.Ifindex == f.Ifindex && s.Dev == f.Dev && s.Out == f.Out && s.Carried().TTL == f.Carried().TTL {
			return false
		}
	}
	return true
}
