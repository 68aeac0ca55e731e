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
	"strings"
	"time"

	"nstutor/internal/nsenter"
	"nstutor/internal/plainfile"
	"nstutor/internal/say"
)

// files are what is in the files of a resolver; one that is not there is empty.
type files struct {
	hosts, resolv, nsswitch, gai []byte
	around
}

// around is what else of a root a look-up depends on.
type around struct {
	musl            bool   // its C library is musl, which reads neither nsswitch.conf nor gai.conf
	resolved, avahi bool   // systemd-resolved and avahi can be asked there
	hostname        string // as far as it is known
}

// names are those of the files in etc.
var names = []string{"hosts", "resolv.conf", "nsswitch.conf", "gai.conf"}

// filesIn are those that `ip netns exec` shows inside ns. What cannot be read is
// not there.
func filesIn(ns *nsenter.Namespace) files {
	read := make([][]byte, len(names))
	for i, name := range names {
		read[i], _ = plainfile.Read(namespaceFile(ns, name))
	}
	hostname, _ := os.Hostname()
	f := files{read[0], read[1], read[2], read[3], around{hostname: strings.ToLower(hostname)}}
	if root, err := plainfile.OpenRoot("/"); err == nil {
		defer root.Close()
		f.look(root)
	}
	return f
}

// look looks around in a root.
func (a *around) look(root *plainfile.Root) {
	a.musl = slices.ContainsFunc(root.List("lib"), func(name string) bool { return strings.HasPrefix(name, "ld-musl-") })
	a.resolved = slices.Contains(root.List("run/systemd/resolve"), "io.systemd.Resolve")
	a.avahi = slices.Contains(root.List("run/avahi-daemon"), "socket")
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
	var a around
	paths := make([]string, len(names))
	for i, name := range names {
		paths[i] = filepath.Join("etc", name)
	}
	read, err := below(ctx, pid, &a, paths...)
	if err != nil {
		return files{}, err
	}
	return files{read[0], read[1], read[2], read[3], a}, nil
}

// Forwards are the name servers that a name server asks in turn, as far as its files tell:
// those of the resolv.conf that the process sees, which dnsmasq and CoreDNS take, or of the
// one that systemd-resolved writes. None that it would be itself is among them.
func Forwards(ctx context.Context, pid int, comm string) []netip.AddrPort {
	path := "etc/resolv.conf"
	if comm == "systemd-resolve" {
		path = "run/systemd/resolve/resolv.conf"
	}
	read, err := below(ctx, pid, nil, path)
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(newResolver(nil, read[0], longest).servers, func(server netip.AddrPort) bool { return server.Addr().IsLoopback() })
}

// below are the contents of files that a process sees; one that is not there is empty. It fails
// where one is there and cannot be read: what the process would find is not known then. With a it
// looks around there too.
func below(ctx context.Context, pid int, a *around, paths ...string) ([][]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, filesLimit)
	defer cancel()
	root := fmt.Sprintf("/proc/%d/root", pid)
	type result struct {
		read   [][]byte
		around around
		err    error
	}
	done := make(chan result, 1)
	go func() { // it may never come back
		var r result
		r.read, r.err = readBelow(root, paths, &r.around)
		done <- r
	}()
	select {
	case r := <-done:
		if a != nil {
			*a = r.around
		}
		return r.read, r.err
	case <-ctx.Done():
		return nil, say.At(root, ctx.Err())
	}
}

func readBelow(path string, paths []string, a *around) ([][]byte, error) {
	root, err := plainfile.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	a.look(root)
	read := make([][]byte, len(paths))
	for i, path := range paths {
		read[i], err = root.Read(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	return read, nil
}
