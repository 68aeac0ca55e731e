package lab

import (
	"math/bits"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The reaper looks reapDelay after a child has ended, so that whoever started it
// has had time to wait for it, and again after at most reapPause while a child
// that somebody is to wait for stands in front of others.
const (
	reapDelay = 50 * time.Millisecond
	reapPause = time.Second
)

// reapOrphans makes this process a good first process of its PID namespace: what
// loses its parent in the lab, such as a daemon, becomes its child
// (find_new_reaper() in kernel/exit.c), and would stay a zombie.
//
// Children that this program started itself are left to whoever waits for them.
// They are told apart by the kernel, without a list of our own: the os package
// holds a pidfd of each child from clone(2) until Wait has its exit status, and
// no orphan has one. Where Go does without pidfds nothing can be told apart, and
// nothing is reaped.
func reapOrphans() {
	if os.Getpid() != 1 || !pidfdsWork() {
		return
	}
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, unix.SIGCHLD)
	go func() {
		for range ended {
			for pause := reapDelay; ; pause = min(2*pause, reapPause) {
				time.Sleep(pause)
				pid := zombie()
				if pid == 0 {
					break
				}
				if own, err := hasPidfd(pid); err != nil || own {
					continue
				}
				unix.Wait4(pid, nil, unix.WNOHANG, nil)
				pause = 0
			}
		}
	}()
}

// pidfdsWork says whether the os package uses pidfds: its own test
// (os.checkPidfd), but for clone(2), which had them before waitid(2).
func pidfdsWork() bool {
	fd, err := unix.PidfdOpen(os.Getpid(), 0)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	if err := unix.Waitid(unix.P_PIDFD, fd, nil, unix.WEXITED, nil); err != unix.ECHILD {
		return false
	}
	return unix.PidfdSendSignal(fd, 0, nil, 0) == nil
}

// zombie is a child that has ended and that nobody has waited for, or 0.
func zombie() int {
	// A siginfo_t begins with three numbers, then, aligned to a pointer, the PID.
	const pidIndex = 3 + bits.UintSize/64
	var info [32]int32
	first := (*unix.Siginfo)(unsafe.Pointer(&info))
	if err := unix.Waitid(unix.P_ALL, 0, first, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil); err != nil {
		return 0
	}
	return int(info[pidIndex])
}

// hasPidfd says whether this process holds a pidfd of the child: pidfd_show_fdinfo() in
// fs/pidfs.c numbers it.
func hasPidfd(pid int) (bool, error) {
	dir, err := os.Open("/proc/self/fd")
	if err != nil {
		return false, err
	}
	defer dir.Close()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return false, err
	}
	depth := len(pids(string(status)))
	if depth == 0 { // a kernel that tells nothing apart
		return true, nil
	}
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return false, err
	}
	for _, name := range names {
		link, err := os.Readlink("/proc/self/fd/" + name)
		if err != nil || !strings.Contains(link, "pidfd") {
			continue
		}
		info, err := os.ReadFile("/proc/self/fdinfo/" + name)
		if of := pids(string(info)); err == nil && len(of) >= depth && of[depth-1] == strconv.Itoa(pid) {
			return true, nil
		}
	}
	return false, nil
}

// pids are the numbers of a process in its PID namespaces, as /proc has them behind
// NSpid: the first is that of the namespace /proc was mounted in, and the last its own.
// A child that is the first process of a namespace of its own, as another lab's is, has
// one number more than its parent.
func pids(status string) []string {
	for line := range strings.Lines(status) {
		if numbers, ok := strings.CutPrefix(line, "NSpid:"); ok {
			return strings.Fields(numbers)
		}
	}
	return nil
}
