package steps

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"nstutor/diag/probe"
	"nstutor/internal/lab"
	"nstutor/internal/say"
)

// Promise states what is to be seen: what a ping or an HTTP request says, and
// what the kernel's tables hold then.
type Promise struct {
	// First is made before anything is tried, whether it succeeds or not: it
	// takes away what an earlier ping has left, such as a learned neighbour.
	First  []Action
	Pings  []Ping
	Gets   []Get
	Asks   []Ask
	Claims []Claim
}

// Ping sends one echo request and promises its outcome.
type Ping struct {
	From, To string // namespace; address or name
	Want     probe.Outcome
	TTL      int           // of the reply; 0: not looked at
	Hops     int           // what it sets out with, as ping -t; 0: the kernel's own
	Within   time.Duration // until the reply, at most; 0: not looked at
	By       string        // the address that the reply or the complaint comes from; empty: not looked at
}

// Get fetches a page over HTTP, in the manner of curl.
type Get struct {
	From, URL string
	Client    string     // the address that the lab's web server must have seen; or
	Fails     unix.Errno // what the connection must end with: ETIMEDOUT where nothing answers
	Server    string     // the server's own address, where that is not in the URL
}

// Ask sends one datagram to the lab's server and promises what comes of it.
type Ask struct {
	From, To string // namespace; address and port
	SrcPort  uint16 // 0 lets the kernel choose
	Want     probe.Outcome
	Client   string // whom the server has seen, where it answers
	Server   string // the server's own address, where it answers
}

// Expected is what a promise tries, and what is to come of it.
type Expected struct {
	Tried
	Want probe.Outcome
}

// Tries are all that the promise tries, in the order of Report.Results.
func (p Promise) Tries() []Expected {
	var all []Expected
	for _, ping := range p.Pings {
		all = append(all, Expected{Tried{Netns: ping.From, To: ping.To}, ping.Want})
	}
	for _, get := range p.Gets {
		want := probe.Replied
		if get.Fails != 0 {
			want = probe.GetResult{Errno: get.Fails, Late: get.Fails == unix.ETIMEDOUT}.Outcome()
		}
		all = append(all, Expected{Tried{Netns: get.From, To: get.URL, Tool: toolGet}, want})
	}
	for _, ask := range p.Asks {
		all = append(all, Expected{Tried{Netns: ask.From, To: ask.To, Tool: toolAsk, SrcPort: ask.SrcPort}, ask.Want})
	}
	return all
}

// Claim is one thing that a promise says about the kernel's state or about
// what was seen on the wire.
type Claim interface {
	// Promised says it in the words of ip(8).
	Promised(l *lab.Lab) say.Text
	// Look says what is there and whether that is what was promised. An error
	// means that it could not be looked at, which is neither yes nor no.
	Look(ctx context.Context, l *lab.Lab, e *Evidence) (seen say.Text, ok bool, err error)
}

// Seen is one line of a Report.
type Seen struct {
	Promised say.Text
	Seen     say.Text
	OK       bool
	Err      error // it could not be looked at; OK is false then
}

// Report is what came of a promise.
type Report struct {
	Lines []Seen
	Pings []probe.Result    // one for each of the promise's
	Gets  []probe.GetResult // one for each of the promise's
	Asks  []probe.Result    // one for each of the promise's
}

// Results are what came of all that was tried, in the order of Promise.Tries.
func (r Report) Results() []probe.Result {
	all := slices.Clone(r.Pings)
	for _, got := range r.Gets {
		all = append(all, pageResult(got))
	}
	return append(all, r.Asks...)
}

// OK says whether everything that was promised was seen.
func (r Report) OK() bool {
	return !slices.ContainsFunc(r.Lines, func(s Seen) bool { return !s.OK })
}

// settle is how long the tables may take to say what was promised: the kernel
// defers a link's operational state by up to a second (linkwatch).
const settle = 1500 * time.Millisecond

// Keep tries the promise: it pings, fetches, watches the wire meanwhile, and
// then looks at every claim.
func (p Promise) Keep(ctx context.Context, l *lab.Lab) (Report, error) {
	e, err := gather(ctx, l, p)
	if err != nil {
		return Report{}, err
	}
	r := Report{Pings: e.Pings, Gets: e.Gets, Asks: e.Asks}
	for i, ping := range p.Pings {
		r.Lines = append(r.Lines, ping.seen(e.Pings[i]))
	}
	for i, get := range p.Gets {
		r.Lines = append(r.Lines, get.seen(e.Gets[i]))
	}
	for i, ask := range p.Asks {
		r.Lines = append(r.Lines, ask.seen(e.Asks[i]))
	}
	for _, claim := range p.Claims {
		r.Lines = append(r.Lines, look(ctx, l, claim, e))
	}
	return r, ctx.Err()
}

// Holds looks only at the tables, without sending anything: quick enough to
// ask whenever something changes.
func (p Promise) Holds(ctx context.Context, l *lab.Lab) Report {
	var r Report
	for _, claim := range p.Claims {
		seen, ok, err := claim.Look(ctx, l, nil)
		if errors.Is(err, ErrNeedsEvidence) {
			continue
		}
		r.Lines = append(r.Lines, Seen{claim.Promised(l), seen, ok && err == nil, err})
	}
	return r
}

// look gives the tables time to settle.
func look(ctx context.Context, l *lab.Lab, claim Claim, e *Evidence) Seen {
	deadline := time.Now().Add(settle)
	for {
		seen, ok, err := claim.Look(ctx, l, e)
		if ok && err == nil || time.Now().After(deadline) || ctx.Err() != nil {
			return Seen{claim.Promised(l), seen, ok && err == nil, err}
		}
		select {
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (p Ping) seen(r probe.Result) Seen {
	what := say.Quote(p.To)
	if p.Hops != 0 {
		what = say.Quote("-t " + strconv.Itoa(p.Hops) + " " + p.To)
	}
	promised := say.T("%s ping %s: %s", "%s ping %s：%s", p.From, what, p.Want.Say())
	ok := r.Outcome == p.Want
	if p.By != "" {
		promised = say.T("%s, from %s", "%s，来自 %s", promised, p.By)
		ok = ok && r.From.String() == p.By
	}
	if p.TTL != 0 {
		promised = say.T("%s ttl=%d", "%s ttl=%d", promised, p.TTL)
		ok = ok && r.TTL == p.TTL
	}
	if p.Within != 0 {
		promised = say.T("%s within %v", "%s，%v 之内", promised, p.Within)
		ok = ok && r.RTT <= p.Within
	}
	seen := say.Quote(r.Message)
	if !ok {
		seen = say.T("%s: %s", "%s：%s", r.Outcome.Say(), r.Message)
	}
	return Seen{Promised: promised, Seen: seen, OK: ok}
}

func (g Get) seen(r probe.GetResult) Seen {
	seen := Seen{Seen: say.Quote(oneLine(r.Message + r.Body))}
	if g.Fails != 0 {
		seen.Promised = say.T("%s curl %s: %s", "%s curl %s：%s", g.From, g.URL, probe.Strerror(g.Fails))
		seen.OK = !r.OK && (r.Errno == g.Fails || r.Late && g.Fails == unix.ETIMEDOUT)
		return seen
	}
	seen.Promised = say.T("%s curl %s: %s", "%s curl %s：%s", g.From, g.URL, visit(g.Client, g.Server))
	seen.OK = r.OK && visited(r.Body, g.Client, g.Server)
	return seen
}

func (a Ask) seen(r probe.Result) Seen {
	command := Tried{To: a.To, Tool: toolAsk, SrcPort: a.SrcPort}.Command()
	seen := Seen{Seen: say.Quote(oneLine(r.Message + " " + r.Answer)), OK: r.Outcome == a.Want}
	if a.Want != probe.Replied {
		seen.Promised = say.T("%s %s: %s", "%s %s：%s", a.From, command, a.Want.Say())
		return seen
	}
	seen.Promised = say.T("%s %s: %s", "%s %s：%s", a.From, command, visit(a.Client, a.Server))
	seen.OK = seen.OK && visited(r.Answer, a.Client, a.Server)
	return seen
}

// visit is what a server says of a client and of itself, as far as that is promised.
func visit(client, server string) string {
	words := "client=" + client
	if server != "" {
		words += " server=" + server
	}
	return words
}

// visited says whether an answer of the lab's servers is of that client, and of that
// server where one is given.
func visited(answer, client, server string) bool {
	saw, own, ok := lab.ReadVisit(answer)
	return ok && saw == client && (server == "" || own == server)
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
