package steps

import (
	"context"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"nstutor/diag/probe"
	"nstutor/internal/lab"
	"nstutor/internal/nsenter"
)

// Watch is where the live pane looks: a namespace, and what is tried from it again
// and again: a ping, or one of Get and Ask in its place.
type Watch struct {
	Netns, Ping string
	Size        int    // bytes of payload; 0 stands for ping's 56
	DF          bool   // never fragment
	Get         string // a page, by its URL
	Ask         string // the address and port that a datagram goes to
	SrcPort     uint16 // where it comes from; 0 lets the kernel choose
	// Rules and Flows are namespaces whose rules, with what they have counted, and
	// whose tracked connections are to be seen as well.
	Rules, Flows string
	// Traces and Events are namespaces of which is shown what `nft monitor trace` and
	// `conntrack -E` print there.
	Traces, Events string
	// FDB is a bridge of the node whose forwarding database is to be seen as well.
	FDB string
}

// A Watcher is an action that knows by itself where the live pane looks.
type Watcher interface{ Watched() Watch }

// Watched is where the live pane looks in the step.
func (s *Step) Watched() Watch {
	if w, ok := s.Action.(Watcher); ok {
		return w.Watched()
	}
	return s.Watch
}

// Told are the namespaces of which is shown what the kernel tells of packets, beside the
// tables; empty ones are not asked.
type Told struct{ Rules, Flows, Traces, Events string }

// Told are the namespaces that a watch is about.
func (w Watch) Told() Told {
	return Told{Rules: w.Rules, Flows: w.Flows, Traces: w.Traces, Events: w.Events}
}

// Tried is what a watch tries.
func (w Watch) Tried() Tried {
	t := Tried{Netns: w.Netns, To: w.Ping, Size: w.Size, DF: w.DF}
	switch {
	case w.Get != "":
		t.Tool, t.To = toolGet, w.Get
	case w.Ask != "":
		t.Tool, t.To, t.SrcPort = toolAsk, w.Ask, w.SrcPort
	}
	return t
}

// The programs by which a try would be made by hand; ping where there is none.
const (
	toolPing = "ping"
	toolGet  = "curl"
	toolAsk  = "nc -u"
)

// Tried is one thing to try from a namespace: a ping unless Tool says otherwise.
type Tried struct {
	Netns, To string
	Tool      string
	Size      int
	DF        bool
	SrcPort   uint16
}

// IsPing says whether it is an echo.
func (t Tried) IsPing() bool { return t.Tool == "" }

// Command is what a person would type.
func (t Tried) Command() string {
	switch t.Tool {
	case "":
		return toolPing + " " + t.Target()
	case toolAsk:
		return toolAsk + " " + t.Target()
	}
	return t.Tool + " " + t.To
}

// Label is the name of the program.
func (t Tried) Label() string {
	if t.Tool == "" {
		return toolPing
	}
	return strings.Fields(t.Tool)[0]
}

// Target is what stands behind the program: whereto, and the options.
func (t Tried) Target() string {
	target := t.To
	switch t.Tool {
	case toolAsk:
		if t.SrcPort != 0 {
			target = fmt.Sprintf("-p %d ", t.SrcPort)
		} else {
			target = ""
		}
		addr, port, _ := strings.Cut(t.To, ":")
		return target + addr + " " + port
	case "":
		if t.Size > 0 {
			target += fmt.Sprintf(" -s %d", t.Size)
		}
		if t.DF {
			target += " -M do"
		}
	}
	return target
}

// Flow is what is asked of the network: an address or a name, the protocol (0: a
// ping), the port of TCP and UDP, and what is to be fetched.
func (t Tried) Flow() (to string, proto byte, port uint16, page string) {
	switch t.Tool {
	case toolGet:
		u, err := url.Parse(t.To)
		if err != nil {
			return t.To, unix.IPPROTO_TCP, 80, ""
		}
		number, err := strconv.ParseUint(u.Port(), 10, 16)
		if err != nil {
			number = 80
		}
		return u.Hostname(), unix.IPPROTO_TCP, uint16(number), t.To
	case toolAsk:
		if ap, err := netip.ParseAddrPort(t.To); err == nil {
			return ap.Addr().String(), unix.IPPROTO_UDP, ap.Port(), ""
		}
	}
	return t.To, 0, 0, ""
}

// getTime is how long a page is waited for: less than ping's time, for a connection
// that is not answered is tried again after a second.
const getTime = 2 * time.Second

// aloneTime is how long an answer is waited for where the next try needs the same port.
const aloneTime = 800 * time.Millisecond

// question is what a datagram asks of the lab's server.
const question = "who?"

// Try tries it once.
func (t Tried) Try(ctx context.Context, ns *nsenter.Namespace, timeout time.Duration) probe.Result {
	switch t.Tool {
	case toolGet:
		r := pageResult(probe.Get(ctx, ns, t.To, getTime))
		to, _, _, _ := t.Flow()
		r.Dst, _ = netip.ParseAddr(to)
		return r
	case toolAsk:
		to, err := netip.ParseAddrPort(t.To)
		if err != nil {
			return probe.Result{Message: err.Error()}
		}
		r := probe.Exchange(ctx, ns, probe.Dial{Dst: to, SrcPort: t.SrcPort, Timeout: timeout, Payload: []byte(question)})
		if r.Answer != "" {
			r.Message += ": " + oneLine(r.Answer)
		}
		return r
	}
	return probe.Ping(ctx, ns, probe.Echo{To: t.To, Size: t.Size, DF: t.DF, Timeout: timeout})
}

// pageResult is what came of a page, as the result of any other try.
func pageResult(got probe.GetResult) probe.Result {
	r := probe.Result{Outcome: got.Outcome(), Message: got.Message}
	if client, server, ok := lab.ReadVisit(got.Body); got.OK && ok {
		r.Message = visit(client, server)
	} else if got.OK {
		r.Message = oneLine(got.Body)
	}
	return r
}

// Reached opens so many connections at once and says how many of them each server has
// answered, by the address that it says it has. Those that reached none are "".
func Reached(ctx context.Context, ns *nsenter.Namespace, page string, connections int) map[string]int {
	servers := make([]string, connections)
	var all sync.WaitGroup
	for i := range servers {
		all.Go(func() { _, servers[i], _ = lab.ReadVisit(probe.Get(ctx, ns, page, getTime).Body) })
	}
	all.Wait()
	reached := map[string]int{}
	for _, server := range servers {
		reached[server]++
	}
	return reached
}

// Pinger tries it again and again, once a second.
func (t Tried) Pinger(ns *nsenter.Namespace, timeout time.Duration) *probe.Pinger {
	if t.IsPing() {
		return probe.NewPinger(ns, probe.Echo{To: t.To, Size: t.Size, DF: t.DF, Timeout: timeout}, time.Second)
	}
	if t.SrcPort != 0 {
		timeout = min(timeout, aloneTime) // one port is one socket's at a time
	}
	try := func(ctx context.Context, _ int) probe.Result { return t.Try(ctx, ns, timeout) }
	return probe.NewTrier(ns, try, max(timeout, getTime), time.Second)
}
