package probe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"nstutor/diag/dial"
	"nstutor/diag/resolve"
	"nstutor/internal/nsenter"
)

// getBodyLimit bounds what Get keeps of a response.
const getBodyLimit = 64 << 10

// GetResult is what became of an HTTP GET.
type GetResult struct {
	OK      bool       // a whole response came, whatever its status
	Status  int        // the HTTP status code, 0 when there was no response
	Body    string     // at most 64 KiB of it
	Errno   unix.Errno // the system call's that failed, 0 when none did: ECONNREFUSED where nobody listens
	Late    bool       // the time was over before it ended
	Message string     // when not OK, in curl's own words, the errno's after them: "curl: (7) Failed to connect to …: Couldn't connect to server (Connection refused)"
}

// Get sends an HTTP GET through a TCP socket that is opened inside ns (nil:
// the caller's namespace), never through a proxy, and follows no redirect, as
// curl does not. The name localhost is 127.0.0.1 and asks no name server. The
// timeout covers the whole exchange, like curl's --max-time.
func Get(ctx context.Context, ns *nsenter.Namespace, target string, timeout time.Duration) GetResult {
	return GetFrom(ctx, ns, target, netip.Addr{}, timeout, 0)
}

// GetFrom is Get from the server at an address, which is not looked up if it is valid, with
// segments of at most so many bytes, in both directions; 0 are as many as the route takes.
func GetFrom(ctx context.Context, ns *nsenter.Namespace, target string, addr netip.Addr, timeout time.Duration, segment int) GetResult {
	started := time.Now()
	address, port, err := parseGetTarget(target)
	if err != nil {
		return GetResult{Message: err.Error()}
	}
	parent, cancelParent := withNamespace(ctx, ns)
	defer cancelParent()
	ctx, cancel := context.WithTimeout(parent, timeout)
	defer cancel()
	g := getter{parent: parent, started: started, host: address.Hostname(), port: port}

	if !addr.IsValid() {
		if addr, err = resolve.AddressWithin(ctx, ns, g.host, timeout); err != nil {
			return g.failed("resolve", err)
		}
	}
	conn, err := dial.Inside(ctx, ns, unix.SOCK_STREAM, netip.AddrPortFrom(addr, port), segment)
	if err != nil {
		return g.failed("connect", err)
	}
	defer conn.Close()
	return g.exchange(ctx, conn, address)
}

// parseGetTarget reads a URL as curl does: without a scheme it is http.
func parseGetTarget(target string) (*url.URL, uint16, error) {
	if !strings.Contains(target, "://") {
		target = "http://" + target
	}
	address, err := ParseURL(target)
	if err != nil || address.Hostname() == "" {
		return nil, 0, errors.New("curl: (3) URL using bad/illegal format or missing URL")
	}
	if address.Scheme != "http" {
		return nil, 0, fmt.Errorf("curl: (1) Protocol %q not supported or disabled in libcurl", address.Scheme)
	}
	port := uint64(80)
	if text := address.Port(); text != "" {
		if port, err = strconv.ParseUint(text, 10, 16); err != nil {
			return nil, 0, errors.New("curl: (3) URL using bad/illegal format or missing URL")
		}
	}
	return address, uint16(port), nil
}

// ParseURL reads a URL. The zone of a link-local address may stand behind a bare %, as curl
// takes it, and behind %25 (RFC 6874).
func ParseURL(text string) (*url.URL, error) {
	open, end := strings.IndexByte(text, '['), strings.IndexByte(text, ']')
	if 0 <= open && open < end {
		if address, zone, ok := strings.Cut(text[open:end], "%"); ok && !strings.HasPrefix(zone, "25") {
			text = text[:open] + address + "%25" + zone + text[end:]
		}
	}
	return url.Parse(text)
}

// getter is one GET under way.
type getter struct {
	parent  context.Context // ended by the caller or the namespace, not by the timeout
	started time.Time
	host    string
	port    uint16
	begin   beginning // of what the server sent
	body    strings.Builder
	missing int64 // bytes that the response promised and did not bring, 0 when it promised nothing
}

// exchange sends the request over the connection and reads the response.
func (g *getter) exchange(ctx context.Context, conn net.Conn, address *url.URL) GetResult {
	transport := &http.Transport{
		DialContext:        func(context.Context, string, string) (net.Conn, error) { return noting{conn, &g.begin}, nil },
		DisableKeepAlives:  true,
		DisableCompression: true,
	}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), nil)
	if err != nil {
		return g.failed("request", err)
	}
	request.Header.Set("User-Agent", "nstutor")
	request.Header.Set("Accept", "*/*")
	response, err := transport.RoundTrip(request)
	if err != nil {
		return g.failed("response", err)
	}
	defer response.Body.Close()
	if _, err := io.Copy(&g.body, io.LimitReader(response.Body, getBodyLimit)); err != nil {
		g.missing = max(0, response.ContentLength-int64(g.body.Len()))
		result := g.failed("body", err)
		result.Status, result.Body = response.StatusCode, g.body.String()
		return result
	}
	return GetResult{OK: true, Status: response.StatusCode, Body: g.body.String()}
}

// failed puts an error into curl's words (tool_operate.c and curl_easy_strerror
// of curl 7.88); stage says what was going on.
func (g *getter) failed(stage string, err error) GetResult {
	ms := time.Since(g.started).Milliseconds()
	var errno unix.Errno
	hasErrno := errors.As(err, &errno)
	var message string
	switch {
	case g.parent.Err() != nil:
		message = "(42) Operation was aborted by an application callback"
	case isTimeout(err) && stage == "resolve":
		message = fmt.Sprintf("(28) Resolving timed out after %d milliseconds", ms)
	case isTimeout(err) && stage == "connect" && !hasErrno:
		message = fmt.Sprintf("(28) Connection timed out after %d milliseconds", ms)
	case stage == "resolve":
		message = "(6) Could not resolve host: " + g.host
	case stage == "connect":
		message = fmt.Sprintf("(7) Failed to connect to %s port %d after %d ms: Couldn't connect to server", g.host, g.port, ms)
		if hasErrno {
			message += " (" + Strerror(errno) + ")"
		}
	case isTimeout(err):
		message = fmt.Sprintf("(28) Operation timed out after %d milliseconds with %d bytes received", ms, g.body.Len())
	case hasErrno:
		message = "(56) Recv failure: " + Strerror(errno)
	case stage == "response" && errors.Is(err, io.EOF):
		message = "(52) Empty reply from server"
	case stage == "body":
		message = "(18) transfer closed with outstanding read data remaining"
		if g.missing > 0 {
			message = fmt.Sprintf("(18) transfer closed with %d bytes remaining to read", g.missing)
		}
	case stage == "response" && !g.begin.isHTTP():
		message = "(1) Received HTTP/0.9 when not allowed"
	default:
		message = "(56) Failure when receiving data from the peer: " + err.Error()
	}
	return GetResult{Errno: errno, Late: g.parent.Err() == nil && isTimeout(err), Message: "curl: " + message}
}

// Outcome is what became of it, as far as the network is concerned.
func (r GetResult) Outcome() Outcome {
	switch {
	case r.OK:
		return Replied
	case r.Late:
		return Silent
	case r.Errno == unix.ECONNREFUSED:
		return Refused
	case r.Errno == unix.EHOSTUNREACH:
		return HostUnreachable
	}
	return outcomeOfErrno[r.Errno]
}

// beginning is the first bytes of a response, as many as tell HTTP from what
// began before HTTP had a status line (curl calls that HTTP/0.9).
type beginning struct {
	bytes [len(statusLine)]byte
	n     int
}

const statusLine = "HTTP/"

func (b *beginning) isHTTP() bool { return string(b.bytes[:b.n]) == statusLine }

// noting is a connection that notes how the answer begins.
type noting struct {
	net.Conn
	begin *beginning
}

func (c noting) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.begin.n += copy(c.begin.bytes[c.begin.n:], p[:max(n, 0)])
	return n, err
}

// isTimeout says whether an error is of a deadline that passed.
func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}
