package lab

import (
	"context"

	"golang.org/x/sys/unix"

	"nstutor/internal/nsenter"
)

// sealSys makes the /sys that belongs to ns read-only for as long as ns is open.
// `ip netns exec` takes the lab's /sys away and mounts one for the namespace,
// to be written by root. There is one superblock for each network namespace
// (kernfs_test_super), so what is read-only here is read-only there.
//
// Where the kernel knows no fsopen(2), or a container forbids it, that /sys
// stays as ip(8) mounts it.
func sealSys(ns *nsenter.Namespace) {
	held := -1
	ns.Do(func() (err error) {
		held, err = readOnlySysfs()
		return err
	})
	if held >= 0 {
		context.AfterFunc(ns.Context(), func() { unix.Close(held) })
	}
}

// readOnlySysfs is a mount of the calling thread's sysfs that is nowhere to be
// seen. If a command was faster and has one to be written, that becomes
// read-only too.
func readOnlySysfs() (int, error) {
	made, err := unix.Fsopen("sysfs", unix.FSOPEN_CLOEXEC)
	if err != nil {
		return -1, err
	}
	defer unix.Close(made)
	if err := unix.FsconfigSetFlag(made, "ro"); err != nil {
		return -1, err
	}
	if err := unix.FsconfigCreate(made); err != nil {
		return -1, err
	}
	mount, err := unix.Fsmount(made, unix.FSMOUNT_CLOEXEC, unix.MOUNT_ATTR_RDONLY|unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV|unix.MOUNT_ATTR_NOEXEC)
	if err != nil {
		return -1, err
	}
	picked, err := unix.Fspick(mount, "", unix.FSPICK_CLOEXEC|unix.FSPICK_EMPTY_PATH)
	if err != nil {
		return mount, err
	}
	defer unix.Close(picked)
	if err := unix.FsconfigSetFlag(picked, "ro"); err != nil {
		return mount, err
	}
	return mount, unix.FsconfigReconfigure(picked)
}
