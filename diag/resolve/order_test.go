package resolve_test

import (
	"errors"
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
	w.Etc(w.C, "resolv.conf", "nameserver 10.2.0.2\noptions timeout:1 attempts:1\n")
	_, err := resolve.Address(t.Context(), w.C, "long.example.com")
	if failed, ok := resolve.Unresolved(err); !ok || !failed.Cut || failed.OverTCP {
		t.Errorf("an answer that is cut short: %+v", err)
	}
}

// TestNsswitchSaysWhoIsAsked: in which order, and what ends a look-up.
func TestNsswitchSaysWhoIsAsked(t *testing.T) {
	w := labtest.NewTrio(t)
	w.NameServer(w.S, "10.2.0.2:53")
	w.Etc(w.C, "hosts", "10.2.0.9 db\n10.2.0.9 www.example.com\n10.2.0.9 printer.local\n")
	w.Etc(w.C, "resolv.conf", "nameserver 10.2.0.2\noptions timeout:1 attempts:1\n")
	const other, doubt = "10.2.0.9", "asks"
	for _, c := range []struct{ line, name, want, unasked string }{
		{"files dns", "www.example.com", other, ""},
		{"dns files", "www.example.com", "10.2.0.2", ""},
		{"dns files", "db", other, ""},
		{"dns", "db", "", "/"},
		{"dns [!UNAVAIL=return] files", "db", "", "dns/"},
		{"dns [ NOTFOUND=return ] files", "db", "", "dns/"},
		{"dns [!UNAVAIL=continue] files # as it is", "db", other, ""},
		{"mymachines dns", "nobody.example.com", doubt, ""},
		{"myhostname mdns4_minimal [NOTFOUND=return] dns", "www.example.com", "10.2.0.2", ""},
	} {
		w.Etc(w.C, "nsswitch.conf", "passwd: files\nhosts:   "+c.line+"\n")
		addr, err := resolve.Address(t.Context(), w.C, c.name)
		failed, _ := errors.AsType[*resolve.Error](err)
		switch {
		case c.want == doubt:
			if failed == nil || len(failed.Unfollowed) != 1 || !strings.Contains(resolve.Doubted(err).Error(), doubt) {
				t.Errorf("%s: %s: %v", c.line, c.name, err)
			}
		case c.unasked != "":
			if failed == nil || failed.Unasked == nil || failed.Unasked.By+"/" != c.unasked || failed.Unasked.Addr.String() != other {
				t.Errorf("%s: %s: %+v, %v", c.line, c.name, failed, err)
			}
		case err != nil || addr.String() != c.want:
			t.Errorf("%s: %s: %v, %v, want %s", c.line, c.name, addr, err, c.want)
		}
	}
}

// TestGaiConfSortsAddresses: a line of a kind stands for all of that kind.
func TestGaiConfSortsAddresses(t *testing.T) {
	w := labtest.NewTrio(t)
	w.IPv6()
	w.Etc(w.C, "hosts", "fd00:2::2 both\n10.2.0.2 both\n")
	for gai, want := range map[string]string{
		"": "fd00:2::2", "precedence ::ffff:0:0/96 100\n": "10.2.0.2", "#precedence ::ffff:0:0/96 100\n": "fd00:2::2",
		"precedence ::ffff:0:0/96 10\n": "fd00:2::2", "label fd00:2::/64 9\n": "10.2.0.2",
	} {
		w.Etc(w.C, "gai.conf", gai)
		if addr, err := resolve.Address(t.Context(), w.C, "both"); err != nil || addr.String() != want {
			t.Errorf("%q: %v, %v, want %s", gai, addr, err, want)
		}
	}
}
