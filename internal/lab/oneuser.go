package lab

import (
	"runtime"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// In a lab that was born without root there is one user, who is its root: the kernel
// lets an ordinary user map no other number and set no groups (user_namespaces(7)).
// tcpdump is one of the programs that give up being root before they begin, and ends
// where that is refused, even with -Z root, since that sets root's groups. There is
// nothing to give up here. So a call that would make a process somebody else than the
// one user there is succeeds, and does nothing.

// auditArch is what the kernel calls this machine's system calls (AUDIT_ARCH_*), where
// the calls below take numbers of 32 bits.
var auditArch = map[string]uint32{
	"amd64":   unix.AUDIT_ARCH_X86_64,
	"arm64":   unix.AUDIT_ARCH_AARCH64,
	"riscv64": unix.AUDIT_ARCH_RISCV64,
	"ppc64le": unix.AUDIT_ARCH_PPC64LE,
	"s390x":   unix.AUDIT_ARCH_S390X,
	"loong64": unix.AUDIT_ARCH_LOONGARCH64,
}

// becoming are the calls that make a process somebody else, and how many of their
// arguments are numbers of users or groups; setgroups has a list.
var becoming = []struct{ call, numbers uint32 }{
	{unix.SYS_SETGROUPS, 0},
	{unix.SYS_SETUID, 1}, {unix.SYS_SETGID, 1},
	{unix.SYS_SETREUID, 2}, {unix.SYS_SETREGID, 2},
	{unix.SYS_SETRESUID, 3}, {unix.SYS_SETRESGID, 3},
}

// Offsets in struct seccomp_data (seccomp(2)). The low half of an argument comes first
// on a machine that counts bytes from the low end.
const (
	seccompCall = 0
	seccompArch = 4
	seccompArgs = 16
)

// stayOneUser has all threads of this process, and whatever they start, succeed in
// becoming somebody else without doing it. What it answers matters to nobody but the
// learner's own programs: without it they fail as they would have.
func stayOneUser() error {
	arch, known := auditArch[runtime.GOARCH]
	if !known {
		return unix.ENOSYS
	}
	raw, err := bpf.Assemble(oneUserFilter(arch))
	if err != nil {
		return err
	}
	filter := make([]unix.SockFilter, len(raw))
	for i, ins := range raw {
		filter[i] = unix.SockFilter{Code: ins.Op, Jt: ins.Jt, Jf: ins.Jf, K: ins.K}
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	const flags = unix.SECCOMP_FILTER_FLAG_TSYNC | unix.SECCOMP_FILTER_FLAG_SPEC_ALLOW
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags, uintptr(unsafe.Pointer(&program)))
	runtime.KeepAlive(filter)
	if errno != 0 {
		return errno
	}
	return nil
}

// oneUserFilter lets all calls through but those that becoming lists, with a number
// that is not root's: 0, or -1 for "as it is".
func oneUserFilter(arch uint32) []bpf.Instruction {
	allow, succeed := bpf.RetConstant{Val: unix.SECCOMP_RET_ALLOW}, bpf.RetConstant{Val: unix.SECCOMP_RET_ERRNO}
	program := []bpf.Instruction{
		bpf.LoadAbsolute{Off: seccompArch, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: arch, SkipTrue: 1},
		allow,
		bpf.LoadAbsolute{Off: seccompCall, Size: 4},
	}
	for _, b := range becoming {
		var then []bpf.Instruction
		for i := range b.numbers {
			then = append(then,
				bpf.LoadAbsolute{Off: seccompArgs + 8*i + lowHalf(), Size: 4},
				bpf.JumpIf{Cond: bpf.JumpEqual, Val: 0, SkipTrue: 2},
				bpf.JumpIf{Cond: bpf.JumpEqual, Val: 0xffffffff, SkipTrue: 1},
				succeed,
			)
		}
		last := allow
		if b.numbers == 0 {
			last = succeed
		}
		then = append(then, last)
		program = append(program, bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: b.call, SkipTrue: uint8(len(then))})
		program = append(program, then...)
	}
	return append(program, allow)
}

// lowHalf is where the low 32 bits of an argument are in its 64.
func lowHalf() uint32 {
	if one := uint16(1); *(*byte)(unsafe.Pointer(&one)) == 1 {
		return 0
	}
	return 4
}
