package labtest

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"

	"nstutor/internal/lab"
	"nstutor/internal/nsenter"
)

// asRootEnv tells the test binary that it has been born by MainAsRoot.
const asRootEnv = "NSTUTOR_TEST_AS_ROOT"

// asRoot are the namespaces of tests that keep the machine's own user namespace.
const asRoot = unix.CLONE_NEWNS | unix.CLONE_NEWNET | unix.CLONE_NEWPID | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC

// initialUser is the inode of the machine's own user namespace
// (PROC_USER_INIT_INO in include/linux/proc_ns.h).
const initialUser = 0xefffffFD

// MainAsRoot is Main for tests of what no user namespace may do, such as loading a
// BPF program: for the machine's root they run in new namespaces of every other
// kind, and for everybody else in a lab, where the kernel refuses.
func MainAsRoot(m interface{ Run() int }, others ...Inside) {
	if _, born := os.LookupEnv(asRootEnv); born {
		os.Unsetenv(asRootEnv)
		if err := furnishAsRoot(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(m.Run())
	}
	user, err := nsenter.InodeAt("/proc/self/ns/user")
	if os.Geteuid() != 0 || err != nil || user != initialUser {
		Main(m, others...)
		return
	}
	lab.Dispatch()
	serveInside(others)
	runtime.LockOSThread() // Pdeathsig is the death of the thread that started the child
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), asRootEnv+"=")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: asRoot, Pdeathsig: unix.SIGKILL}
	if err := cmd.Run(); cmd.ProcessState == nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(cmd.ProcessState.ExitCode())
}

// furnishAsRoot gives the tests a /proc and a /run of their own.
func furnishAsRoot() error {
	if os.Getpid() != 1 {
		return fmt.Errorf("%s is for the test's own use; unset it", asRootEnv)
	}
	if err := unix.Mount("none", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make the mounts private: %w", err)
	}
	for _, m := range []struct{ kind, path string }{{"proc", "/proc"}, {"tmpfs", "/run"}} {
		if err := unix.Mount(m.kind, m.path, m.kind, 0, ""); err != nil {
			return fmt.Errorf("mount %s: %w", m.path, err)
		}
	}
	return os.MkdirAll("/run/netns", 0o755)
}
