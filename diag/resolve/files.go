package resolve

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"nstutor/internal/nsenter"
	"nstutor/internal/plainfile"
	"nstutor/internal/say"
)

// files are what is in the files of a resolver; one that is not there is empty.
type files struct{ hosts, resolv []byte }

// filesIn are those that `ip netns exec` shows inside ns. What cannot be read is
// not there.
func filesIn(ns *nsenter.Namespace) files {
	hosts, _ := plainfile.Read(namespaceFile(ns, "hosts"))
	resolv, _ := plainfile.Read(namespaceFile(ns, "resolv.conf"))
	return files{hosts, resolv}
}

// namespaceFile is the path of a file of /etc as `ip netns exec` shows it
// inside ns (ip-netns(8)).
func namespaceFile(ns *nsenter.Namespace, file string) string {
	if ns != nil && ns.Name() != "" && filepath.Base(ns.Name()) == ns.Name() {
		path := filepath.Join("/etc/netns", ns.Name(), file)
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	return filepath.Join("/etc", file)
}

// filesLimit bounds how long a file of a process is waited for: it may be on a
// file system that its owner answers for (FUSE), and does not.
const filesLimit = time.Second

// filesOf are those that a process sees below its own root. It fails where one
// is there and cannot be read: what the process would find is not known then.
func filesOf(ctx context.Context, pid int) (f files, err error) {
	ctx, cancel := context.WithTimeout(ctx, filesLimit)
	defer cancel()
	root := fmt.Sprintf("/proc/%d/root", pid)
	type result struct {
		files
		err error
	}
	read := make(chan result, 1)
	go func() { // it may never come back
		f, err := filesBelow(root)
		read <- result{f, err}
	}()
	select {
	case r := <-read:
		return r.files, r.err
	case <-ctx.Done():
		return f, say.At(root+"/etc", ctx.Err())
	}
}

func filesBelow(path string) (f files, err error) {
	root, err := plainfile.OpenRoot(path)
	if err != nil {
		return f, err
	}
	defer root.Close()
	for _, file := range []struct {
		to   *[]byte
		path string
	}{{&f.hosts, "etc/hosts"}, {&f.resolv, "etc/resolv.conf"}} {
		*file.to, err = root.Read(file.path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return f, err
		}
	}
	return f, nil
}
