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

// filesOf are those that a process sees below its own root.
func filesOf(ctx context.Context, pid int) (files, error) {
	read, err := below(ctx, pid, "etc/hosts", "etc/resolv.conf")
	if err != nil {
		return files{}, err
	}
	return files{read[0], read[1]}, nil
}

// Forwards are the name servers that a name server asks in turn, as far as its files tell:
// those of the resolv.conf that the process sees, which dnsmasq and CoreDNS take, or of the
// one that systemd-resolved writes. None that it would be itself is among them.
func Forwards(ctx context.Context, pid int, comm string) []netip.AddrPort {
	path := "etc/resolv.conf"
	if comm == "systemd-resolve" {
		path = "run/systemd/resolve/resolv.conf"
	}
	read, err := below(ctx, pid, path)
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(newResolver(nil, read[0], longest).servers, func(server netip.AddrPort) bool { return server.Addr().IsLoopback() })
}

// below are the contents of files that a process sees; one that is not there is empty. It fails
// where one is there and cannot be read: what the process would find is not known then.
func below(ctx context.Context, pid int, paths ...string) ([][]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, filesLimit)
	defer cancel()
	root := fmt.Sprintf("/proc/%d/root", pid)
	type result struct {
		read [][]byte
		err  error
	}
	done := make(chan result, 1)
	go func() { // it may never come back
		read, err := readBelow(root, paths)
		done <- result{read, err}
	}()
	select {
	case r := <-done:
		return r.read, r.err
	case <-ctx.Done():
		return nil, say.At(root, ctx.Err())
	}
}

func readBelow(path string, paths []string) ([][]byte, error) {
	root, err := plainfile.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	read := make([][]byte, len(paths))
	for i, path := range paths {
		read[i], err = root.Read(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	return read, nil
}
