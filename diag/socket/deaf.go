package socket

import (
	"context"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

// OwnerOf is who has one socket open, as Owners finds it, and whether it is one of Deaf.
func OwnerOf(ctx context.Context, inode uint32) (owner Process, deaf bool) {
	look(ctx, []uint32{inode}, func(_ uint32, by Process, fd string) {
		owner, deaf = by, takesNothing(by.PID, fd)
	})
	return owner, deaf
}

// Deaf are those of the sockets with these inodes that take nothing which comes: each packet is
// dropped by a filter that their owner has put on them (SO_ATTACH_FILTER), as one does who only
// keeps a port from others. Of sockets of those who may not be traced it is not known.
func Deaf(ctx context.Context, inodes ...uint32) map[uint32]bool {
	deaf := map[uint32]bool{}
	look(ctx, inodes, func(inode uint32, by Process, fd string) {
		if takesNothing(by.PID, fd) {
			deaf[inode] = true
		}
	})
	return deaf
}

// takesNothing reports whether the filter of a socket of a process lets nothing pass. The socket
// is looked at by a descriptor of one's own (pidfd_getfd(2), before Linux 5.6 there is none).
func takesNothing(pid int, fd string) bool {
	number, err := strconv.Atoi(fd)
	if err != nil {
		return false
	}
	process, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return false
	}
	defer unix.Close(process)
	socket, err := unix.PidfdGetfd(process, number, 0)
	if err != nil {
		return false
	}
	defer unix.Close(socket)
	var program [64]unix.SockFilter // of what is longer more is wanted than that nothing comes
	length := uint32(len(program))
	if _, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(socket), unix.SOL_SOCKET, unix.SO_GET_FILTER,
		uintptr(unsafe.Pointer(&program)), uintptr(unsafe.Pointer(&length)), 0); errno != 0 {
		return false
	}
	return dropsAll(program[:length])
}

// dropsAll reports whether a classic BPF program returns nothing but 0: that many bytes of a
// packet are kept (sk_filter_trim_cap()).
func dropsAll(program []unix.SockFilter) bool {
	returns := false
	for _, op := range program {
		if op.Code&7 != unix.BPF_RET {
			continue
		}
		if returns = true; op.Code != unix.BPF_RET|unix.BPF_K || op.K != 0 {
			return false
		}
	}
	return returns
}
