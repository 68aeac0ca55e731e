package farend

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"nstutor/internal/nsenter"
	"nstutor/internal/plainfile"
)

// Program is a process.
type Program struct {
	PID  int
	Name string // comm: what ps(1) shows, at most 15 bytes
}

func (p Program) String() string { return fmt.Sprintf("%s (pid %d)", cmp.Or(p.Name, "?"), p.PID) }

// tunDevice is what a program has open that made a tun or tap device its own.
const tunDevice = "/dev/net/tun"

// holders are the programs that have the tun or tap device of that name open, by the
// number of their process. Which namespace the device is in only the kernel can tell,
// of a file that was opened (TUNGETDEVNETNS, Linux 5.2): where that may not be asked,
// the name decides. Other users' programs are seen by root alone.
func holders(ns *nsenter.Namespace, dev string) (found []Program) {
	fds, err := filepath.Glob("/proc/[0-9]*/fd/*")
	if err != nil {
		return nil
	}
	for _, fd := range fds {
		parts := strings.Split(fd, "/")
		pid, err := strconv.Atoi(parts[2])
		if err != nil || len(found) > 0 && found[len(found)-1].PID == pid || !opened(fd, dev) {
			continue
		}
		number, err := strconv.Atoi(parts[4])
		if inode, ok := netnsOf(pid, number); err != nil || ok && inode != ns.Inode() {
			continue
		}
		comm, _ := plainfile.Read(filepath.Join("/proc", parts[2], "comm")) // it may have ended
		found = append(found, Program{PID: pid, Name: strings.TrimSuffix(string(comm), "\n")})
	}
	return found
}

// opened reports whether a file of a process is a tun or tap device of that name.
func opened(fd, dev string) bool {
	target, err := os.Readlink(fd)
	if err != nil || target != tunDevice {
		return false
	}
	info, err := plainfile.Read(strings.Replace(fd, "/fd/", "/fdinfo/", 1))
	if err != nil {
		return false
	}
	for line := range bytes.Lines(info) {
		if name, ok := bytes.CutPrefix(line, []byte("iff:")); ok {
			return string(bytes.TrimSpace(name)) == dev
		}
	}
	return false
}

// netnsOf is the namespace of the device that a process has open.
func netnsOf(pid, fd int) (inode uint64, ok bool) {
	process, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return 0, false
	}
	defer unix.Close(process)
	tun, err := unix.PidfdGetfd(process, fd, 0)
	if err != nil {
		return 0, false
	}
	defer unix.Close(tun)
	netns, err := unix.IoctlRetInt(tun, unix.TUNGETDEVNETNS)
	if err != nil {
		return 0, false
	}
	defer unix.Close(netns)
	var st unix.Stat_t
	if err := unix.Fstat(netns, &st); err != nil {
		return 0, false
	}
	return st.Ino, true
}
