package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"nstutor/internal/lab/standin"
	"nstutor/internal/say"
)

// Where the lab keeps its own things, inside its private /run.
const (
	ownDir = "/run/nstutor"
	binDir = ownDir + "/bin"
	etcDir = ownDir + "/etc" // the machine's /etc
	// Stand-ins for programs that are missing are for what a learner types and for
	// scripts; this program itself must know that they are missing.
	standInDir  = ownDir + "/stand-in"
	standInPath = ":" + standInDir
	netnsDir    = "/run/netns"
)

// furnish gives the new mount namespace what the lab needs: nothing that is
// mounted here is seen outside.
func furnish(m mode) error {
	if err := unix.Mount("none", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return say.Err("make the mounts private: %v", "把挂载设为私有：%v", err)
	}
	if m.root {
		if err := havePowers(); err != nil {
			return err
		}
		if err := unmountMachine(); err != nil {
			return err
		}
	}
	const quiet = unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC
	// A container that hides parts of /proc refuses a user namespace a whole one
	// (mount_too_revealing in fs/namespace.c): its own serves too, with its PIDs.
	if err := unix.Mount("proc", "/proc", "proc", quiet, ""); err != nil && err != unix.EPERM {
		return say.Err("mount /proc: %v", "挂载 /proc：%v", err)
	}
	if err := writable("/proc/sys/net/ipv4/ip_forward"); err != nil {
		return err
	}
	// The machine's /sys shows the machine's devices, and lets root change them.
	// Only this mount of it becomes read-only: where the file system itself is,
	// a user namespace gets none for `ip netns exec` (mount_too_revealing).
	if err := unix.Mount("sysfs", "/sys", "sysfs", quiet, ""); err != nil && m.root {
		return say.Err("mount /sys: %v", "挂载 /sys：%v", err)
	}
	if err := readOnly(); err != nil {
		return err
	}
	etc, err := machineEtc()
	if err != nil {
		return err
	}
	defer etc.Close()
	if err := unix.Mount("tmpfs", "/run", "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=755,size=16m"); err != nil {
		return say.Err("mount /run: %v", "挂载 /run：%v", err)
	}
	for _, dir := range []string{netnsDir, binDir, etcDir, standInDir} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	// Shared, so that `ip netns add` in any shell of the lab is seen by all.
	if err := unix.Mount(netnsDir, netnsDir, "none", unix.MS_BIND, ""); err != nil {
		return say.Err("bind %s: %v", "绑定挂载 %s：%v", netnsDir, err)
	}
	if err := unix.Mount("none", netnsDir, "", unix.MS_SHARED, ""); err != nil {
		return say.Err("share %s: %v", "共享挂载 %s：%v", netnsDir, err)
	}
	if err := furnishEtc(etc, m.root); err != nil {
		return err
	}
	if err := furnishShells(); err != nil {
		return err
	}
	return furnishBin()
}

// writable says whether a kernel setting can be written here.
func writable(path string) error {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return file.Close()
}

// machineEtc opens the machine's /etc. In a lab inside a lab that is not what stands
// there, but where the outer one keeps it: its /etc is links to that, which would
// lead to themselves in the inner one.
func machineEtc() (*os.File, error) {
	for _, path := range []string{etcDir, "/etc"} {
		fd, err := unix.Open(path, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if err == nil {
			return os.NewFile(uintptr(fd), path), nil
		}
		if err != unix.ENOENT {
			return nil, say.Err("open %s: %v", "打开 %s：%v", path, err)
		}
	}
	return nil, say.Err("open /etc: %v", "打开 /etc：%v", unix.ENOENT)
}

// etcOwn is what the lab has in its /etc for itself, whatever the machine has there: the
// configurations of network plugins are what a lesson writes.
var etcOwn = []string{"resolv.conf", "netns", "cni"}

// furnishEtc puts a writable /etc in front of the machine's: /etc/netns/NAME
// can be made there without root, and resolv.conf is a plain file of the
// lab's own, so that no name is ever asked outside.
func furnishEtc(machine *os.File, root bool) error {
	own := fmt.Sprintf("/proc/self/fd/%d", machine.Fd())
	if err := unix.Mount(own, etcDir, "none", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return say.Err("bind /etc: %v", "绑定挂载 /etc：%v", err)
	}
	// The lab's /etc is links into it, and whoever is root could write through them. A
	// user namespace may not seal a mount that others are locked under; it has no right
	// to the files either.
	if err := unix.Mount("none", etcDir, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil && root {
		return say.Err("seal /etc: %v", "把 /etc 设为只读：%v", err)
	}
	if err := sealBelow(etcDir); err != nil && root {
		return err
	}
	entries, err := os.ReadDir(etcDir)
	if err != nil {
		return err
	}
	if err := unix.Mount("tmpfs", "/etc", "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=755,size=16m"); err != nil {
		return say.Err("mount /etc: %v", "挂载 /etc：%v", err)
	}
	for _, e := range entries {
		name := e.Name()
		if slices.Contains(etcOwn, name) {
			continue
		}
		target := filepath.Join(etcDir, name)
		if e.Type()&os.ModeSymlink != 0 {
			if link, err := os.Readlink(target); err == nil {
				target = link
			}
		}
		if err := os.Symlink(target, filepath.Join("/etc", name)); err != nil {
			return err
		}
	}
	if err := os.Mkdir("/etc/netns", 0o755); err != nil {
		return err
	}
	return os.WriteFile("/etc/resolv.conf", []byte("# the lab has no name server until a step gives it one\n"), 0o644)
}

// furnishBin makes this program answer to the names of its applets.
func furnishBin() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	for name := range applets {
		if err := os.Symlink(self, filepath.Join(binDir, name)); err != nil {
			return err
		}
	}
	if err := os.Setenv("PATH", binDir+":"+os.Getenv("PATH")+":/usr/local/sbin:/usr/sbin:/sbin"); err != nil {
		return err
	}
	for _, name := range standin.Missing() {
		if err := os.Symlink(self, filepath.Join(standInDir, name)); err != nil {
			return err
		}
	}
	return nil
}
