package probe

import (
	"context"
	"fmt"
	"io"
	"net"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"

	"nstutor/internal/lab/labtest"
	"nstutor/internal/nsenter"
)

// serve answers every connection to an address inside ns until the test ends.
func serve(w *labtest.Trio, ns *nsenter.Namespace, address string, answer func(net.Conn)) {
	w.T.Helper()
	var listener net.Listener
	w.Must(ns.Do(func() (err error) {
		listener, err = net.Listen("tcp", address)
		return err
	}))
	w.T.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { defer conn.Close(); answer(conn) }()
		}
	}()
}

// saying is an answer that reads the request and writes text.
func saying(text string) func(net.Conn) {
	return func(conn net.Conn) {
		conn.Read(make([]byte, 4096))
		io.WriteString(conn, text)
	}
}

var getCases = []struct {
	name    string
	arrange func(w *labtest.Trio)
	answer  func(net.Conn) // of 10.2.0.2:80; nil for no server
	url     string
	status  int
	body    string
	message string // a pattern; "" for a response
}{
	{name: "a page", answer: saying("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
		url: "http://10.2.0.2/", status: 200, body: "hello"},
	{name: "a page without a scheme", answer: saying("HTTP/1.0 200 OK\r\n\r\nhello"), url: "10.2.0.2", status: 200, body: "hello"},
	{name: "an error status is a response", answer: saying("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno"),
		url: "http://10.2.0.2:80/x", status: 404, body: "no"},
	{name: "a redirect is not followed", answer: saying("HTTP/1.1 302 Found\r\nLocation: http://10.1.0.1/\r\nContent-Length: 0\r\n\r\n"),
		url: "http://10.2.0.2/", status: 302},
	{name: "nothing listens", url: "http://10.2.0.2/",
		message: `^curl: \(7\) Failed to connect to 10\.2\.0\.2 port 80 after \d+ ms: Couldn't connect to server \(Connection refused\)$`},
	{name: "nothing listens on localhost", url: "http://localhost/",
		message: `^curl: \(7\) Failed to connect to localhost port 80 after \d+ ms: Couldn't connect to server \(Connection refused\)$`},
	{name: "no route", arrange: func(w *labtest.Trio) { w.NoDefaultRoute(w.C) }, url: "http://10.2.0.2/",
		message: `^curl: \(7\) Failed .*: Couldn't connect to server \(Network is unreachable\)$`},
	{name: "nobody has the address", url: "http://10.1.0.77/",
		message: `^curl: \(7\) Failed .*: Couldn't connect to server \(No route to host\)$`},
	{name: "a firewall drops", arrange: dropTCP, answer: saying(""), url: "http://10.2.0.2/",
		message: `^curl: \(28\) Connection timed out after \d+ milliseconds$`},
	{name: "the server says nothing", answer: func(conn net.Conn) { io.Copy(io.Discard, conn) }, url: "http://10.2.0.2/",
		message: `^curl: \(28\) Operation timed out after \d+ milliseconds with 0 bytes received$`},
	{name: "the server hangs up", answer: saying(""), url: "http://10.2.0.2/",
		message: `^curl: \(52\) Empty reply from server$`},
	{name: "the server resets", answer: func(conn net.Conn) { conn.(*net.TCPConn).SetLinger(0); conn.Read(make([]byte, 1)) },
		url: "http://10.2.0.2/", message: `^curl: \(56\) Recv failure: Connection reset by peer$`},
	{name: "the server breaks off", answer: saying("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhel"), url: "http://10.2.0.2/",
		status: 200, body: "hel", message: `^curl: \(18\) transfer closed with 6 bytes remaining to read$`},
	{name: "the server speaks something else", answer: saying("SSH-2.0-x\r\n"), url: "http://10.2.0.2/",
		message: `^curl: \(1\) Received HTTP/0.9 when not allowed`},
	{name: "a name without a server", url: "http://www.example.com/", message: `^curl: \(6\) Could not resolve host: www\.example\.com$`},
	{name: "another protocol", url: "xyz://10.2.0.2/", message: `^curl: \(1\) Protocol "xyz" not supported`},
	{name: "no URL", url: "http://", message: `^curl: \(3\) `},
}

// dropTCP makes s deaf for TCP.
func dropTCP(w *labtest.Trio) {
	conn, err := nftables.New(nftables.WithNetNSFd(int(w.S.FD())))
	w.Must(err)
	table := conn.AddTable(&nftables.Table{Family: nftables.TableFamilyIPv4, Name: "tcp"})
	chain := conn.AddChain(&nftables.Chain{Name: "in", Table: table, Type: nftables.ChainTypeFilter,
		Hooknum: nftables.ChainHookInput, Priority: nftables.ChainPriorityFilter})
	conn.AddRule(&nftables.Rule{Table: table, Chain: chain, Exprs: []expr.Any{
		&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: 1},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{unix.IPPROTO_TCP}},
		&expr.Verdict{Kind: expr.VerdictDrop},
	}})
	w.Must(conn.Flush())
}

func TestGetTellsFailuresInCurlsWords(t *testing.T) {
	labtest.Slow(t)
	for _, proxy := range []string{"http_proxy", "HTTP_PROXY", "all_proxy"} {
		t.Setenv(proxy, "http://127.0.0.1:1/")
	}
	for _, c := range getCases {
		t.Run(c.name, func(t *testing.T) {
			w := labtest.NewTrio(t)
			if c.arrange != nil {
				c.arrange(w)
			}
			if c.answer != nil {
				serve(w, w.S, "10.2.0.2:80", c.answer)
			}
			got := Get(t.Context(), w.C, c.url, 400*time.Millisecond)
			if got.OK != (c.message == "") || got.Status != c.status || got.Body != c.body {
				t.Errorf("got %+v", got)
			}
			if !regexp.MustCompile(c.message).MatchString(got.Message) {
				t.Errorf("message\n got %q\nwant %s", got.Message, c.message)
			}
			sameAsCurl(w, c.url, got.Message)
		})
	}
}

var curlCode = regexp.MustCompile(`curl: \(\d+\)`)

// sameAsCurl runs the curl of this machine, if any: it must fail with the same
// number. The words behind it change from version to version.
func sameAsCurl(w *labtest.Trio, url, message string) {
	w.T.Helper()
	if _, err := exec.LookPath("curl"); err != nil {
		w.T.Log("no curl here to compare with")
		return
	}
	said := w.Run(w.C, "curl", "-4sS", "--noproxy", "*", "-o", "/dev/null", "-m", "0.4", url)
	if curlCode.FindString(said) != curlCode.FindString(message) {
		w.T.Errorf("curl said\n%s\nwe say\n%s", said, message)
	}
}

func TestGetStaysInItsNamespace(t *testing.T) {
	w := labtest.NewTrio(t)
	serve(w, w.C, "127.0.0.1:80", saying("HTTP/1.0 200 OK\r\n\r\nI am c"))
	serve(w, w.S, "127.0.0.1:80", saying("HTTP/1.0 200 OK\r\n\r\nI am s"))
	for _, ns := range []*nsenter.Namespace{w.C, w.S} {
		if got := Get(t.Context(), ns, "http://localhost/", time.Second); got.Body != "I am "+ns.Name() {
			t.Errorf("in %s: got %+v", ns.Name(), got)
		}
	}
}

// TestGetFromAnAddress: the name is not looked up again.
func TestGetFromAnAddress(t *testing.T) {
	w := labtest.NewTrio(t)
	w.IPv6()
	w.Addr(w.R, "left", "fe80::80/64")
	serve(w, w.S, "10.2.0.2:80", saying("HTTP/1.0 200 OK\r\n\r\nhello"))
	serve(w, w.R, "[fe80::80%left]:80", saying("HTTP/1.0 200 OK\r\n\r\nnear"))
	if got := GetFrom(t.Context(), w.C, "http://web/", labtest.Addr("10.2.0.2"), time.Second, 0); got.Body != "hello" {
		t.Errorf("%+v", got)
	}
	for _, url := range []string{"http://[fe80::80%eth0]/", "http://[fe80::80%25eth0]:80/"} {
		if got := Get(t.Context(), w.C, url, time.Second); got.Body != "near" {
			t.Errorf("%s: %+v", url, got)
		}
	}
}

func TestGetKeepsABoundedBody(t *testing.T) {
	w := labtest.NewTrio(t)
	serve(w, w.S, "10.2.0.2:80", saying("HTTP/1.0 200 OK\r\n\r\n"+strings.Repeat("x", 3*getBodyLimit)))
	got := Get(t.Context(), w.C, "http://10.2.0.2/", time.Second)
	if !got.OK || len(got.Body) != getBodyLimit {
		t.Errorf("got %d bytes, ok %v, %q", len(got.Body), got.OK, got.Message)
	}
}

func TestGetLeavesNoConnectionBehind(t *testing.T) {
	w := labtest.NewTrio(t)
	serve(w, w.S, "10.2.0.2:80", saying("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
	Get(t.Context(), w.C, "http://10.2.0.2/", time.Second)
	goroutines, descriptors := labtest.Footprint(t)
	for range 20 {
		if got := Get(t.Context(), w.C, "http://10.2.0.2/", time.Second); got.Body != "ok" {
			t.Errorf("got %+v", got)
		}
	}
	w.NoMoreThan(goroutines, descriptors)
}

func TestGetEndsWithContextOrNamespaceAndLeaksNothing(t *testing.T) {
	w := labtest.NewTrio(t)
	goroutines, descriptors := labtest.Footprint(t)
	ends := map[string]func(context.CancelFunc, *nsenter.Namespace){
		"context":   func(cancel context.CancelFunc, _ *nsenter.Namespace) { cancel() },
		"namespace": func(_ context.CancelFunc, ns *nsenter.Namespace) { ns.Close() },
	}
	dropTCP(w)
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			ns, err := nsenter.Open("c", fmt.Sprintf("/proc/self/fd/%d", w.C.FD()))
			w.Must(err)
			defer ns.Close()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			time.AfterFunc(50*time.Millisecond, func() { end(cancel, ns) })
			started := time.Now()
			got := Get(ctx, ns, "http://10.2.0.2/", time.Minute)
			if took := time.Since(started); got.OK || took > 2*time.Second || !strings.HasPrefix(got.Message, "curl: (42)") {
				t.Errorf("after %v: got %+v", took, got)
			}
		})
	}
	w.NoMoreThan(goroutines, descriptors)
}
