package drop

import (
	"github.com/cilium/ebpf/asm"
	"golang.org/x/sys/unix"
)

// pointer follows a pointer in a struct, and jumps where there is none.
func (w *writing) pointer(from asm.Register, offset int, otherwise string) {
	w.read(stScratch, 8, from, offset, otherwise)
	w.add(asm.LoadMem(rHeader, asm.RFP, stScratch, asm.DWord), asm.JEq.Imm(rHeader, 0, otherwise))
}

// where notes the device and the namespace. A packet that has not been given to a
// device yet leaves by that of its route. One that a socket has is on none any
// more, and is in the namespace of the socket that was to have it, or sent it.
func (w *writing) where() {
	l := w.l
	w.pointer(rSkb, l.dev, "off-device")
	w.device("off-device")
	w.label("off-device")
	w.read(event(evIfindex), 4, rSkb, l.iif, "receiver")
	w.add(asm.LoadMem(asm.R1, asm.RFP, event(evIfindex), asm.Word), asm.JNE.Imm(asm.R1, 0, "receiver"))
	w.route("receiver")
	w.device("receiver")
	w.label("receiver")
	w.add(asm.LoadMem(rHeader, asm.RFP, stReceiver, asm.DWord), asm.JEq.Imm(rHeader, 0, "sender"))
	w.pointer(rHeader, l.sockNet, "sender")
	w.add(asm.Ja.Label("net"))
	w.label("sender")
	w.pointer(rSkb, l.sock, "routed")
	w.pointer(rHeader, l.sockNet, "routed")
	w.add(asm.Ja.Label("net"))
	w.label("routed")
	w.route("rest")
	w.pointer(rHeader, l.devNet, "rest")
	w.label("net")
	w.read(event(evNetns), 4, rHeader, l.inum, "rest")
	w.label("rest")
}

// device notes the device that is looked at, and goes on with its namespace.
func (w *writing) device(otherwise string) {
	w.read(event(evIfindex), 4, rHeader, w.l.ifindex, otherwise)
	w.read(event(evDevice), unix.IFNAMSIZ, rHeader, w.l.name, otherwise)
	w.pointer(rHeader, w.l.devNet, otherwise)
	w.add(asm.Ja.Label("net"))
}

// route looks at the device of the packet's route, whose pointer has flags in its
// lowest bits (SKB_DST_NOREF).
func (w *writing) route(otherwise string) {
	w.pointer(rSkb, w.l.dst, otherwise)
	w.add(asm.And.Imm(rHeader, ^7))
	w.pointer(rHeader, w.l.dstDev, otherwise)
}

// symbol has the kernel itself say which function the location is in: to read
// /proc/kallsyms takes longer than all the rest.
func (w *writing) symbol(m shared) {
	w.add(
		asm.Mov.Reg(asm.R1, asm.RFP), asm.Add.Imm(asm.R1, int32(event(evSymbol))),
		asm.Mov.Imm(asm.R2, symbolSize),
		asm.LoadMapValue(asm.R3, m.format.FD(), 0),
		asm.Mov.Reg(asm.R4, asm.RFP), asm.Add.Imm(asm.R4, int32(event(evLocation))),
		asm.Mov.Imm(asm.R5, 8),
		asm.FnSnprintf.Call(),
	)
}

// send hands the event over, or counts it where there is no room.
func (w *writing) send(m shared) {
	w.add(
		asm.FnKtimeGetNs.Call(), asm.StoreMem(asm.RFP, event(evTime), asm.R0, asm.DWord),
		asm.LoadMapPtr(asm.R1, m.events.FD()),
		asm.Mov.Reg(asm.R2, asm.RFP), asm.Add.Imm(asm.R2, stEvent),
		asm.Mov.Imm(asm.R3, eventSize),
		asm.Mov.Imm(asm.R4, 0),
		asm.FnRingbufOutput.Call(),
		asm.JEq.Imm(asm.R0, 0, "out"),
		asm.LoadMapValue(asm.R1, m.lost.FD(), 0),
		asm.Mov.Imm(asm.R2, 1),
		asm.StoreXAdd(asm.R1, asm.R2, asm.DWord),
	)
}
