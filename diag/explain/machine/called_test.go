package machine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"nstutor/internal/lab/labtest"
	"nstutor/internal/nsenter"
)

// runtimes is a root folder in which processes that are there are said to be
// containers.
type runtimes struct {
	t    *testing.T
	root string
}

func (r runtimes) write(path, text string) {
	r.t.Helper()
	path = filepath.Join(r.root, path)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
		r.t.Fatal(err)
	}
}

// docker has a process be a container of Docker, and podman one of podman.
func (r runtimes) docker(name, id string, pid int) {
	r.t.Helper()
	r.write("var/lib/docker/containers/"+id+"/config.v2.json", fmt.Sprintf(`{"ID":%q,"Name":%q,"State":{"Running":true,"Pid":%d}}`, id, "/"+name, pid))
	r.write(fmt.Sprintf("proc/%d/cgroup", pid), "0::/docker/"+id)
}

func (r runtimes) podman(name, id string, pid int) {
	r.t.Helper()
	const minder = 4000000
	r.write(fmt.Sprintf("proc/%d/cmdline", minder+pid), "conmon\x00-n\x00"+name+"\x00-c\x00"+id+"\x00")
	r.write(fmt.Sprintf("proc/%d/cmdline", pid), "sleep\x00")
	r.write(fmt.Sprintf("proc/%d/stat", pid), fmt.Sprintf("%d (sleep) S %d", pid, minder+pid))
}

// open opens a namespace in a Machine of its own, in which the runtimes are.
func (r runtimes) open(ref string) (*Machine, *Space, error) {
	r.t.Helper()
	w := New()
	r.t.Cleanup(w.Close)
	w.containersOf(r.root)
	n, err := w.Open(ref)
	return w, n, err
}

func TestANamespaceIsOpenedByTheNameOfItsContainer(t *testing.T) {
	q := newQueryBed(t)
	a, b, r := q.process(q.a.NS), q.process(q.b.NS), q.process(q.r.NS)
	q.unname("a")
	q.unname("b")
	on := runtimes{t, t.TempDir()}
	on.docker("web", "cafe0123456789abcdef", a)
	on.podman("db", "beef0123456789abcdef", b)
	on.podman("r", "dead0123456789abcdef", q.process(q.b.NS)) // which `ip netns` has too
	on.docker("router", "face0123456789abcdef", r)
	for _, c := range []struct {
		ref          string
		ns           *nsenter.Namespace
		name, titled string
		process      int
	}{
		{"web", q.a.NS, "pid:" + strconv.Itoa(a), fmt.Sprintf("web (pid %d)", a), a},
		{"container:web", q.a.NS, "pid:" + strconv.Itoa(a), fmt.Sprintf("web (pid %d)", a), a},
		{"caf", q.a.NS, "pid:" + strconv.Itoa(a), fmt.Sprintf("web (pid %d)", a), a},
		{"container:cafe01234567", q.a.NS, "pid:" + strconv.Itoa(a), fmt.Sprintf("web (pid %d)", a), a},
		{strconv.Itoa(a), q.a.NS, "pid:" + strconv.Itoa(a), fmt.Sprintf("web (pid %d)", a), a},
		{"pid:" + strconv.Itoa(a), q.a.NS, "pid:" + strconv.Itoa(a), fmt.Sprintf("web (pid %d)", a), a},
		{"db", q.b.NS, "pid:" + strconv.Itoa(b), fmt.Sprintf("db (pid %d)", b), b},
		{"r", q.r.NS, "r", "router (r)", 0},
		{"router", q.r.NS, "r", "router (r)", r},
		{"", nil, "", "", 0},
	} {
		_, n, err := on.open(c.ref)
		if err != nil {
			t.Errorf("Open(%q): %v", c.ref, err)
			continue
		}
		if c.ns != nil && n.NS.Inode() != c.ns.Inode() || n.Name != c.name || n.Title() != c.titled || n.Process != c.process {
			t.Errorf("Open(%q) is %q, titled %q, of process %d; want %q, %q, %d", c.ref, n.Name, n.Title(), n.Process, c.name, c.titled, c.process)
		}
	}
	for _, ref := range []string{"absent", "container:absent", "ca", "container:", "999999999"} {
		if _, _, err := on.open(ref); !errors.Is(err, ErrNobody) || !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Open(%q): %v", ref, err)
		}
	}
	w, _, err := on.open("web")
	if titles := w.Titles(); err != nil || len(titles) != 1 || titles["pid:"+strconv.Itoa(a)] != fmt.Sprintf("web (pid %d)", a) {
		t.Errorf("titles %v, %v", titles, err)
	}
}

// TestOfContainersThatShareANamespaceTheOneIsNamedThatWasAskedFor: and of one that
// the packet comes to, the one whose it is.
func TestOfContainersThatShareANamespaceTheOneIsNamedThatWasAskedFor(t *testing.T) {
	q := newQueryBed(t)
	first, second := q.process(q.a.NS), q.process(q.a.NS)
	on := runtimes{t, t.TempDir()}
	on.docker("web", "cafe0123456789abcdef", first)
	on.docker("side", "beef0123456789abcdef", second)
	for ref, want := range map[string]string{"web": "web (a)", "side": "side (a)", fmt.Sprintf("pid:%d", second): "side (a)", "a": "web (a)"} {
		if _, n, err := on.open(ref); err != nil || n.Title() != want {
			t.Errorf("%s is titled %q, %v; want %q", ref, n.Title(), err, want)
		}
	}
}

func TestTwoOfOneNameAreListed(t *testing.T) {
	q := newQueryBed(t)
	a, beside, b := q.process(q.a.NS), q.process(q.a.NS), q.process(q.b.NS)
	on := runtimes{t, t.TempDir()}
	on.docker("web", "cafe0123456789abcdef", a)
	on.podman("web", "cafe99", beside)
	if _, n, err := on.open("web"); err != nil || n.NS.Inode() != q.a.NS.Inode() {
		t.Errorf("two in one namespace: %v", err)
	}
	on.podman("web", "beef", b)
	_, _, err := on.open("web")
	several, ok := errors.AsType[*Ambiguous](err)
	if !ok || len(several.Found) != 2 {
		t.Fatalf("two namespaces have a web: %v", err)
	}
	for _, part := range []string{`"web"`, fmt.Sprintf("pid:%d (docker, cafe01234567", a), fmt.Sprintf("pid:%d (podman, beef", b)} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%v does not say %s", err, part)
		}
	}
	if _, _, err := on.open("container:web"); !errors.As(err, &several) {
		t.Errorf("container:web: %v", err)
	}
}

// TestANumberIsANameFirst: `ip netns add 378` makes a namespace as any other.
func TestANumberIsANameFirst(t *testing.T) {
	q := newQueryBed(t)
	pid := q.process(q.b.NS)
	ns := labtest.Netns(t, strconv.Itoa(pid))
	_, n, err := runtimes{t, t.TempDir()}.open(strconv.Itoa(pid))
	if err != nil || n.NS.Inode() != ns.Inode() {
		t.Errorf("%+v, %v", n, err)
	}
}
