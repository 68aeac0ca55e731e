package wire

import (
	"encoding/binary"
	"net/netip"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// header is where a program finds an IP header: off bytes behind register X.
type header struct {
	off  uint32
	ipv6 bool
}

// Where the header has what the filter looks at, and how long the fixed part is.
const (
	ipv4Protocol, ipv4Addresses = 9, 12
	ipv6Protocol, ipv6Addresses = 6, 8
	ipv6Length                  = 40
)

// flows takes the packets of the flows. It leaves register X as it was, and goes on
// when the packet belongs to none.
func (c Filter) flows(h header) (program []bpf.Instruction) {
	for _, w := range c.Flows {
		for _, ends := range [][2]netip.AddrPort{{w.Src, w.Dst}, {w.Dst, w.Src}} {
			if h.carries(ends[0]) && h.carries(ends[1]) {
				program = append(program, h.flow(w.protocol(), ends[0], ends[1])...)
			}
		}
	}
	return program
}

// carries says whether a packet with this header can have the address.
func (h header) carries(end netip.AddrPort) bool {
	return !end.Addr().IsValid() || plain(end).Is6() == h.ipv6
}

// flow takes the packets from src to dst.
func (h header) flow(protocol uint32, src, dst netip.AddrPort) []bpf.Instruction {
	var m matcher
	at, addresses, bytes := uint32(ipv4Protocol), uint32(ipv4Addresses), uint32(4)
	if h.ipv6 {
		at, addresses, bytes = ipv6Protocol, ipv6Addresses, 16
	}
	m.load(h.off+at, 1)
	m.is(protocol)
	for i, end := range []netip.AddrPort{src, dst} {
		m.address(h.off+addresses+uint32(i)*bytes, plain(end))
	}
	if h.ipv6 {
		m.ports(h.off+ipv6Length, src.Port(), dst.Port())
	} else {
		m.load(h.off+6, 2) // only a first fragment has ports
		m.must(bpf.JumpIf{Cond: bpf.JumpBitsSet, Val: 0x1fff})
		m.program = append(m.program, toTransport(h.off)...)
		m.ports(h.off, src.Port(), dst.Port())
	}
	return m.take()
}

// toTransport moves X from before an IPv4 header to before the one behind it:
// X += 4 * IHL.
func toTransport(off uint32) []bpf.Instruction {
	return []bpf.Instruction{
		bpf.LoadIndirect{Off: off, Size: 1},
		bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: 0xf},
		bpf.ALUOpConstant{Op: bpf.ALUOpMul, Val: 4},
		bpf.ALUOpX{Op: bpf.ALUOpAdd},
		bpf.TAX{},
	}
}

// matcher writes the part of a program that takes a packet if all conditions hold.
type matcher struct {
	program []bpf.Instruction
	leave   []int // the jumps that leave this part; they are told how far when it is whole
}

func (m *matcher) load(off uint32, size int) {
	m.program = append(m.program, bpf.LoadIndirect{Off: off, Size: size})
}

// must leaves when the jump's condition holds.
func (m *matcher) must(jump bpf.JumpIf) {
	m.leave = append(m.leave, len(m.program))
	m.program = append(m.program, jump)
}

func (m *matcher) is(value uint32) { m.must(bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: value}) }

func (m *matcher) address(off uint32, addr netip.Addr) {
	for b := addr.AsSlice(); len(b) > 0; b, off = b[4:], off+4 {
		m.load(off, 4)
		m.is(binary.BigEndian.Uint32(b))
	}
}

func (m *matcher) ports(off uint32, src, dst uint16) {
	for i, port := range []uint16{src, dst} {
		if port != 0 {
			m.load(off+2*uint32(i), 2)
			m.is(uint32(port))
		}
	}
}

// take ends the part: the packet is taken, and who left goes on behind it with X
// as it was.
func (m *matcher) take() []bpf.Instruction {
	program := append([]bpf.Instruction{bpf.StoreScratch{Src: bpf.RegX, N: 0}}, m.program...)
	program = append(program, bpf.RetConstant{Val: wireSnapLength})
	for _, i := range m.leave {
		jump := program[i+1].(bpf.JumpIf)
		jump.SkipTrue = uint8(len(program) - (i + 1) - 1)
		program[i+1] = jump
	}
	return append(program, bpf.LoadScratch{Dst: bpf.RegX, N: 0})
}

// The lengths of the headers of VXLAN (RFC 7348) and Ethernet.
const (
	vxlanLength    = 8
	ethernetLength = 14
)

// tunnelled judges what a VXLAN packet carries as if it had come without. It always
// returns. What is neither ARP nor IP is taken.
//
// The kernel says where the payload of UDP begins (skb_get_poff()), counted from the
// start of the data: unlike an offset from the network header, that also finds what
// a driver has left outside the linear part of the packet.
func (c Filter) tunnelled() []bpf.Instruction {
	const ip = vxlanLength + ethernetLength
	program := []bpf.Instruction{
		bpf.LoadExtension{Num: bpf.ExtPayloadOffset},
		bpf.TAX{},
		bpf.LoadIndirect{Off: ip - 2, Size: 2},
	}
	program = append(program, when(unix.ETH_P_IP, append(c.carried(header{off: ip}), bpf.RetConstant{Val: 0}))...)
	var six []bpf.Instruction
	if c.IPv6 {
		six = c.carried(header{off: ip, ipv6: true})
	}
	program = append(program, when(unix.ETH_P_IPV6, append(six, bpf.RetConstant{Val: 0}))...)
	return append(program, bpf.RetConstant{Val: wireSnapLength})
}

// tunnels are the protocols of IPIP, SIT and GRE.
var tunnels = []uint32{unix.IPPROTO_IPIP, unix.IPPROTO_IPV6, unix.IPPROTO_GRE}

// carried takes ICMP, the tunnels, and the transports and flows that the filter asks for,
// from a header anywhere, and goes on with the rest.
func (c Filter) carried(h header) []bpf.Instruction {
	protocols, at := append([]uint32{unix.IPPROTO_ICMP}, tunnels...), uint32(ipv4Protocol)
	if h.ipv6 {
		protocols, at = []uint32{unix.IPPROTO_ICMPV6}, ipv6Protocol
	}
	program := []bpf.Instruction{bpf.LoadIndirect{Off: h.off + at, Size: 1}}
	for _, protocol := range protocols {
		program = append(program, acceptIf(protocol)...)
	}
	return append(append(program, c.transports()...), c.flows(h)...)
}

// when runs part if register A is value, and else goes on behind it. The part may be
// longer than a conditional jump reaches.
func when(value uint32, part []bpf.Instruction) []bpf.Instruction {
	return append([]bpf.Instruction{
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: value, SkipTrue: 1},
		bpf.Jump{Skip: uint32(len(part))},
	}, part...)
}
