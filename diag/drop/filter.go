package drop

import (
	"net/netip"

	"golang.org/x/sys/unix"

	"nstutor/internal/say"
)

// Filter is which packets are watched for. The kernel looks at all that are
// dropped on the machine; what no flow fits is left alone there.
type Filter struct {
	Flows []Flow // 1 to MaxFlows
}

// MaxFlows bounds a Filter. A packet has one flow each way, and one more for each
// NAT and each tunnel on its way.
const MaxFlows = 32

// Flow is packets in one direction. A field of value zero fits all; Src or Dst
// has to be there.
type Flow struct {
	Src, Dst         netip.Addr
	Proto            uint8  // unix.IPPROTO_ICMP, …
	SrcPort, DstPort uint16 // of TCP, UDP, UDP-Lite, SCTP and DCCP
	ID               uint16 // of an echo and its reply, of ICMP and ICMPv6
}

// Reply is the flow in the other direction.
func (f Flow) Reply() Flow {
	f.Src, f.Dst, f.SrcPort, f.DstPort = f.Dst, f.Src, f.DstPort, f.SrcPort
	return f
}

// withPorts are the protocols that begin with two ports.
var withPorts = map[uint8]bool{
	unix.IPPROTO_TCP: true, unix.IPPROTO_UDP: true, unix.IPPROTO_UDPLITE: true, unix.IPPROTO_SCTP: true, unix.IPPROTO_DCCP: true,
}

// echo are the types of an echo and of its reply.
var echo = map[uint8][2]uint8{unix.IPPROTO_ICMP: {8, 0}, unix.IPPROTO_ICMPV6: {128, 129}}

// check says what is wrong with a filter.
func (f Filter) check() error {
	if len(f.Flows) == 0 || len(f.Flows) > MaxFlows {
		return say.Err("watch for drops: %d flows, and 1 to %d are possible", "监视丢包：给了 %d 条流，只能是 1 到 %d 条", len(f.Flows), MaxFlows)
	}
	for i, flow := range f.Flows {
		if err := flow.check(); err != nil {
			return say.Err("watch for drops: flow %d: %v", "监视丢包：第 %d 条流：%v", i, err)
		}
	}
	return nil
}

func (f Flow) check() error {
	_, isEcho := echo[f.Proto]
	switch {
	case !f.Src.IsValid() && !f.Dst.IsValid():
		return say.Err("it has no address", "没有地址")
	case f.Src.IsValid() && f.Dst.IsValid() && f.Src.Unmap().Is4() != f.Dst.Unmap().Is4():
		return say.Err("from %s to %s there is no packet", "从 %s 到 %s 不可能有包", f.Src, f.Dst)
	case (f.SrcPort != 0 || f.DstPort != 0) && !withPorts[f.Proto]:
		return say.Err("protocol %d has no ports", "协议 %d 没有端口", f.Proto)
	case f.ID != 0 && !isEcho:
		return say.Err("protocol %d has no echo", "协议 %d 没有回显", f.Proto)
	}
	return nil
}

// is4 reports whether the flow is of IPv4.
func (f Flow) is4() bool { return f.Src.Unmap().Is4() || f.Dst.Unmap().Is4() }
