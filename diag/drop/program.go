package drop

import (
	"fmt"

	"github.com/cilium/ebpf/asm"
	"golang.org/x/sys/unix"
)

// The kernel lends bpf_probe_read_kernel() to programs alone that say they may be
// linked with it. The instructions of this file may be used under the MIT licence
// or the GPL as well.
const programLicence = "Dual MIT/GPL"

// What is known of a packet, or of the one that an ICMP error quotes.
const (
	pkFamily = 0 // 4 or 6
	pkProto  = 1
	pkBare   = 2 // it has no ports: a fragment, or there is nothing behind the header
	pkInner  = 8 // the first 8 bytes behind the header of IP
	pkSrc    = 16
	pkDst    = 32
	pkSize   = 48
)

// The event, which the program puts together on its stack.
const (
	evTime     = 0 // CLOCK_MONOTONIC
	evLocation = 8
	evReason   = 16
	evIfindex  = 20
	evNetns    = 24
	evFlow     = 28
	evQuoted   = 32
	evDevice   = 40
	evSymbol   = evDevice + unix.IFNAMSIZ
	symbolSize = 64
	evPacket   = evSymbol + symbolSize
	evInner    = evPacket + pkSize // the packet that is quoted
	eventSize  = evInner + pkSize
)

// The stack, from the frame pointer down: what is read, and the event below it.
const (
	stScratch  = -48 // 40 bytes, the header of IPv6
	stReceiver = -8
	stEvent    = stScratch - eventSize
)

// The registers that calls leave alone.
const (
	rSkb    = asm.R6
	rHeader = asm.R7 // the header of IP that is looked at, later a struct
	rProto  = asm.R8
	rBehind = asm.R9 // what is behind the header
)

// writing is a program while it is written.
type writing struct {
	asm.Instructions
	l    *layout
	next string // the label of the next instruction
}

func (w *writing) add(all ...asm.Instruction) {
	for _, ins := range all {
		if w.next != "" {
			ins, w.next = ins.WithSymbol(w.next), ""
		}
		w.Instructions = append(w.Instructions, ins)
	}
}

// label gives the next instruction a name, for jumps.
func (w *writing) label(name string) {
	if w.next != "" { // two names for one place
		w.add(asm.Mov.Imm(asm.R0, 0))
	}
	w.next = name
}

// event is the place of a part of the event on the stack.
func event(at int) int16 { return int16(stEvent + at) }

// read copies kernel memory to the stack, and jumps where there is none: the
// pointers in a packet that is about to be freed need not lead anywhere.
func (w *writing) read(to int16, size int, from asm.Register, offset int, otherwise string) {
	w.add(
		asm.Mov.Reg(asm.R1, asm.RFP), asm.Add.Imm(asm.R1, int32(to)),
		asm.Mov.Imm(asm.R2, int32(size)),
		asm.Mov.Reg(asm.R3, from), asm.Add.Imm(asm.R3, int32(offset)),
		asm.FnProbeReadKernel.Call(),
		asm.JNE.Imm(asm.R0, 0, otherwise),
	)
}

// program writes the program for a kernel. It runs at every drop of the machine,
// and looks at the addresses first.
func program(l *layout, f Filter, m shared) asm.Instructions {
	w := &writing{l: l}
	w.arguments()
	w.read(stScratch, 8, rSkb, l.head, "out")
	w.read(stScratch+8, 2, rSkb, l.network, "out")
	w.add(
		asm.LoadMem(rHeader, asm.RFP, stScratch, asm.DWord),
		asm.LoadMem(asm.R1, asm.RFP, stScratch+8, asm.Half),
		asm.Add.Reg(rHeader, asm.R1),
	)
	w.packet("packet", evPacket)
	w.match("packet", evPacket, f)
	w.quoted()
	w.packet("quoted", evInner)
	w.match("quoted", evInner, f)
	w.add(asm.Ja.Label("out"))
	w.label("found")
	w.where()
	w.symbol(m)
	w.send(m)
	w.label("out")
	w.add(asm.Mov.Imm(asm.R0, 0), asm.Return())
	return w.Instructions
}

// arguments clears the event and takes what the tracepoint tells: each argument
// is a word.
func (w *writing) arguments() {
	w.add(asm.Mov.Imm(asm.R0, 0))
	for at := stEvent; at < 0; at += 8 {
		w.add(asm.StoreMem(asm.RFP, int16(at), asm.R0, asm.DWord))
	}
	w.add(
		asm.LoadMem(rSkb, asm.R1, 0, asm.DWord),
		asm.LoadMem(asm.R2, asm.R1, 8, asm.DWord), asm.StoreMem(asm.RFP, event(evLocation), asm.R2, asm.DWord),
		asm.LoadMem(asm.R2, asm.R1, 16, asm.DWord), asm.StoreMem(asm.RFP, event(evReason), asm.R2, asm.Word),
	)
	if w.l.receiver {
		w.add(asm.LoadMem(asm.R2, asm.R1, 24, asm.DWord), asm.StoreMem(asm.RFP, stReceiver, asm.R2, asm.DWord))
	}
}

// packet takes the header of IP apart. A fragment header of IPv6 is followed,
// other extension headers are not: what is behind them stays unknown.
func (w *writing) packet(name string, at int) {
	store := func(to int, from asm.Register, size asm.Size) asm.Instruction {
		return asm.StoreMem(asm.RFP, event(at+to), from, size)
	}
	header := func(to asm.Register, from int16, size asm.Size) asm.Instruction {
		return asm.LoadMem(to, asm.RFP, stScratch+from, size)
	}
	w.read(stScratch, 20, rHeader, 0, "out")
	w.add(
		header(asm.R1, 0, asm.Byte),
		asm.Mov.Reg(asm.R2, asm.R1), asm.RSh.Imm(asm.R2, 4), store(pkFamily, asm.R2, asm.Byte),
		asm.JEq.Imm(asm.R2, 6, name+"-6"),
		asm.JNE.Imm(asm.R2, 4, "out"),
		asm.And.Imm(asm.R1, 0xf), asm.LSh.Imm(asm.R1, 2),
		asm.Mov.Reg(rBehind, rHeader), asm.Add.Reg(rBehind, asm.R1),
		header(rProto, 9, asm.Byte),
		header(asm.R1, 12, asm.Word), store(pkSrc, asm.R1, asm.Word),
		header(asm.R1, 16, asm.Word), store(pkDst, asm.R1, asm.Word),
		header(asm.R1, 6, asm.Half), asm.HostTo(asm.BE, asm.R1, asm.Half), asm.And.Imm(asm.R1, 0x1fff),
		asm.JNE.Imm(asm.R1, 0, name+"-bare"),
		asm.Ja.Label(name+"-inner"),
	)
	w.label(name + "-6")
	w.read(stScratch, 40, rHeader, 0, "out")
	w.add(header(rProto, 6, asm.Byte), asm.Mov.Reg(rBehind, rHeader), asm.Add.Imm(rBehind, 40))
	for i := range int16(4) {
		w.add(header(asm.R1, 8+8*i, asm.DWord), store(pkSrc+8*int(i), asm.R1, asm.DWord))
	}
	w.add(asm.JNE.Imm(rProto, unix.IPPROTO_FRAGMENT, name+"-inner"))
	w.read(stScratch, 8, rBehind, 0, name+"-bare")
	w.add(
		header(rProto, 0, asm.Byte), asm.Add.Imm(rBehind, 8),
		header(asm.R1, 2, asm.Half), asm.HostTo(asm.BE, asm.R1, asm.Half), asm.And.Imm(asm.R1, 0xfff8),
		asm.JNE.Imm(asm.R1, 0, name+"-bare"),
	)
	w.label(name + "-inner")
	w.read(event(at+pkInner), 8, rBehind, 0, name+"-bare")
	w.add(asm.Ja.Label(name + "-read"))
	w.label(name + "-bare")
	w.add(asm.Mov.Imm(asm.R1, 1), store(pkBare, asm.R1, asm.Byte))
	w.label(name + "-read")
	w.add(store(pkProto, rProto, asm.Byte))
}

// quoted goes on with the packet in an ICMP error, if this is one.
func (w *writing) quoted() {
	load := func(to asm.Register, at int, size asm.Size) asm.Instruction {
		return asm.LoadMem(to, asm.RFP, event(evPacket+at), size)
	}
	w.add(
		load(asm.R1, pkBare, asm.Byte), asm.JNE.Imm(asm.R1, 0, "out"),
		load(asm.R1, pkInner, asm.Byte),
		asm.JEq.Imm(rProto, unix.IPPROTO_ICMP, "error-4"),
		asm.JNE.Imm(rProto, unix.IPPROTO_ICMPV6, "out"),
		asm.JLT.Imm(asm.R1, 128, "error"), // RFC 4443, section 2.1
		asm.Ja.Label("out"),
	)
	w.label("error-4")
	for _, kind := range []int32{3, 4, 5, 11, 12} { // RFC 792
		w.add(asm.JEq.Imm(asm.R1, kind, "error"))
	}
	w.add(asm.Ja.Label("out"))
	w.label("error")
	w.add(
		asm.Mov.Imm(asm.R1, 1), asm.StoreMem(asm.RFP, event(evQuoted), asm.R1, asm.Word),
		asm.Mov.Reg(rHeader, rBehind), asm.Add.Imm(rHeader, 8),
	)
}

// match jumps to "found" for a packet of one of the flows.
func (w *writing) match(name string, at int, f Filter) {
	for i, flow := range f.Flows {
		next := fmt.Sprintf("%s-not-%d", name, i)
		w.flow(at, flow, next)
		w.add(
			asm.Mov.Imm(asm.R1, int32(i)), asm.StoreMem(asm.RFP, event(evFlow), asm.R1, asm.Word),
			asm.Ja.Label("found"),
		)
		w.label(next)
	}
}
