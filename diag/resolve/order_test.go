package resolve_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"

	"nstutor/diag/probe"
	"nstutor/diag/resolve"
	"nstutor/internal/lab/labtest"
)

// TestANameHasAddressesOfBothFamilies: asked for as programs ask, and in the order in which
// getaddrinfo(3) has them.
func TestANameHasAddressesOfBothFamilies(t *testing.T) {
	w := labtest.NewTrio(t)
	w.NameServer(w.S, "10.2.0.2:53")
	w.Etc(w.C, "resolv.conf", "nameserver 10.2.0.2\noptions timeout:1 attempts:1\n")
	w.Etc(w.C, "hosts", "fd00:2::9 both\n10.2.0.9 both # one line each\n::1 localhost\n127.0.0.1 localhost\n10.2.0.8 old\n")
	ask := func(name string, family int, want string) resolve.Found {
		t.Helper()
		found, err := resolve.Lookup(t.Context(), w.C, 0, name, family)
		got := strings.Trim(fmt.Sprint(found.Addrs), "[]")
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
		return found
	}
	// Without IPv6 there is no use for its addresses, unless there are no others.
	ask("dual.example.com", unix.AF_UNSPEC, "10.2.0.2")
	ask("both", unix.AF_UNSPEC, "10.2.0.9")
	ask("localhost", unix.AF_UNSPEC, "127.0.0.1")
	ask("six.example.com", unix.AF_UNSPEC, "fd00:2::2")

	w.IPv6()
	ask("dual.example.com", unix.AF_UNSPEC, "fd00:2::2 10.2.0.2")
	ask("dual.example.com", unix.AF_INET, "10.2.0.2")
	ask("dual.example.com", unix.AF_INET6, "fd00:2::2")
	ask("both", unix.AF_UNSPEC, "fd00:2::9 10.2.0.9")
	ask("old", unix.AF_UNSPEC, "10.2.0.8")
	ask("old", unix.AF_INET6, "old: Name or service not known")
	ask("localhost", unix.AF_UNSPEC, "::1 127.0.0.1")
	ask("www.example.com", unix.AF_INET6, "www.example.com: No address associated with hostname")
	if got := probe.Ping(t.Context(), w.C, probe.Echo{To: "dual.example.com"}); got.Outcome != probe.Replied || got.From.String() != "fd00:2::2" {
		t.Errorf("ping: %+v", got)
	}
	// The answer to one of two questions got lost, for which a program waits.
	if s := ask("half.example.com", unix.AF_UNSPEC, "10.2.0.2").Silences; len(s.Servers) != 1 || s.Wait == 0 {
		t.Errorf("%+v", s)
	}
	// What there is no way to comes last.
	w.Etc(w.C, "hosts", "2001:db8::1 both\n10.2.0.9 both\n")
	h, err := w.C.Handle()
	w.Must(err)
	outward := labtest.DefaultVia("fd00:1::1")
	w.Must(h.RouteDel(&outward))
	ask("both", unix.AF_UNSPEC, "10.2.0.9 2001:db8::1")
}

// TestANameServerOfOneWire: its address has a zone, as a router's advertisement gives it.
func TestANameServerOfOneWire(t *testing.T) {
	w := labtest.NewTrio(t)
	w.IPv6()
	w.Addr(w.R, "left", "fe80::53/64")
	w.NameServer(w.R, "[fe80::53%left]:53")
	w.Etc(w.C, "resolv.conf", "nameserver fe80::53%eth0\n")
	if addr, err := resolve.Address(t.Context(), w.C, "www.example.com"); err != nil || addr.String() != "10.2.0.2" {
		t.Errorf("%v, %v", addr, err)
	}
}

// TestOptionUseVC: every question goes over TCP, and where that is refused none is answered.
func TestOptionUseVC(t *testing.T) {
	w := labtest.NewTrio(t)
	w.NameServer(w.S, "10.2.0.2:53")
	w.Etc(w.C, "resolv.conf", "nameserver 10.2.0.2\noptions use-vc\n")
	if addr, err := resolve.Address(t.Context(), w.C, "www.example.com"); err != nil || addr.String() != "10.2.0.2" {
		t.Errorf("%v, %v", addr, err)
	}
	w.RuleFor(w.S, nftables.TableFamilyIPv4, unix.IPPROTO_TCP, nftables.ChainTypeFilter, nftables.ChainHookInput, &expr.Verdict{Kind: expr.VerdictDrop})
	w.Etc(w.C, "resolv.conf", "nameserver 10.2.0.2\noptions use-vc timeout:1 attempts:1\n")
	if addr, err := resolve.Address(t.Context(), w.C, "www.example.com"); err == nil {
		t.Errorf("%v: over UDP", addr)
	} else if failed, ok := resolve.Unresolved(err); !ok || !failed.OverTCP {
		t.Errorf("%+v", err)
	}
}
