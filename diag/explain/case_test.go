package explain_test

import (
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"nstutor/diag/explain"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/machine"
	"nstutor/diag/probe"
	"nstutor/internal/change"
)

// breakage is a healthy network, what breaks it, and what is to be said of a
// ping then.
type breakage struct {
	name     string
	fault    string // lines of "NETNS: COMMAND"
	from, to string
	asks     string   // "tcp 80": a connection to that port; "udp 53": a datagram; empty: a ping
	sport    uint16   // … from this port; 0: one that the kernel chooses
	serve    []string // "NETNS tcp ADDR:PORT": listeners
	size     int      // bytes of payload; 0 stands for 56
	count    int      // echoes of one answer; 0: as many as it takes
	df       bool     // never fragment
	warm     bool     // the neighbour tables keep what the healthy pings have put there
	want     expected
	or       []expected   // as good an answer
	next     []cause.Code // what the first answer must name as still broken
	fix      []string     // lines of "NETNS: COMMAND" that mend it at once; nil: whichever do
	noFix    bool         // no command on these machines makes the ping work
	shut     []journey    // pings that the fault stops too, and that the fix must not let through
}

// cause is the part of an explain.Fault that a case promises. The cause of a
// ping that works is the zero value.
type expected struct {
	code  cause.Code
	netns string
	leg   flows.Leg
}

const (
	request = flows.LegRequest
	reply   = flows.LegReply
)

// everyBreakage has the cases of all tables.
var everyBreakage []breakage

// among puts a table of cases among all others.
func among(cases []breakage) []breakage {
	everyBreakage = append(everyBreakage, cases...)
	return cases
}

// rounds bounds the repairs of one case.
const rounds = 3

// atOnce is how many cases are tried at the same time: most of a case is
// waiting for a ping that nobody answers.
const atOnce = 10

// explainBreakages tries every case on a network of its own.
func explainBreakages(t *testing.T, base baseNetwork, cases []breakage) {
	t.Helper()
	abreast(cases, func(c breakage) {
		t.Run(c.name, func(t *testing.T) { c.try(base.build(t)) })
	})
	again := slices.DeleteFunc(firsts(cases), func(c breakage) bool {
		mended := mending{c.want.code, strings.Contains(c.to, ":")}
		before := appliedOnce[mended]
		appliedOnce[mended] = true
		return before
	})
	abreast(again, func(c breakage) {
		t.Run(c.name+", by nstutor apply", func(t *testing.T) {
			b := base.build(t)
			b.applies = true
			c.try(b)
		})
	})
}

// mending is what a fix is for: a cause, with IPv4 or IPv6.
type mending struct {
	code cause.Code
	six  bool
}

// appliedOnce are those that a table before has had made by nstutor apply.
var appliedOnce = map[mending]bool{}

// firsts is one case of each cause that a command mends: its fix is also made as it
// is where the command's program is not installed.
func firsts(cases []breakage) (some []breakage) {
	for _, c := range cases {
		same := func(o breakage) bool { return o.want.code == c.want.code }
		if c.want.code != "" && !c.noFix && !slices.ContainsFunc(some, same) {
			some = append(some, c)
		}
	}
	return some
}

// abreast does the same for every one of all, atOnce of them at a time.
func abreast[T any](all []T, do func(T)) {
	queue := make(chan T)
	var workers sync.WaitGroup
	for range atOnce {
		workers.Go(func() {
			for one := range queue {
				do(one)
			}
		})
	}
	for _, one := range all {
		queue <- one
	}
	close(queue)
	workers.Wait()
}

// try breaks the network, and compares what is said of the ping with the ping;
// then it does what the answer advises.
func (c breakage) try(b *built) {
	b.t.Helper()
	needTools(b.t, c.fault)
	b.serve(c.serve)
	b.run(c.fault)
	if !c.warm {
		b.forget()
	}
	first := b.explain(c, false)
	result := b.ask(c, c.journey())
	if works := c.want.code == ""; works && result.Outcome != probe.Replied {
		result = b.eventuallyAsk(c)
		if result.Outcome != probe.Replied {
			b.t.Fatalf("the ping should be answered: %s", result.Message)
		}
	} else if !works && result.Outcome == probe.Replied {
		b.t.Fatalf("the ping is answered: %s", result.Message)
	}
	b.t.Logf("the ping says %s", result.Message)
	c.check(b, "without a probe", first)
	c.check(b, "with a probe", b.explain(c, true))
	if c.want.code != "" && !b.t.Failed() {
		c.mend(b, first)
	}
}

func (c breakage) journey() journey { return journey{c.from, c.to} }

func (b *built) explain(c breakage, probe bool) explain.Answer {
	b.t.Helper()
	world := machine.New()
	defer world.Close()
	from, err := world.Open(b.real(c.from))
	if err != nil {
		b.t.Fatal(err)
	}
	proto, port := c.asked()
	req := explain.Request{
		From: from, Dest: netip.MustParseAddr(c.to), Proto: proto, SrcPort: c.sport, Port: port, Size: c.size, DF: c.df, Probe: probe, Count: c.count, Timeout: caseTimeout,
	}
	answer, err := explain.Explain(b.t.Context(), world, req)
	if err != nil {
		b.t.Fatal(err)
	}
	if req.First = !probe; req.First {
		if first, err := explain.Explain(b.t.Context(), world, req); err != nil || first.Verdict != answer.Verdict || len(first.Next) > 1 {
			b.t.Errorf("by the first fault alone it is %s (%s, next %v), and %s by all: %v", first.Verdict, first.Cause.Code, nextCodes(first), answer.Verdict, err)
		}
	}
	return answer
}

// check compares an answer with what the case promises.
func (c breakage) check(b *built, when string, a explain.Answer) {
	b.t.Helper()
	verdict := explain.Broken
	if c.want.code == "" {
		verdict, c.want.code = explain.Delivered, cause.None
	}
	got := expected{a.Cause.Code, b.script(a.Cause.Netns), a.Cause.Leg}
	if a.Verdict != verdict || got != c.want && !slices.Contains(c.or, got) {
		b.t.Errorf("%s: %s, %v; want %s, %v\n%s", when, a.Verdict, got, verdict, c.want, b.account(a))
		return
	}
	for _, h := range a.Hops {
		if h.Stage == hop.StageNeighbour && strings.HasSuffix(h.Detail.In("en"), " PROBE") {
			break // the kernel is asking whether it is right, and may know before the probe's packet comes
		}
		if h.Predicted == hop.OK && h.Observed == hop.Fail || h.Predicted == hop.Fail && h.Observed == hop.OK {
			b.t.Errorf("%s: predicted and observed differ at %s %s\n%s", when, b.script(h.Netns), h.Device, b.account(a))
			break
		}
	}
	for _, code := range c.next {
		if !slices.Contains(nextCodes(a), code) {
			b.t.Errorf("%s: next is %v, want %s in it\n%s", when, nextCodes(a), code, b.account(a))
		}
	}
	for _, netns := range spoken(a) {
		if !strings.HasSuffix(netns, b.suffix) {
			b.t.Errorf("%s: it speaks of %s, which is no part of this network\n%s", when, netns, b.account(a))
			return
		}
	}
	if a.Cause.Code != cause.None && fmt.Sprint(a.Cause.Detail) == "" {
		b.t.Errorf("%s: no detail", when)
	}
	if a.Cause.Code != cause.None && len(a.Cause.Evidence) == 0 {
		b.t.Errorf("%s: no evidence\n%s", when, b.account(a))
	}
}

// spoken are the namespaces that an answer speaks of. Those of other networks,
// with the same addresses, are there at the same time.
func spoken(a explain.Answer) (netns []string) {
	for _, h := range a.Hops {
		netns = append(netns, h.Netns)
	}
	for _, f := range a.Next {
		netns = append(netns, f.Netns)
	}
	for _, f := range a.Fix {
		netns = append(netns, f.Netns)
	}
	return netns
}

func nextCodes(a explain.Answer) (codes []cause.Code) {
	for _, f := range a.Next {
		codes = append(codes, f.Code)
	}
	return codes
}

// mend does what the answer advises, and again what is advised after it, until
// the ping is answered.
func (c breakage) mend(b *built, a explain.Answer) {
	b.t.Helper()
	if got := b.typed(a.Fix); c.fix != nil && !slices.Equal(got, c.fix) {
		b.t.Errorf("the fix is %q, want %q\n%s", got, c.fix, b.account(a))
	}
	if c.noFix {
		return
	}
	for _, j := range c.shut {
		if r := b.ask(breakage{asks: c.asks}, j); r.Outcome == probe.Replied {
			b.t.Fatalf("%s to %s should be broken too", j.from, j.to)
		}
	}
	verified := c.inCopy(b, &a)
	for round := 1; ; round++ {
		if len(a.Fix) == 0 {
			b.t.Fatalf("round %d: no fix\n%s", round, b.account(a))
		}
		for _, fix := range a.Fix {
			b.apply(fix)
		}
		promised := nextCodes(a)
		var r probe.Result
		if len(promised) == 0 {
			r = b.eventuallyAsk(c)
		} else {
			r = b.ask(c, c.journey())
		}
		if r.Outcome == probe.Replied {
			break
		}
		if verified {
			b.t.Errorf("a verified fix does not mend the network: %s", r.Message)
		}
		a = b.explain(c, false)
		switch {
		case round == rounds, c.fix != nil:
			b.t.Fatalf("after %d repairs: %s\n%s", round, r.Message, b.account(a))
		case !slices.Contains(promised, a.Cause.Code):
			b.t.Fatalf("round %d: after the fix %s; next promised %v\n%s", round, r.Message, promised, b.account(a))
		}
	}
	b.forget()
	for _, j := range c.shut {
		if r := b.ask(breakage{asks: c.asks}, j); r.Outcome == probe.Replied {
			b.t.Errorf("the fix also lets %s reach %s", j.from, j.to)
		}
	}
}

// wide are fixes that change more than the ping needs.
var wide = regexp.MustCompile(`flush|tables.* -[FPXD]\b|policy accept|delete (rule|chain|table)|conf[./](all|default)[./]|ip_forward`)

// stray are rules that are the fault themselves: one who mends it takes them away.
var stray = regexp.MustCompile(`tables.* -D \w+ .*-j (SNAT|CT --notrack|CT --zone (\d+|mark)|NOTRACK|TTL|HL|MASQUERADE --to-ports)|nft delete rule .* handle \d+$`)

// apply runs a fix as it stands, as a person would.
func (b *built) apply(fix change.Command) {
	b.t.Helper()
	b.t.Logf("fix: %s: %s", b.script(fix.Netns), fix.String())
	// IPv6 has no forwarding of one device alone; of IPv4 it is for where none forwards.
	needed := []string{"ip route flush cache", "ip -6 route flush cache", "sysctl -w net.ipv6.conf.all.forwarding=1", "sysctl -w net.ipv4.ip_forward=1"}
	if wide.MatchString(fix.String()) && !stray.MatchString(fix.String()) && !slices.Contains(needed, fix.String()) {
		b.t.Errorf("the fix is not narrow: %s", fix.String())
	}
	line := fix.String()
	if _, err := change.Parse("", fix.Argv...); b.applies && err == nil {
		self, err := os.Executable()
		if err != nil {
			b.t.Fatal(err)
		}
		line = change.In("", slices.Concat([]string{self, "apply"}, fix.Argv)...).String()
	}
	out, err := exec.Command("ip", "netns", "exec", fix.Netns, "sh", "-c", line).CombinedOutput()
	if err != nil {
		b.t.Fatalf("fix %s: %s: %v: %s", b.script(fix.Netns), fix.String(), err, out)
	}
}

// typed are commands as a case has them.
func (b *built) typed(fix []change.Command) (lines []string) {
	for _, f := range fix {
		lines = append(lines, b.script(f.Netns)+": "+f.String())
	}
	return lines
}

// account is what an answer says, for the eyes of who reads a failed test.
func (b *built) account(a explain.Answer) string {
	var s strings.Builder
	fmt.Fprintf(&s, "cause %s in %s, %s: %s\n", a.Cause.Code, b.script(a.Cause.Netns), a.Cause.Leg, a.Cause.Detail)
	for _, line := range a.Cause.Evidence {
		fmt.Fprintf(&s, "  | %s\n", line)
	}
	for _, fix := range a.Fix {
		fmt.Fprintf(&s, "  fix %s: %s\n", b.script(fix.Netns), fix.String())
	}
	for _, f := range a.Next {
		fmt.Fprintf(&s, "next %s in %s, %s: %s\n", f.Code, b.script(f.Netns), f.Leg, f.Detail)
	}
	for _, h := range a.Hops {
		fmt.Fprintf(&s, "  %-7s %-8s %-12s %-9s %-7s %-7s %s\n", h.Leg, b.script(h.Netns), h.Device, h.Stage, h.Predicted, h.Observed, h.Detail)
	}
	if a.Probe != nil {
		fmt.Fprintf(&s, "probe: %s\n", a.Probe.Message)
	}
	return s.String()
}
