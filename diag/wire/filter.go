package wire

import (
	"slices"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"nstutor/internal/say"
)

// Filter chooses which frames the kernel copies to a Tap. The zero
// value takes what a ping leaves on the wire: ARP, ICMP, and the tunnels that
// may carry them (VXLAN, IPIP, SIT and GRE; whatever the tunnel carries).
type Filter struct {
	TCP  bool // also TCP
	UDP  bool // also all UDP, not only VXLAN
	IPv6 bool // also ICMPv6, which resolves IPv6 neighbours; TCP and UDP over IPv6 if asked for
	// Flows are taken too, as themselves and in VXLAN; of what VXLAN carries then, only
	// what is taken without it. IPv6 is for theirs as well. Each costs some 30
	// instructions, of the 4096 that the kernel allows.
	Flows []Flow
	// VXLAN are ports of UDP that have VXLAN, besides those that have it on every machine.
	VXLAN []uint16
}

// wireSnapLength is how much of a frame a Tap reads: all headers of a ping that is
// quoted by an ICMP error inside VXLAN fit several times over.
const wireSnapLength = 512

// The offsets of bpf_convert_filter() that are relative to a header instead
// of the start of the data (SKF_NET_OFF and SKF_LL_OFF in linux/filter.h).
// The start differs: a tunnel device has no Ethernet header, and the kernel
// takes the VLAN tag out of a received frame but leaves it in some sent ones.
const (
	wireNetOff  = 0xfff00000 // -0x100000: the network header
	wireLinkOff = 0xffe00000 // -0x200000: the link header
)

// instructions is the filter as a classic BPF program. Register X holds the
// offset of the IP header throughout.
func (c Filter) instructions() []bpf.Instruction {
	program := []bpf.Instruction{
		bpf.LoadConstant{Dst: bpf.RegX, Val: wireNetOff},
		bpf.LoadExtension{Num: bpf.ExtProto}, // skb->protocol
	}
	// It is past the tag that the kernel has taken out. A tag still in the data
	// makes it ETH_P_8021Q or ETH_P_8021AD; then the type comes after the tag.
	for tag := range uint32(2) {
		program = append(program,
			bpf.JumpIf{Cond: bpf.JumpEqual, Val: unix.ETH_P_8021Q, SkipTrue: 1},
			bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: unix.ETH_P_8021AD, SkipTrue: 2},
			bpf.LoadConstant{Dst: bpf.RegX, Val: wireLinkOff + 18 + 4*tag},
			bpf.LoadAbsolute{Off: wireLinkOff + 16 + 4*tag, Size: 2},
		)
	}
	program = append(program, acceptIf(unix.ETH_P_ARP)...)
	// What is UDP goes on behind both parts, with its destination port in register A.
	rest := []bpf.Instruction{bpf.RetConstant{Val: 0}}
	for _, part := range []struct {
		ethertype uint32
		takes     []bpf.Instruction
	}{{unix.ETH_P_IPV6, c.ipv6()}, {unix.ETH_P_IP, c.ipv4()}} {
		rest = append(when(part.ethertype, append(part.takes, bpf.Jump{Skip: uint32(len(rest))})), rest...)
	}
	return append(append(program, rest...), c.carriers()...)
}

// ipv4 is the part of the program for IPv4 packets. It goes on with UDP alone.
func (c Filter) ipv4() []bpf.Instruction {
	program := append(c.carried(header{}),
		bpf.LoadIndirect{Off: ipv4Protocol, Size: 1},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: unix.IPPROTO_UDP, SkipTrue: 1},
		bpf.RetConstant{Val: 0},
		bpf.LoadIndirect{Off: 6, Size: 2}, // only a first fragment has ports
		bpf.JumpIf{Cond: bpf.JumpBitsNotSet, Val: 0x1fff, SkipTrue: 1},
		bpf.RetConstant{Val: 0},
	)
	program = append(program, toTransport(0)...) // the UDP header
	return append(program, bpf.LoadIndirect{Off: 2, Size: 2})
}

// ipv6 is the same for IPv6 packets: what is asked for over IPv6, and the carriers of
// tunnels, whatever they carry. Nothing behind extension headers, such as a multicast
// listener report, is taken.
func (c Filter) ipv6() (program []bpf.Instruction) {
	h := header{ipv6: true}
	if c.IPv6 {
		program = c.carried(h)
	}
	program = append(program, bpf.LoadIndirect{Off: ipv6Protocol, Size: 1})
	for _, protocol := range tunnels {
		program = append(program, acceptIf(protocol)...)
	}
	return append(program,
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: unix.IPPROTO_UDP, SkipTrue: 1},
		bpf.RetConstant{Val: 0},
		bpf.LoadIndirect{Off: ipv6Length + 2, Size: 2},
	)
}

// carriers takes the packets of VXLAN: register A is the destination port of UDP. It always
// returns.
func (c Filter) carriers() (program []bpf.Instruction) {
	ports := slices.Concat(frameVXLANPorts, c.VXLAN)
	for i, port := range ports {
		program = append(program,
			bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: uint32(port), SkipTrue: 1},
			bpf.Jump{Skip: uint32(2*(len(ports)-i-1) + 1)},
		)
	}
	program = append(program, bpf.RetConstant{Val: 0})
	if len(c.Flows) == 0 {
		return append(program, bpf.RetConstant{Val: wireSnapLength})
	}
	return append(program, c.tunnelled()...)
}

func (c Filter) transports() (program []bpf.Instruction) {
	if c.TCP {
		program = append(program, acceptIf(unix.IPPROTO_TCP)...)
	}
	if c.UDP {
		program = append(program, acceptIf(unix.IPPROTO_UDP)...)
	}
	return program
}

// acceptIf takes the frame if register A is value, and goes on otherwise.
func acceptIf(value uint32) []bpf.Instruction {
	return []bpf.Instruction{
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: value, SkipTrue: 1},
		bpf.RetConstant{Val: wireSnapLength},
	}
}

// attach puts the filter on a packet socket.
func (c Filter) attach(fd int) error {
	raw, err := bpf.Assemble(c.instructions())
	if err != nil {
		return say.Err("assemble capture filter: %v", "生成抓包过滤器：%v", err)
	}
	program := make([]unix.SockFilter, len(raw))
	for i, ins := range raw {
		program[i] = unix.SockFilter{Code: ins.Op, Jt: ins.Jt, Jf: ins.Jf, K: ins.K}
	}
	err = unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER,
		&unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]})
	if err != nil {
		return say.Err("attach capture filter: %v", "安装抓包过滤器：%v", err)
	}
	return nil
}
