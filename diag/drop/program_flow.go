package drop

import (
	"encoding/binary"
	"net/netip"

	"github.com/cilium/ebpf/asm"
)

// flow goes on with a packet of the flow, and jumps with any other one.
func (w *writing) flow(at int, f Flow, other string) {
	family := int32(6)
	if f.is4() {
		family = 4
	}
	w.add(asm.LoadMem(asm.R1, asm.RFP, event(at+pkFamily), asm.Byte), asm.JNE.Imm(asm.R1, family, other))
	w.address(at+pkSrc, f.Src, other)
	w.address(at+pkDst, f.Dst, other)
	if f.Proto != 0 {
		w.add(asm.JNE.Imm(rProto, int32(f.Proto), other))
	}
	if f.SrcPort == 0 && f.DstPort == 0 && f.ID == 0 {
		return
	}
	// A fragment behind the first is of whatever flow has its addresses.
	fits := other + "-bare"
	w.add(asm.LoadMem(asm.R1, asm.RFP, event(at+pkBare), asm.Byte), asm.JNE.Imm(asm.R1, 0, fits))
	w.half(at+pkInner, f.SrcPort, other)
	w.half(at+pkInner+2, f.DstPort, other)
	if f.ID != 0 {
		isEcho := other + "-echo"
		w.add(
			asm.LoadMem(asm.R1, asm.RFP, event(at+pkInner), asm.Byte),
			asm.JEq.Imm(asm.R1, int32(echo[f.Proto][0]), isEcho),
			asm.JNE.Imm(asm.R1, int32(echo[f.Proto][1]), other),
		)
		w.label(isEcho)
		w.half(at+pkInner+4, f.ID, other)
	}
	w.label(fits)
}

// address compares an address. One that is not asked for fits.
func (w *writing) address(at int, addr netip.Addr, other string) {
	addr = addr.Unmap()
	switch {
	case !addr.IsValid():
	case addr.Is4():
		b := addr.As4()
		w.add(
			asm.LoadMem(asm.R1, asm.RFP, event(at), asm.Word),
			asm.JNE.Imm32(asm.R1, int32(binary.NativeEndian.Uint32(b[:])), other),
		)
	default:
		b := addr.As16()
		for i := 0; i < len(b); i += 8 {
			w.add(
				asm.LoadMem(asm.R1, asm.RFP, event(at+i), asm.DWord),
				asm.LoadImm(asm.R2, int64(binary.NativeEndian.Uint64(b[i:])), asm.DWord),
				asm.JNE.Reg(asm.R1, asm.R2, other),
			)
		}
	}
}

// half compares two bytes of the packet with a number; 0 fits.
func (w *writing) half(at int, number uint16, other string) {
	if number == 0 {
		return
	}
	w.add(
		asm.LoadMem(asm.R1, asm.RFP, event(at), asm.Half), asm.HostTo(asm.BE, asm.R1, asm.Half),
		asm.JNE.Imm(asm.R1, int32(number), other),
	)
}
