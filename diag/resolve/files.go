package resolve

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"time"

	"nstutor/internal/nsenter"
	"nstutor/internal/plainfile"
	"nstutor/internal/say"
)

// files are what is in the files of a resolver; one that is not there is empty.
type files struct{ hosts, resolv, upstreams []byte }

// filesIn are those that `ip netns exec` shows inside ns. What cannot be read is
// not there.
func filesIn(ns *nsenter.Namespace) files {
	hosts, _ := plainfile.Read(namespaceFile(ns, "hosts"))
	resolv, _ := plainfile.Read(namespaceFile(ns, "resolv.conf"))
	return files{hosts: hosts, resolv: resolv}
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

// resolvedUpstreams is where systemd-resolved writes whom it asks itself.
const resolvedUpstreams = "run/systemd/resolve/resolv.conf"

// Forwards are the name servers that a name server asks in turn, as far as its files tell:
// those of the resolv.conf that the process sees, which dnsmasq and CoreDNS take, or of the
// one that systemd-resolved writes. None that it would be itself is among them.
func Forwards(ctx context.Context, pid int, comm string) []netip.AddrPort {
	f, err := filesOf(ctx, pid)
	if err != nil {
		return nil
	}
	text := f.resolv
	if comm == "systemd-resolve" {
		text = f.upstreams
	}
	return slices.DeleteFunc(newResolver(nil, text, longest).servers, func(server netip.AddrPort) bool { return server.Addr().IsLoopback() })
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
	}{{&f.hosts, "etc/hosts"}, {&f.resolv, "etc/resolv.conf"}, {&f.upstreams, resolvedUpstreams}} {
		*file.to, err = root.Read(file.path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return f, err
		}
	}
	return f, nil
}
