package lab

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"nstutor/internal/say"
)

// settings are the parts of /proc that belong to the machine, whatever
// namespaces a process is in: root's own files are root's also in a user
// namespace that maps it to itself.
var settings = []string{"/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus", "/proc/fs", "/proc/acpi", "/proc/scsi", "/proc/mtrr"}

// netSettings are those of the network namespace of who looks: the lab's own.
const netSettings = "/proc/sys/net"

// readOnly lets nothing in the lab change the machine's settings: those of the
// kernel in /proc but the network's, its devices in /sys, and its log.
func readOnly() error {
	for _, path := range settings {
		err := unix.Mount(path, path, "none", unix.MS_BIND|unix.MS_REC, "")
		if err == unix.ENOENT {
			continue
		}
		if err != nil {
			return say.Err("bind %s: %v", "绑定挂载 %s：%v", path, err)
		}
		if path == filepath.Dir(netSettings) {
			if err := unix.Mount(netSettings, netSettings, "none", unix.MS_BIND, ""); err != nil {
				return say.Err("bind %s: %v", "绑定挂载 %s：%v", netSettings, err)
			}
		}
		if err := remountReadOnly(path); err != nil {
			return err
		}
	}
	if err := remountReadOnly("/sys"); err != nil {
		return err
	}
	for _, path := range []string{"/dev/kmsg", "/proc/kmsg", "/proc/kcore"} {
		if err := unix.Mount("/dev/null", path, "none", unix.MS_BIND, ""); err != nil && err != unix.ENOENT {
			return say.Err("hide %s: %v", "隐藏 %s：%v", path, err)
		}
	}
	return nil
}

// remountReadOnly makes one mount read-only. The flags it has must stay: in a
// user namespace they are locked (mount_namespaces(7)).
func remountReadOnly(path string) error {
	var st unix.Statfs_t
	if err := unix.Statfs(path, &st); err != nil {
		return say.Err("look at %s: %v", "查看 %s：%v", path, err)
	}
	flags := uintptr(unix.MS_REMOUNT | unix.MS_BIND | unix.MS_RDONLY)
	for _, kept := range []struct{ is, flag uintptr }{
		{unix.ST_NOSUID, unix.MS_NOSUID}, {unix.ST_NODEV, unix.MS_NODEV}, {unix.ST_NOEXEC, unix.MS_NOEXEC},
		{unix.ST_NOATIME, unix.MS_NOATIME}, {unix.ST_NODIRATIME, unix.MS_NODIRATIME}, {unix.ST_RELATIME, unix.MS_RELATIME},
	} {
		if uintptr(st.Flags)&kept.is != 0 {
			flags |= kept.flag
		}
	}
	if err := unix.Mount("none", path, "", flags, ""); err != nil {
		return say.Err("make %s read-only: %v", "把 %s 设为只读：%v", path, err)
	}
	return nil
}

// unmountMachine takes what leads to the machine's namespaces out of the mount
// namespace of root's lab, which has the right to enter them: the names of `ip
// netns` and of containers, and every /proc, which has its processes. In a user
// namespace mounts that came with it cannot be taken away, and need not be.
func unmountMachine() error {
	all, err := mounts()
	if err != nil {
		return err
	}
	for _, m := range slices.Backward(all) {
		if m.kind != "nsfs" && m.kind != "proc" && m.kind != "sysfs" {
			continue
		}
		if err := unix.Unmount(m.path, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW); err != nil && err != unix.EINVAL && err != unix.ENOENT {
			return say.Err("unmount %s: %v", "卸载 %s：%v", m.path, err)
		}
	}
	return nil
}

// sealBelow makes what is mounted below a path read-only, as the files are that a
// container has in /etc from its engine.
func sealBelow(path string) error {
	all, err := mounts()
	if err != nil {
		return err
	}
	for _, m := range all {
		if !strings.HasPrefix(m.path, path+"/") {
			continue
		}
		if err := remountReadOnly(m.path); err != nil {
			return err
		}
	}
	return nil
}

// mount is where a file system is mounted, and of what kind it is.
type mount struct{ path, kind string }

// mounts are those that this process sees, in the order in which they were made.
func mounts() (all []mount, err error) {
	table, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(table)) {
		before, after, _ := strings.Cut(line, " - ")
		fields, kind := strings.Fields(before), strings.Fields(after)
		if len(fields) >= 5 && len(kind) > 0 {
			all = append(all, mount{mountedAt.Replace(fields[4]), kind[0]})
		}
	}
	return all, nil
}

// mountedAt reads a path as mountinfo writes it (proc(5)).
var mountedAt = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)

// powers are the capabilities that root's lab keeps where there is no user
// namespace: those of the network, of namespaces and mounts, and over files and
// processes. It can load no module, make no device, and set no clock.
var powers = map[uintptr]bool{
	unix.CAP_CHOWN: true, unix.CAP_DAC_OVERRIDE: true, unix.CAP_DAC_READ_SEARCH: true, unix.CAP_FOWNER: true, unix.CAP_FSETID: true,
	unix.CAP_KILL: true, unix.CAP_SETGID: true, unix.CAP_SETUID: true, unix.CAP_SETPCAP: true, unix.CAP_NET_BIND_SERVICE: true,
	unix.CAP_NET_ADMIN: true, unix.CAP_NET_RAW: true, unix.CAP_SYS_CHROOT: true, unix.CAP_SYS_ADMIN: true, unix.CAP_SYS_PTRACE: true,
}

// havePowers says which of the powers it needs a root without a user namespace
// lacks: that of a container often does, and would fail at the first device.
func havePowers() error {
	a, err := askedBy()
	if err != nil {
		return say.Err("look at the capabilities: %v", "读取权能：%v", err)
	}
	if lacking := a.lacking(rootNeeds); len(lacking) > 0 {
		return say.Err("root has no CAP_%s here: %v", "这里的 root 没有 CAP_%s：%v", lacking[0].name, unix.EPERM)
	}
	return nil
}

// dropPowers takes all other capabilities from the calling thread, for good: a
// program that it executes does not have them either.
func dropPowers() error {
	last := uintptr(unix.CAP_LAST_CAP)
	if text, err := os.ReadFile("/proc/sys/kernel/cap_last_cap"); err == nil {
		if n, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil {
			last = uintptr(n)
		}
	}
	for c := uintptr(0); c <= last; c++ {
		if powers[c] {
			continue
		}
		if err := unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0); err != nil && err != unix.EINVAL {
			return say.Err("drop capability %d: %v", "放弃权能 %d：%v", c, err)
		}
	}
	return nil
}

// keepDescriptors lets a child inherit nothing but what it is given: a
// descriptor that this program was started with may be a namespace's.
func keepDescriptors() error {
	entries, err := os.ReadDir("/proc/self/fd")
	if errors.Is(err, fs.ErrNotExist) {
		return nil // no /proc: nothing in the lab could name one either
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if fd, err := strconv.Atoi(e.Name()); err == nil && fd > 2 {
			unix.CloseOnExec(fd)
		}
	}
	return nil
}
