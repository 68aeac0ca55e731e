package verify

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/netip"
	"os/exec"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"nstutor/diag/explain"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/machine"
	"nstutor/diag/probe"
	"nstutor/internal/change"
	"nstutor/internal/nsenter"
	"nstutor/internal/replica"
	"nstutor/internal/say"
)

// The times of a trial. Nothing in the copy is far away, and its ARP timers are
// short: who answers does so within a millisecond or two, and a neighbour that does
// not is given up after three times ten. A wait ends before when it is sure that nothing
// comes: see quiet.
const (
	silence  = 100 * time.Millisecond // until a ping counts as not answered, where the prediction says so too
	answer   = 500 * time.Millisecond
	attempts = 3
	again    = 10 * time.Millisecond // between them
	oneLine  = 3 * time.Second       // for a command of the fix
)

// memoryMost is how many bytes may be taken before they are collected after all.
const memoryMost = 256 << 20

// Serve is the inside of a lab: it reads a trial, and writes what came of it. It
// must not run anywhere else, since it builds a network in the current namespace.
func Serve(ctx context.Context, in io.Reader, out io.Writer) error {
	// It ends in a moment, and what it has taken goes with it.
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(memoryMost)
	ready, err := replica.Prepare() // while the network is still read
	if err != nil {
		return err
	}
	defer ready.Close()
	var t trial
	if err := json.NewDecoder(in).Decode(&t); errors.Is(err, io.EOF) {
		return nil // there was nothing to try
	} else if err != nil {
		return say.Err("read the trial: %v", "读取试验请求：%v", err)
	}
	built, err := ready.Build(ctx, t.Network)
	if err != nil {
		return err
	}
	defer built.Close()
	s := &stage{trial: t, built: built, spaces: map[string]*nsenter.Namespace{}, outcome: outcome{RefusedAt: none, Missing: built.Missing}}
	for i, space := range t.Network.Spaces {
		s.spaces[space.Name] = built.Spaces[i]
	}
	if err := s.play(ctx); err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(s.outcome)
}

// stage is a trial under way.
type stage struct {
	trial
	outcome
	built  *replica.Copy
	spaces map[string]*nsenter.Namespace
	same   sameHandles
}

// play tries the flow before the fix, before its last command, and after it, and notes what
// else has changed.
func (s *stage) play(ctx context.Context) error {
	if s.LeaveOut != none {
		return s.playWithout(ctx)
	}
	was, err := s.playBefore(ctx)
	if err != nil || !s.Silent || s.outcome.Cause != s.trial.Cause {
		return cmp.Or(err, ctx.Err())
	}
	s.lookAtHandles()
	if s.Renumbered = s.same.others(s.Handles); len(s.Renumbered) > 0 {
		return ctx.Err()
	}
	if err := s.startFrom(was.known); err != nil {
		return err
	}
	if err := s.renew(); err != nil {
		return err
	}
	last := len(s.Fix) - 1
	s.apply(ctx, 0, 0, last)
	if last > 0 && s.RefusedAt == none {
		if err := s.playShort(ctx); err != nil || s.Answered {
			return cmp.Or(err, ctx.Err())
		}
	}
	s.apply(ctx, 0, last, last+1)
	if s.RefusedAt != none {
		s.Depth = none
		return ctx.Err()
	}
	if good, err := s.playAfter(ctx); !good || err != nil {
		return err
	}
	called := s.strangers(ctx, stampAfter)
	s.compare(was.judged, s.judge(ctx, still(), s.Others[:len(was.judged)]))
	s.compareCalls(was.heard, s.heardOrAskedAgain(ctx, was.heard, <-called))
	return ctx.Err()
}

// playWithout tries the flow after the fix but for one command.
func (s *stage) playWithout(ctx context.Context) error {
	known, err := s.built.Heard()
	if err != nil {
		return err
	}
	if slices.ContainsFunc(s.Network.Spaces, func(space replica.Space) bool { return space.Learned }) {
		_ = s.everyTime(ctx) // the copy learns it too
	}
	if err := s.startFrom(known); err != nil {
		return err
	}
	s.apply(ctx, s.LeaveOut+1, 0, len(s.Fix))
	s.Answered = s.everyTime(ctx) && s.lasts(ctx, nil)
	return ctx.Err()
}

// earlier is what was found out before the fix.
type earlier struct {
	known  replica.Heard
	judged []judgement // of Others
	heard  [][]bool    // of Calls
}

// playBefore tries the flow as the network is: it has to be silent, and to die of what it
// dies of in the original.
func (s *stage) playBefore(ctx context.Context) (was earlier, err error) {
	world := still()
	defer world.Close()
	if err := s.lookBefore(ctx, world); err != nil {
		return was, err
	}
	if was.known, err = s.built.Heard(); err != nil {
		return was, err
	}
	answered := make(chan bool, 1)
	try := func() { answered <- s.everyTime(ctx) }
	if s.once() {
		try()
	} else {
		go try()
	}
	called := s.strangersTwice(ctx)
	was.judged = s.judge(ctx, world, s.Others)
	was.heard = <-called
	s.Silent = !<-answered
	if !s.Silent && !s.once() {
		// What a stranger has asked for may have told somebody where somebody else is: then
		// it was not answered for its own sake.
		if err := s.built.Forget(was.known); err != nil {
			return was, err
		}
		s.Silent = !s.everyTime(ctx)
	}
	return was, nil
}

// renew has those listen anew who have been called from the one port of a flow.
func (s *stage) renew() error {
	if !s.once() {
		return nil
	}
	return s.built.Relisten()
}

// playShort tries the flow before the last command of the fix. Answered is known then
// where the flow can be sent once alone.
func (s *stage) playShort(ctx context.Context) error {
	known, err := s.built.Heard()
	if err != nil {
		return err
	}
	answered := s.everyTime(ctx)
	if s.LastSpare = answered && s.lasts(ctx, nil); answered && s.once() && !s.LastSpare {
		s.SrcPort = 0 // from its port it has been sent for the last time
	}
	// Who runs the commands in a row sends nothing between them, and asks for nobody.
	if err := s.built.Forget(known); err != nil {
		return err
	}
	if s.SrcPort != 0 {
		s.built.Disconnect()
	}
	if s.Answered = s.LastSpare && s.once(); s.Answered {
		return nil // it would have to be forgotten first, and is tried without the last command anyway
	}
	return s.renew()
}

// playAfter tries the flow after the whole fix, and asks the engine where it is not good.
func (s *stage) playAfter(ctx context.Context) (good bool, err error) {
	for range s.draws() {
		if s.Answered = s.inTheEnd(ctx); !s.Answered {
			return false, s.lookAfter(ctx)
		}
	}
	s.Answered = s.lasts(ctx, func() { s.Passing, err = true, s.lookAfter(ctx) })
	return s.Answered, err
}

// lookAfter asks the engine what the flow dies of after a fix that did not mend it.
func (s *stage) lookAfter(ctx context.Context) error {
	s.built.Disconnect() // of what has been sent until now, nobody else has a connection
	for _, sends := range []bool{false, true} {
		world := machine.New()
		defer world.Close()
		req := s.asked(sends)
		if machine.Private(s.Dest) {
			// Who is out of sight is played, and may know the way back where nobody would expect it:
			// that he is silent proves nothing.
			req.Copy = &explain.Copy{}
		}
		a, err := s.explain(ctx, world, s.From, req)
		if err != nil {
			return err
		}
		s.Depth, s.Then = 0, nil
		s.Left, s.Untold = cause{string(a.Cause.Code), s.called(a.Cause.Netns), a.Cause.Leg}, a.Verdict == explain.Undecided
		for _, h := range a.Hops {
			if h.Predicted == hop.OK {
				s.Depth++
			}
		}
		ofTrial := func(c change.Command) bool { return len(c.Argv) > 0 && c.Argv[0] == "conntrack" } // no connection is copied
		if len(s.same.others(handles(copies{}, a.Fix))) > 0 || slices.ContainsFunc(a.Fix, ofTrial) {
			continue
		}
		for _, command := range a.Fix {
			if len(command.Argv) > 0 && !command.ByDaemon() {
				s.Then = append(s.Then, typed{command.Netns, command.Argv})
			}
		}
		if len(s.Then) > 0 {
			break
		}
	}
	return nil
}

// asked is the question about the flow.
func (s *stage) asked(sends bool) explain.Request {
	return explain.Request{Dest: s.Dest, Proto: s.Proto, Port: s.Port, SrcPort: s.SrcPort, Size: s.Size, DF: s.DF, Probe: sends, Timeout: answer}
}

// draws is how often it has to be sent so that each of those that the rules draw from is
// met, but for one time in four hundred: where the lots are equal, one is missed each time
// with 1-1/n, and in 6n times with e^-6. From a port of one's own the first draw counts.
func (t trial) draws() int {
	const each, most = 6, 60
	if t.Lots < 2 || t.SrcPort != 0 {
		return 1
	}
	return min(each*t.Lots, most)
}

// everyTime reports whether it is answered each time that it is sent, without patience.
func (s *stage) everyTime(ctx context.Context) bool {
	for range s.draws() {
		r := s.send(ctx, silence)
		if s.Said = r.Message; r.Outcome != probe.Replied {
			return false
		}
	}
	return true
}

// once reports whether it can be sent once only: from a port of one's own it is the same
// connection again.
func (t trial) once() bool { return t.Proto == unix.IPPROTO_TCP && t.SrcPort != 0 }

// startFrom takes the copy back to what it had heard: a fix has to mend it as the neighbours
// are known now. What is sent once has to ask for them, lasts has it sent so as well. What has
// a port of its own is the same connection each time that it is sent.
func (s *stage) startFrom(known replica.Heard) error {
	if s.SrcPort != 0 {
		s.built.Disconnect()
	}
	if s.once() {
		known = known.ToAsk(s.Network)
	}
	return s.built.Forget(known)
}

// lasts reports whether what is answered now is answered as well when all namespaces, and
// one after the other, have to ask for their neighbours again, as each will in a while. Where
// it is not, look, if there is one, is called when they have to ask once more.
func (s *stage) lasts(ctx context.Context, look func()) bool {
	lost := func(known replica.Heard) bool {
		if look != nil {
			_ = s.built.Forget(known)
			look()
		}
		return false
	}
	if port := s.SrcPort; s.Proto == unix.IPPROTO_TCP && port != 0 {
		// From its port it cannot be sent again. From another one the same neighbours are asked
		// for, where that is answered as well.
		s.SrcPort = 0
		defer func() { s.SrcPort = port }()
		if !s.everyTime(ctx) {
			return true
		}
	}
	if known, err := s.built.Heard(); err == nil {
		// Of those that this packet does not ask for, other flows are judged by what is known.
		defer func() { s.built.Remember(known) }()
		if since := known.Lasting(); !s.answeredSince(ctx, since) {
			return lost(since)
		}
	}
	for i := range s.Network.Spaces {
		known, err := s.built.Heard()
		if err != nil {
			continue // nothing is forgotten then
		}
		since := slices.Clone(known)
		since[i] = known.Lasting()[i]
		if len(since[i]) < len(known[i]) && !s.answeredSince(ctx, since) {
			return lost(since)
		}
	}
	return true
}

// answeredSince reports whether it is answered where no more was heard before. A neighbour is
// given up here sooner than a busy machine has him run to answer, and what waits for him is
// lost with that: only who is not found several times is not there.
func (s *stage) answeredSince(ctx context.Context, known replica.Heard) bool {
	for i := range attempts {
		if i > 0 {
			time.Sleep(silence)
		}
		if s.built.Forget(known) != nil || s.everyTime(ctx) {
			return true // or nobody can say
		}
	}
	return false
}

// inTheEnd reports whether it is answered, when it may be sent again.
func (s *stage) inTheEnd(ctx context.Context) bool {
	for range attempts {
		r := s.send(ctx, answer)
		if s.Said = r.Message; r.Outcome == probe.Replied {
			return true
		}
		if s.draws() > 1 {
			return false // sent again it might be drawn for another
		}
		time.Sleep(again) // what the fix has begun, such as a new address of IPv6, is done by then
	}
	return false
}

// lookBefore asks the engine what the flow dies of in the copy: first as it would
// predict it, and where that is another cause, with a probe as it was perhaps found.
func (s *stage) lookBefore(ctx context.Context, world *machine.Machine) error {
	for _, sends := range []bool{false, true} {
		a, err := s.explain(ctx, world, s.From, s.asked(sends))
		if err != nil {
			return err
		}
		s.Verdict = a.Verdict
		s.outcome.Cause = cause{string(a.Cause.Code), s.called(a.Cause.Netns), a.Cause.Leg}
		if s.outcome.Cause == s.trial.Cause {
			break
		}
	}
	return nil
}

// called is what commands call the namespace with a copy of that name.
func (s *stage) called(copied string) string {
	if name, ok := s.Names[copied]; ok {
		return name
	}
	return copied
}

func (s *stage) explain(ctx context.Context, world *machine.Machine, from string, req explain.Request) (a explain.Answer, err error) {
	if req.From, err = world.Open(from); err != nil {
		return a, err
	}
	return explain.Explain(ctx, world, req)
}

// send sends the packet for real. What the copy has learned of a path's MTU by the
// packets before it is nothing that the network knows, unless it has learned so too: then
// a fix has to have it forgotten.
func (s *stage) send(ctx context.Context, wait time.Duration) probe.Result {
	for _, space := range s.Network.Spaces {
		ns := s.spaces[space.Name]
		if space.Learned {
			continue
		}
		for _, path := range []string{"net/ipv4/route/flush", "net/ipv6/route/flush"} {
			_ = ns.WriteSysctl(path, "-1") // a kernel may have no IPv6
		}
	}
	quiet, stop := s.quiet(ctx)
	defer stop()
	d := probe.Dial{Dst: netip.AddrPortFrom(s.Dest, s.Port), SrcPort: s.SrcPort, Timeout: wait, Enough: quiet}
	switch s.Proto {
	case unix.IPPROTO_TCP:
		if s.Whole {
			return carry(ctx, s.spaces[s.From], d)
		}
		return probe.Connect(ctx, s.spaces[s.From], d)
	case unix.IPPROTO_UDP:
		if s.Size > 0 {
			d.Payload = make([]byte, s.Size)
		}
		return probe.Exchange(ctx, s.spaces[s.From], d)
	}
	echo := probe.Echo{Dst: s.Dest, Size: s.Size, DF: s.DF, Timeout: wait, Enough: quiet}
	r := probe.Ping(ctx, s.spaces[s.From], echo)
	if r.Outcome == probe.FragNeeded && !s.DF { // the next one is sent in pieces, as those of the network are
		anew, stop := s.quiet(ctx)
		defer stop()
		echo.Enough = anew
		r = probe.Ping(ctx, s.spaces[s.From], echo)
	}
	return r
}

// apply runs the commands of the fix from one place to another, but for the one
// before leftOut; 0: for none.
func (s *stage) apply(ctx context.Context, leftOut, from, to int) {
	for i := from; i < to && s.RefusedAt == none; i++ {
		if i == leftOut-1 {
			continue
		}
		if said, err := s.command(ctx, s.Fix[i]); err != nil && s.LeaveOut == none {
			s.RefusedAt, s.Refused = i, cmp.Or(strings.TrimSpace(said), err.Error())
		}
	}
}

// command runs a line as it is printed, in its namespace.
func (s *stage) command(ctx context.Context, l line) (said string, err error) {
	ctx, cancel := context.WithTimeout(ctx, oneLine)
	defer cancel()
	ns := s.spaces[l.Netns]
	if ns == nil {
		return "", say.Err("%s is not in the copy", "%s 不在副本里", l.Netns)
	}
	var output strings.Builder
	cmd := exec.CommandContext(ctx, "sh", "-c", l.Shell)
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &output, &output, time.Second
	// ^C is for nstutor, which ends what it runs: a command that heard it first would go for one that fails.
	cmd.SysProcAttr = &unix.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return unix.Kill(-cmd.Process.Pid, unix.SIGKILL) }
	if err := ns.Do(cmd.Start); err != nil {
		return "", err
	}
	err = cmd.Wait()
	return output.String(), err
}

// compare notes what became of the other flows.
func (s *stage) compare(before, after []judgement) {
	s.Checked = min(len(before), len(after))
	for i := range s.Checked {
		b, a := before[i], after[i]
		switch {
		case b.verdict != explain.Delivered && a.verdict == explain.Delivered:
			s.Changed = append(s.Changed, judged{Flow: i, Change: Opened})
		case b.verdict == explain.Delivered && a.verdict != explain.Delivered:
			s.Changed = append(s.Changed, judged{Flow: i, Change: Closed})
		case b.verdict == explain.Delivered && !slices.Equal(b.path, a.path):
			s.Changed = append(s.Changed, judged{Flow: i, Change: Rerouted})
		}
	}
}
