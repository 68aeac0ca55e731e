package probe

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"nstutor/internal/lab/labtest"
	"nstutor/internal/nsenter"
)

// nameServer answers on an address inside ns until the test ends.
func nameServer(w *labtest.Trio, ns *nsenter.Namespace, address string) {
	w.T.Helper()
	var udp net.PacketConn
	var tcp net.Listener
	w.Must(ns.Do(func() (err error) {
		if udp, err = net.ListenPacket("udp4", address); err != nil {
			return err
		}
		tcp, err = net.Listen("tcp4", address)
		return err
	}))
	for _, server := range []*dns.Server{
		{PacketConn: udp, Handler: dns.HandlerFunc(answerName)},
		{Listener: tcp, Handler: dns.HandlerFunc(answerName)},
	} {
		ended := make(chan struct{})
		go func() { defer close(ended); server.ActivateAndServe() }()
		w.T.Cleanup(func() { udp.Close(); tcp.Close(); <-ended })
	}
}

// answerName is a zone: each name shows one way to answer.
func answerName(out dns.ResponseWriter, question *dns.Msg) {
	answer := new(dns.Msg).SetReply(question)
	name := question.Question[0].Name
	a := func(address string) dns.RR {
		return &dns.A{Hdr: dns.RR_Header{Name: name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 1}, A: net.ParseIP(address)}
	}
	_, overTCP := out.RemoteAddr().(*net.TCPAddr)
	answer.Authoritative = name != "lame.example.com."
	isA := question.Question[0].Qtype == dns.TypeA
	switch {
	case name == "silent.example.com.":
		return
	case name == "broken.example.com.":
		answer.Rcode = dns.RcodeServerFailure
	case name == "refused.example.com.":
		answer.Rcode = dns.RcodeRefused
	case name == "empty.example.com.", name == "lame.example.com.", strings.HasSuffix(name, "example.com.") && !isA && name != "absent.example.com.":
	case name == "www.example.com.", name == "short.search.example.com.":
		answer.Answer = []dns.RR{a("10.2.0.2")}
	case name == "long.example.com.":
		answer.Truncated = !overTCP
		if overTCP {
			answer.Answer = []dns.RR{a("10.2.0.2")}
		}
	default:
		answer.Rcode = dns.RcodeNameError
	}
	out.WriteMsg(answer)
}

// etc writes a file that programs in ns see in /etc.
func etc(w *labtest.Trio, ns *nsenter.Namespace, file, text string) {
	w.T.Helper()
	dir := filepath.Join("/etc/netns", ns.Name())
	w.Must(os.MkdirAll(dir, 0o755))
	w.Must(os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644))
	w.T.Cleanup(func() { os.RemoveAll(dir) })
}

var resolveCases = []struct {
	name    string
	asked   string
	conf    string // resolv.conf; "" for none
	outcome Outcome
	message string // of ping, when it fails
}{
	{name: "a name", asked: "www.example.com", conf: "nameserver 10.2.0.2\n", outcome: Replied},
	{name: "a name with the root's dot", asked: "www.example.com.", conf: "nameserver 10.2.0.2\n", outcome: Replied},
	{name: "a search domain", asked: "short", conf: "search search.example.com\nnameserver 10.2.0.2\n", outcome: Replied},
	{name: "an answer too long for UDP", asked: "long.example.com", conf: "nameserver 10.2.0.2\n", outcome: Replied},
	{name: "the second server", asked: "www.example.com", conf: "nameserver 10.2.0.1\nnameserver 10.2.0.2\n", outcome: Replied},
	{name: "localhost without a server", asked: "localhost", outcome: Replied},
	{name: "a name that does not exist", asked: "absent.example.com", conf: "nameserver 10.2.0.2\n",
		outcome: NoName, message: "ping: absent.example.com: Name or service not known"},
	{name: "a name without addresses", asked: "empty.example.com", conf: "nameserver 10.2.0.2\n",
		outcome: NoName, message: "ping: empty.example.com: No address associated with hostname"},
	{name: "a server that fails", asked: "broken.example.com", conf: "nameserver 10.2.0.2\n",
		outcome: NoResolver, message: "ping: broken.example.com: Temporary failure in name resolution"},
	{name: "a server that refuses", asked: "refused.example.com", conf: "nameserver 10.2.0.2\n",
		outcome: NoResolver, message: "ping: refused.example.com: Temporary failure in name resolution"},
	{name: "a server that knows nothing", asked: "lame.example.com", conf: "nameserver 10.2.0.2\n",
		outcome: NoResolver, message: "ping: lame.example.com: Temporary failure in name resolution"},
	{name: "a server that is silent", asked: "silent.example.com", conf: "nameserver 10.2.0.2\noptions timeout:1 attempts:1\n",
		outcome: NoResolver, message: "ping: silent.example.com: Temporary failure in name resolution"},
	{name: "no server listens there", asked: "www.example.com", conf: "nameserver 10.2.0.1\n",
		outcome: NoResolver, message: "ping: www.example.com: Temporary failure in name resolution"},
	{name: "no route to the server", asked: "www.example.com", conf: "nameserver 198.51.100.1\n",
		outcome: NoResolver, message: "ping: www.example.com: Temporary failure in name resolution"},
	{name: "no server at all", asked: "www.example.com",
		outcome: NoResolver, message: "ping: www.example.com: Temporary failure in name resolution"},
}

func TestPingResolvesNamesInsideTheNamespace(t *testing.T) {
	for _, c := range resolveCases {
		t.Run(c.name, func(t *testing.T) {
			w := labtest.NewTrio(t)
			nameServer(w, w.S, "10.2.0.2:53")
			if c.conf != "" {
				etc(w, w.C, "resolv.conf", c.conf)
			}
			started := time.Now()
			got := Ping(t.Context(), w.C, Echo{To: c.asked, Timeout: 2 * time.Second})
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
			nameServer(w, w.S, "10.2.0.2:53")
			w.Must(os.WriteFile("/etc/resolv.conf", []byte(c.conf), 0o644))
			if said := w.Run(w.C, "ping", "-c1", "-W1", c.asked); !strings.Contains(said, c.message) {
				t.Errorf("ping said\n%swe say\n%s", said, c.message)
			}
		})
	}
}

func TestResolveReadsTheHostsFileOfTheNamespace(t *testing.T) {
	w := labtest.NewTrio(t)
	etc(w, w.C, "hosts", "# the lab's\n::1 both\n10.9.8.7 gone # www.example.org\n10.1.2.3 Gate.example.org both\n")
	for name, want := range map[string]string{
		"gate.example.org": "10.1.2.3",
		"both":             "10.1.2.3",
		"gone":             "10.9.8.7",
		"192.0.2.1":        "192.0.2.1",
		"LocalHost":        "127.0.0.1",
	} {
		if got, err := Resolve(t.Context(), w.C, name); err != nil || got != labtest.Addr(want) {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
	}
	var failed *NameError
	for _, name := range []string{"www.example.org", "", "a b", "a..b", strings.Repeat("x", 300)} {
		if _, err := Resolve(t.Context(), w.C, name); !errors.As(err, &failed) {
			t.Errorf("%q: got %v", name, err)
		}
	}
}

func TestResolveEndsWithItsContext(t *testing.T) {
	w := labtest.NewTrio(t)
	nameServer(w, w.S, "10.2.0.2:53")
	etc(w, w.C, "resolv.conf", "nameserver 10.2.0.2\n")
	goroutines, descriptors := pingFootprint(t)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	started := time.Now()
	if _, err := Resolve(ctx, w.C, "silent.example.com"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if took := time.Since(started); took > time.Second {
		t.Errorf("took %v", took)
	}
	noMoreThan(w, goroutines, descriptors)
}
