package lab

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"nstutor/internal/nsenter"
)

// TestMain runs a package's tests inside a fresh, empty lab: the test binary
// runs itself again there. Use it as the body of a TestMain.
func TestMain(m interface{ Run() int }) {
	Dispatch()
	// A fuzzing worker speaks to its parent over inherited descriptors.
	fuzzing := slices.ContainsFunc(os.Args, func(arg string) bool { return strings.HasPrefix(arg, "-test.fuzzworker") })
	if fuzzing || Inside() {
		os.Exit(m.Run())
	}
	code, err := Enter()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(code)
}

// TestNetns makes a named namespace with pinned sysctls for one test, and
// takes it away when the test ends.
func TestNetns(t interface {
	Helper()
	Fatalf(string, ...any)
	Cleanup(func())
}, name string) *nsenter.Namespace {
	t.Helper()
	path, err := pathOf(name)
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
	if err := pin(ns); err != nil {
		t.Fatalf("%v", err)
	}
	return ns
}
