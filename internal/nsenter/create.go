package nsenter

import (
	"os"
	"runtime"

	"golang.org/x/sys/unix"

	"nstutor/internal/say"
)

// Create makes a new network namespace, mounts it at path as `ip netns add`
// does, and opens it under name. The directory of path must exist.
func Create(name, path string) (*Namespace, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL, 0o444)
	if err != nil {
		return nil, say.Err("create network namespace %q: %v", "创建网络命名空间 %q：%v", name, err)
	}
	file.Close()
	born := make(chan error, 1)
	// A fresh thread is unshared, its namespace is mounted, and the thread ends:
	// the mount alone keeps the namespace from here on.
	go func() {
		runtime.LockOSThread()
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			born <- say.At("unshare", err)
			return
		}
		born <- unix.Mount("/proc/thread-self/ns/net", path, "none", unix.MS_BIND, "")
	}()
	if err := <-born; err != nil {
		os.Remove(path)
		return nil, say.Err("create network namespace %q: %v", "创建网络命名空间 %q：%v", name, err)
	}
	return Open(name, path)
}

// Delete takes away the name at path, as `ip netns del` does. The kernel
// frees the namespace once no process and no open descriptor holds it.
func Delete(path string) error {
	if err := unix.Unmount(path, unix.MNT_DETACH); err != nil && err != unix.EINVAL {
		return say.Err("unmount %s: %v", "卸载 %s：%v", path, err)
	}
	return os.Remove(path)
}

// InodeAt returns the nsfs inode of the namespace at path. It opens nothing that
// could wait (O_PATH): at path there may be a FIFO.
func InodeAt(path string) (uint64, error) {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	var fs unix.Statfs_t
	if err := unix.Fstatfs(fd, &fs); err != nil {
		return 0, err
	}
	if fs.Type != unix.NSFS_MAGIC {
		return 0, say.At(path, ErrNoNamespace)
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return 0, err
	}
	return st.Ino, nil
}
