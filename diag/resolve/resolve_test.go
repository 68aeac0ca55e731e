package resolve_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"nstutor/diag/probe"
	"nstutor/diag/resolve"
	"nstutor/internal/lab/labtest"
)

var resolveCases = []struct {
	name    string
	asked   string
	conf    string // resolv.conf; "" for none
	outcome probe.Outcome
	message string // of ping, when it fails
}{
	{name: "a name", asked: "www.example.com", conf: "nameserver 10.2.0.2\n", outcome: probe.Replied},
	{name: "a name with the root's dot", asked: "www.example.com.", conf: "nameserver 10.2.0.2\n", outcome: probe.Replied},
	{name: "a search domain", asked: "short", conf: "search search.example.com\nnameserver 10.2.0.2\n", outcome: probe.Replied},
	{name: "an answer too long for UDP", asked: "long.example.com", conf: "nameserver 10.2.0.2\n", outcome: probe.Replied},
	{name: "the second server", asked: "www.example.com", conf: "nameserver 10.2.0.1\nnameserver 10.2.0.2\n", outcome: probe.Replied},
	{name: "localhost without a server", asked: "localhost", outcome: probe.Replied},
	{name: "a name that does not exist", asked: "absent.example.com", conf: "nameserver 10.2.0.2\n",
		outcome: probe.NoName, message: "ping: absent.example.com: Name or service not known"},
	{name: "a name without addresses", asked: "empty.example.com", conf: "nameserver 10.2.0.2\n",
		outcome: probe.NoName, message: "ping: empty.example.com: No address associated with hostname"},
	{name: "a server that fails", asked: "broken.example.com", conf: "nameserver 10.2.0.2\n",
		outcome: probe.NoResolver, message: "ping: broken.example.com: Temporary failure in name resolution"},
	{name: "a server that refuses", asked: "refused.example.com", conf: "nameserver 10.2.0.2\n",
		outcome: probe.NoResolver, message: "ping: refused.example.com: Temporary failure in name resolution"},
	{name: "a server that knows nothing", asked: "lame.example.com", conf: "nameserver 10.2.0.2\n",
		outcome: probe.NoResolver, message: "ping: lame.example.com: Temporary failure in name resolution"},
	{name: "a server that is silent", asked: "silent.example.com", conf: "nameserver 10.2.0.2\noptions timeout:1 attempts:1\n",
		outcome: probe.NoResolver, message: "ping: silent.example.com: Temporary failure in name resolution"},
	{name: "no server listens there", asked: "www.example.com", conf: "nameserver 10.2.0.1\n",
		outcome: probe.NoResolver, message: "ping: www.example.com: Temporary failure in name resolution"},
	{name: "no route to the server", asked: "www.example.com", conf: "nameserver 198.51.100.1\n",
		outcome: probe.NoResolver, message: "ping: www.example.com: Temporary failure in name resolution"},
	{name: "no server at all", asked: "www.example.com",
		outcome: probe.NoResolver, message: "ping: www.example.com: Temporary failure in name resolution"},
}

func TestPingResolvesNamesInsideTheNamespace(t *testing.T) {
	for _, c := range resolveCases {
		t.Run(c.name, func(t *testing.T) {
			w := labtest.NewTrio(t)
			w.NameServer(w.S, "10.2.0.2:53")
			if c.conf != "" {
				w.Etc(w.C, "resolv.conf", c.conf)
			}
			started := time.Now()
			got := probe.Ping(t.Context(), w.C, probe.Echo{To: c.asked, Timeout: 2 * time.Second})
			if got.Outcome != c.outcome || c.message != "" && got.Message != c.message {
				t.Errorf("got %v %q, want %v %q", got.Outcome, got.Message, c.outcome, c.message)
			}
			if took := time.Since(started); took > 3*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

// The lab's /etc/resolv.conf is its own, so the installed ping can be asked.
func TestNamesFailInTheWordsOfTheInstalledPing(t *testing.T) {
	if _, err := exec.LookPath("ping"); err != nil {
		t.Log("no ping here to compare with")
		return
	}
	before, err := os.ReadFile("/etc/resolv.conf")
	if err != nil {
		t.Fatal(err)
	}
	defer os.WriteFile("/etc/resolv.conf", before, 0o644)
	for _, c := range resolveCases {
		if c.message == "" {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			w := labtest.NewTrio(t)
			w.NameServer(w.S, "10.2.0.2:53")
			w.Must(os.WriteFile("/etc/resolv.conf", []byte(c.conf), 0o644))
			if said := w.Run(w.C, "ping", "-c1", "-W1", c.asked); !strings.Contains(said, c.message) {
				t.Errorf("ping said\n%swe say\n%s", said, c.message)
			}
		})
	}
}

// TestWhatAServerSaysInstead: one that answers keeps no silence.
func TestWhatAServerSaysInstead(t *testing.T) {
	w := labtest.NewTrio(t)
	w.NameServer(w.S, "10.2.0.2:53")
	w.Etc(w.C, "resolv.conf", "nameserver 10.2.0.2\n")
	for name, want := range map[string]string{"broken": "SERVFAIL", "refused": "REFUSED", "lame": "NOERROR"} {
		_, err := resolve.Address(t.Context(), w.C, name+".example.com")
		if failed, ok := resolve.Unresolved(err); !ok || failed.FirstSaid() != want || len(failed.Silent.Servers) > 0 {
			t.Errorf("%s: %+v, want %s", name, err, want)
		}
	}
}

func TestResolveReadsTheHostsFileOfTheNamespace(t *testing.T) {
	w := labtest.NewTrio(t)
	w.Etc(w.C, "hosts", "# the lab's\n::1 both\n10.9.8.7 gone # www.example.org\n10.1.2.3 Gate.example.org both\n")
	for name, want := range map[string]string{
		"gate.example.org": "10.1.2.3",
		"both":             "10.1.2.3",
		"gone":             "10.9.8.7",
		"192.0.2.1":        "192.0.2.1",
		"LocalHost":        "127.0.0.1",
	} {
		if got, err := resolve.Address(t.Context(), w.C, name); err != nil || got != labtest.Addr(want) {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
	}
	var failed *resolve.Error
	for _, name := range []string{"www.example.org", "", "a b", "a..b", strings.Repeat("x", 300)} {
		if _, err := resolve.Address(t.Context(), w.C, name); !errors.As(err, &failed) {
			t.Errorf("%q: got %v", name, err)
		}
	}
}

func TestResolveEndsWithItsContext(t *testing.T) {
	w := labtest.NewTrio(t)
	w.NameServer(w.S, "10.2.0.2:53")
	w.Etc(w.C, "resolv.conf", "nameserver 10.2.0.2\n")
	goroutines, descriptors := labtest.Footprint(t)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	started := time.Now()
	if _, err := resolve.Address(ctx, w.C, "silent.example.com"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if took := time.Since(started); took > time.Second {
		t.Errorf("took %v", took)
	}
	w.NoMoreThan(goroutines, descriptors)
}
