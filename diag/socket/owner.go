package socket

import (
	"context"
	"fmt"
	"os"
	"strings"

	"nstutor/internal/plainfile"

	"golang.org/x/sys/unix"
)

// Process is somebody who has a socket open.
type Process struct {
	PID  int
	Comm string // the name of the process, at most 15 bytes, which it may choose freely
}

// Owners finds who has the sockets with these inodes open, of several processes the
// one with the lowest PID: where workers share a socket, mostly their parent. It
// reads every descriptor of every process, some 5 µs each, so it is asked for a
// socket that matters and not for all. Processes of other users stay unknown
// without CAP_SYS_PTRACE, and those of other PID namespaces always.
func Owners(ctx context.Context, inodes ...uint32) map[uint32]Process {
	owners := map[uint32]Process{}
	look(ctx, inodes, func(inode uint32, by Process, _ string) { owners[inode] = by })
	return owners
}

// look finds the first process that has each of the sockets open, and by which descriptor.
func look(ctx context.Context, inodes []uint32, take func(inode uint32, by Process, fd string)) {
	wanted := map[string]uint32{}
	for _, inode := range inodes {
		wanted[fmt.Sprintf("socket:[%d]", inode)] = inode
	}
	for _, pid := range plainfile.Processes() {
		if ctx.Err() != nil || len(wanted) == 0 {
			break
		}
		for fd, link := range descriptors(pid) {
			inode, ok := wanted[link]
			if !ok {
				continue
			}
			comm, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
			if err != nil {
				break // it has ended
			}
			take(inode, Process{PID: pid, Comm: strings.TrimSuffix(string(comm), "\n")}, fd)
			delete(wanted, link)
		}
	}
}

// descriptors are the targets of a process's descriptors, as /proc writes them, by their numbers.
func descriptors(pid int) map[string]string {
	dir, err := os.Open(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		return nil
	}
	defer dir.Close()
	open, _ := dir.Readdirnames(-1)
	links := make(map[string]string, len(open))
	var target [64]byte // longer than a socket's; what is longer is cut off
	for _, name := range open {
		if n, err := unix.Readlinkat(int(dir.Fd()), name, target[:]); err == nil {
			links[name] = string(target[:n])
		}
	}
	return links
}
