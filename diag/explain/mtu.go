package explain

import (
	"fmt"

	"nstutor/diag"
)

// vlanHeader is what the kernel allows a frame to be longer than the receiving
// device's MTU says, in bytes (is_skb_forwardable()).
const vlanHeader = 4

// fits passes a packet through the MTU of the device it leaves by: it is cut to
// pieces, or refused if that is not allowed.
func (w *walk) fits(n *Node, e echo, link diag.Link) echo {
	if e.length <= link.MTU {
		return e
	}
	if !e.df {
		e.length = link.MTU
		return e
	}
	detail := say("a packet of %d bytes that must not be fragmented does not pass %s, whose MTU is %d: the sender is told \"message too long\"", e.length, link.Name, link.MTU)
	if e.origin != n {
		detail = say("a packet of %d bytes that must not be fragmented does not pass %s, whose MTU is %d: %s answers \"fragmentation needed\"", e.length, link.Name, link.MTU, n.calls())
	}
	w.fault(n, e, StageSend, link.Name, Fault{
		Code: MTUExceeded, Netns: n.Name, Detail: detail,
		Evidence: []string{link.Line()}, fix: widen(n, link, e.length),
	})
	return e
}

// widen makes room for packets of a length on a device, where the device can
// be made wider: what a tunnel adds has to fit below it.
func widen(n *Node, link diag.Link, length int) []Fix {
	if link.Kind != "veth" && link.Kind != "bridge" {
		return nil
	}
	return []Fix{{n.Name, fmt.Sprintf("ip link set %s mtu %d", link.Name, length)}}
}

// taken passes a frame through what the other end of a cable takes: a veth drops
// what is longer than its own MTU, and tells nobody but the sender's device.
func (w *walk) taken(n *Node, e echo, dev diag.Link) {
	if e.length <= dev.MTU+vlanHeader {
		return
	}
	w.fault(n, e, StageReceive, dev.Name, Fault{
		Code: MTUExceeded, Netns: n.Name,
		Detail:   say("%s has an MTU of %d and drops the frame of a packet of %d bytes without a word", dev.Name, dev.MTU, e.length),
		Evidence: []string{dev.Line()}, fix: widen(n, dev, e.length),
	})
}
