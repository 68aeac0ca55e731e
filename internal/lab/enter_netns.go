package lab

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"

	"nstutor/internal/nsenter"
	"nstutor/internal/say"

	"golang.org/x/sys/unix"
)

// enterNetns is the name of the applet that runs a command in a namespace.
const enterNetns = "netns-exec"

// enteredTerm carries $TERM past the applet's own start. A program on a terminal
// that is not dumb asks it for its colours in an init function of Bubble Tea; the
// answer would come to the command instead.
const enteredTerm = "NSTUTOR_ENTERED_TERM"

// execInNetns does what `ip netns exec` does, without ip(8): its arguments are
// the namespace's name and the command, which takes the place of this process.
// In a mount namespace of its own /sys is the one of the network namespace, and
// the files of /etc/netns/NAME are in front of those in /etc.
//
// One thing is better here: `ip netns exec` takes /run/netns out of its peer
// group (MS_SLAVE), so that what `ip netns add` makes inside is seen by nobody
// else. In the lab all other mounts are private already, and that one stays
// shared.
func execInNetns(args []string) error {
	if len(args) < 2 {
		return say.Err("usage: netns-exec NAME COMMAND…", "用法：netns-exec NAME COMMAND…")
	}
	name, argv := args[0], args[1:]
	// A new mount namespace belongs to one thread, the one that calls exec.
	runtime.LockOSThread()
	if err := setNetns(name); err != nil {
		return err
	}
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return say.Err("%s: unshare the mounts: %v", "%s：分离挂载：%v", name, err)
	}
	// Where a container hides parts of /sys the kernel refuses a whole one
	// (mount_too_revealing in fs/namespace.c), as it did when the lab was born:
	// the lab's stays in front.
	const quiet = unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC
	if err := unix.Mount(name, "/sys", "sysfs", quiet|unix.MS_RDONLY, ""); err != nil && err != unix.EPERM {
		return say.Err("%s: mount /sys: %v", "%s：挂载 /sys：%v", name, err)
	}
	if err := bindEtc(name); err != nil {
		return err
	}
	if term, ok := os.LookupEnv(enteredTerm); ok {
		os.Setenv("TERM", term)
		os.Unsetenv(enteredTerm)
	}
	path, err := exec.LookPath(argv[0])
	if err != nil {
		return err
	}
	return say.At(path, syscall.Exec(path, argv, os.Environ()))
}

// setNetns enters the namespace, unless the process was born there.
func setNetns(name string) error {
	path, err := PathOf(name)
	if err != nil {
		return err
	}
	fd, err := nsenter.OpenFile(path)
	if err == unix.ENOENT {
		return say.At(name, ErrNoNamespace)
	}
	if err != nil {
		return say.Err("%s: open: %v", "%s：打开：%v", name, err)
	}
	defer unix.Close(fd)
	if err := unix.Setns(fd, unix.CLONE_NEWNET); err != nil {
		return say.At(name, say.At("setns", err))
	}
	return nil
}

// bindEtc puts the files of /etc/netns/NAME in front of those of the same name
// in /etc. One that has nothing to stand in front of is told, and left out, as
// `ip netns exec` does.
func bindEtc(name string) error {
	dir := filepath.Join("/etc/netns", name)
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return say.At(name, err)
	}
	for _, e := range entries {
		own, front := filepath.Join(dir, e.Name()), filepath.Join("/etc", e.Name())
		if err := unix.Mount(own, front, "none", unix.MS_BIND, ""); err != nil {
			fmt.Fprintf(os.Stderr, "%s: bind %s to %s: %v\n", name, own, front, err)
		}
	}
	return nil
}
