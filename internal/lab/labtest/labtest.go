// Package labtest is what tests need of a lab: a TestMain that runs them inside one,
// namespaces that end with the test, a small network of three machines, and entries
// of connection tracking by the thousand. No other code uses it.
package labtest

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"nstutor/internal/lab"
	"nstutor/internal/nsenter"
)

// Inside is something else that the test binary can be the inside of a lab for, by
// its only argument.
type Inside struct {
	Argument string
	Serve    func(context.Context, io.Reader, io.Writer) error
}

// serveInside is what this process is where it was started as the inside of a lab that
// serves something; otherwise it returns.
func serveInside(others []Inside) {
	for _, other := range others {
		if len(os.Args) == 2 && os.Args[1] == other.Argument && lab.Inside() {
			if err := other.Serve(context.Background(), os.Stdin, os.Stdout); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			os.Exit(0)
		}
	}
}

// Main runs a package's tests inside a fresh, empty lab: the test binary
// runs itself again there. Use it as the body of a TestMain.
func Main(m interface{ Run() int }, others ...Inside) {
	lab.Dispatch()
	serveInside(others)
	if len(os.Args) > 1 && !strings.HasPrefix(os.Args[1], "-") {
		// A test that starts this binary as something else would be run by it again.
		fmt.Fprintf(os.Stderr, "the test binary cannot be started as %q\n", os.Args[1])
		os.Exit(2)
	}
	// A fuzzing worker speaks to its parent over inherited descriptors.
	fuzzing := slices.ContainsFunc(os.Args, func(arg string) bool { return strings.HasPrefix(arg, "-test.fuzzworker") })
	if fuzzing || lab.Inside() {
		os.Exit(m.Run())
	}
	code, err := lab.Enter()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(code)
}

// New is a lab with short ARP timers, for as long as the test takes.
func New(t testing.TB) *lab.Lab {
	t.Helper()
	l, err := lab.New(t.Context(), lab.Options{Fast: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

// Script does what its lines of "NETNS: COMMAND" say, with sh(1) in these namespaces.
func Script(t testing.TB, spaces map[string]*nsenter.Namespace, script string) {
	t.Helper()
	for line := range strings.Lines(script) {
		netns, command, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if !ok {
			continue
		}
		err := spaces[netns].Do(func() error {
			if out, err := exec.Command("sh", "-c", command).CombinedOutput(); err != nil {
				return fmt.Errorf("%w: %s", err, out)
			}
			return nil
		})
		if err != nil {
			t.Fatalf("%s: %s: %v", netns, command, err)
		}
	}
}

// Netns makes a named namespace with pinned sysctls for one test, and
// takes it away when the test ends.
func Netns(t interface {
	Helper()
	Fatalf(string, ...any)
	Cleanup(func())
}, name string) *nsenter.Namespace {
	t.Helper()
	path, err := lab.PathOf(name)
	if err != nil {
		t.Fatalf("%v", err)
	}
	ns, err := nsenter.Create(name, path)
	if err != nil {
		t.Fatalf("%v", err)
	}
	t.Cleanup(func() {
		ns.Close()
		nsenter.Delete(path)
	})
	if err := lab.Pin(ns); err != nil {
		t.Fatalf("%v", err)
	}
	return ns
}

// Slow leaves a test out of `go test -short`, which takes a minute and a half in all: it takes
// a second or two, or more.
func Slow(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("it is slow: run without -short")
	}
}
