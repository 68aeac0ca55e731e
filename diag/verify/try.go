package verify

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"nstutor/diag/explain"
	causes "nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/against"
	"nstutor/diag/explain/cause/service"
	"nstutor/diag/explain/machine"
	"nstutor/internal/change"
	"nstutor/internal/replica"
	"nstutor/internal/say"
)

// Argument is what this program is started with to be the inside of a lab where a
// fix is tried.
const Argument = "trial"

// mostReady bounds the labs that are begun before the network is read.
const mostReady = 4

// Try tries the fix of an answer to a request in a copy of the network. There is
// nothing to try, and no Verified, where the packet arrives or no command mends
// anything. It takes CAP_NET_ADMIN in the namespaces to read them, and fails
// with a *lab.Refusal where no lab is to be had. Nothing is left of the copy.
// Commands that turn out not to be needed are left out of the Fix that is tried.
func Try(ctx context.Context, world *machine.Machine, req explain.Request, a explain.Answer) (*Verified, error) {
	b := &Begun{}
	defer b.Leave()
	return b.Try(ctx, world, req, a)
}

// Begun are labs that were begun before it is known whether there is anything to try.
type Begun struct{ rooms rooms }

// Begin has a lab begun, which is born while somebody asks what mends the network. It ends
// with ctx, or when it is left.
func Begin(ctx context.Context) *Begun { return &Begun{rooms{newRoom(ctx)}} }

// Leave ends what nothing was tried in, and waits for that.
func (b *Begun) Leave() { b.rooms.leave() }

// Try is the same there.
func (b *Begun) Try(ctx context.Context, world *machine.Machine, req explain.Request, a explain.Answer) (*Verified, error) {
	switch {
	case a.Verdict != explain.Broken || len(a.Fix) == 0:
		return nil, nil
	case a.Cause.Code == service.ProxyLoop:
		return untried(a.Fix, say.T("a copy has no programs, and so nobody who passes on what he takes", "副本里没有程序，也就没有谁会把接到的连接转发出去")), nil
	}
	if slices.ContainsFunc(a.Fix, change.Command.ByDaemon) {
		return untried(a.Fix, say.T("the fix asks a program of this machine, of which there is no copy", "修复要由本机的守护进程来做，副本里没有它")), nil
	}
	a.Fix = slices.DeleteFunc(slices.Clone(a.Fix), func(c change.Command) bool { return slices.ContainsFunc(a.Onward, c.Equal) })
	dest, err := netip.ParseAddr(a.Destination)
	if err != nil {
		return nil, err
	}
	ready := &b.rooms
	for len(*ready) < min(len(a.Fix), mostReady) {
		*ready = append(*ready, newRoom(ctx))
	}
	c := choose(world, req.From, a)
	c.recall(a)
	network, err := c.read(ctx)
	if err != nil {
		return nil, say.Err("copy the network: %v", "复制网络：%v", err)
	}
	c.shorten(network, a)
	c.witness(network, a)
	network.Asked = dest
	t := trial{
		Network: network, Names: map[string]string{}, From: c.called(req.From.Name), Dest: dest, Size: req.Size, DF: req.DF,
		Proto: req.Proto, Port: req.Port, SrcPort: req.SrcPort, Lots: len(a.Backends),
		Whole: req.Proto == unix.IPPROTO_TCP && a.Cause.Code == causes.MTUExceeded,
		Cause: cause{string(a.Cause.Code), a.Cause.Netns, a.Cause.Leg}, LeaveOut: none, ready: ready,
	}
	for i, n := range c.spaces {
		t.Names[c.names[i]] = n.Name
	}
	t.Others = c.others(flow{t.From, t.Dest, t.Proto, t.Port}, network)
	t.Calls = calls(network)
	v, err := t.best(ctx, c, a)
	if err == nil && len(a.Onward) > 0 {
		v.NotCopied = append(v.NotCopied, say.T("%s, which passes on what it takes: the commands that mend only that were not tried",
			"把接到的连接转发出去的 %s：只为这一段而设的命令没有试过", a.Listener.Process))
	}
	return v, err
}

// smallest tries a fix, and again without what can be left out of it, until nothing
// can.
func (t trial) smallest(ctx context.Context, c copies, fix []change.Command) (*Verified, error) {
	var dropped []change.Command
	for {
		t.Fix = nil
		for _, command := range fix {
			t.Fix = append(t.Fix, line{c.called(command.Netns), command.String()})
		}
		t.Handles = handles(c, fix)
		for i, name := range c.names {
			t.Network.Spaces[i].ByHandle = slices.ContainsFunc(t.Handles, func(h handle) bool { return h.Netns == name })
		}
		outcomes, err := runAll(ctx, t)
		if err != nil {
			return nil, err
		}
		v := verdict(t, c, outcomes)
		v.Fix, v.Dropped = fix, dropped
		v.depth, v.refused = outcomes[0].Depth, outcomes[0].RefusedAt
		for _, command := range outcomes[0].Then {
			v.then = append(v.then, change.In(t.Names[command.Netns], command.Argv...))
		}
		if len(v.spare) == 0 {
			return v, nil
		}
		first := v.spare[0]
		dropped = append(dropped, fix[first])
		fix = slices.Concat(fix[:first], fix[first+1:])
	}
}

// untried is a fix that was not tried, and why.
func untried(fix []change.Command, why say.Text) *Verified {
	return &Verified{Copied: []string{}, Before: NotTried, After: NotTried, Differs: &why, Fix: fix}
}

// runAll runs the trial, and beside it one for each command but the last, which is
// left out there: the trial itself looks before it runs the last.
func runAll(ctx context.Context, t trial) ([]outcome, error) {
	trials := []trial{t}
	for i := range len(t.Fix) - 1 {
		without := t
		without.LeaveOut, without.Others = i, nil
		trials = append(trials, without)
	}
	outcomes := make([]outcome, len(trials))
	all, together := errgroup.WithContext(ctx)
	for i := range trials {
		room := t.ready.take(together)
		all.Go(func() (err error) {
			outcomes[i], err = room.try(together, trials[i])
			return err
		})
	}
	if err := all.Wait(); err != nil {
		return nil, cmp.Or(context.Cause(ctx), err)
	}
	return outcomes, nil
}

// verdict is what the outcomes come to: the first is that of the trial, the others
// are those without one command each.
func verdict(t trial, c copies, outcomes []outcome) *Verified {
	o := outcomes[0]
	v := &Verified{Before: SameCause, After: NotTried, NotCopied: notCopied(o.Missing, c)}
	for _, n := range c.spaces {
		v.Copied = append(v.Copied, n.Name)
	}
	differs := func(s say.Text) *Verified { v.Differs = &s; return v }
	switch {
	case !o.Silent:
		v.Before = NotBroken
		return differs(say.T("in the copy it gets through although nothing was changed", "在副本里什么都没改就通了"))
	case o.Cause.Code == string(causes.None):
		v.Before = DifferentCause
		return differs(say.T("the copy does not have what it dies of here: %s in %s", "这里的原因在副本里没有：%s（在 %s）",
			t.Cause.Code, machine.Called(t.Cause.Netns)))
	case o.Cause != t.Cause:
		v.Before = DifferentCause
		return differs(say.T("in the copy it dies of %s in %s, and not of %s in %s", "在副本里断在 %s（在 %s），而不是 %s（在 %s）",
			o.Cause.Code, machine.Called(o.Cause.Netns), t.Cause.Code, machine.Called(t.Cause.Netns)))
	case len(o.Renumbered) > 0:
		return differs(renumbered(o.Renumbered[0]))
	case o.RefusedAt != none:
		v.After = NotDelivered
		return differs(say.T("in the copy a command of the fix fails: %s: %s", "在副本里修复中的一条命令失败：%s：%s", t.Fix[o.RefusedAt].Shell, o.Refused))
	case o.Passing:
		v.After = NotDelivered
		return differs(say.T("in the copy it gets through after the fix, but no longer once neighbours have to be asked for again, as they will be in a while: %s",
			"在副本里修复之后通了，但过一会儿重新询问邻居之后就又不通了：%s", o.Said))
	case !o.Answered:
		v.After = NotDelivered
		if why := remains(t, o); !why.IsZero() {
			return differs(why)
		}
		return differs(say.T("in the copy it still does not get through after the fix: %s", "在副本里修复之后仍然不通：%s", o.Said))
	}
	v.After = Delivered
	for i, without := range outcomes[1:] {
		if without.Answered {
			v.spare = append(v.spare, i)
		}
	}
	if o.LastSpare {
		v.spare = append(v.spare, len(t.Fix)-1)
	}
	v.Minimal = len(v.spare) == 0
	if n := t.draws(); n > 1 {
		v.Drawn = &Drawn{t.Lots, n}
	}
	v.Others.Checked, v.Others.Changed = o.Checked, len(o.Changed)
	for _, j := range o.Changed {
		if c := j.Call; c != nil {
			v.Others.Flows = append(v.Others.Flows, Changed{From: t.Names[c.Netns], To: c.To.to(), Change: j.Change, Stranger: c.From.String(), Dev: c.Dev})
			continue
		}
		f := t.Others[j.Flow]
		v.Others.Flows = append(v.Others.Flows, Changed{From: t.Names[f.From], To: f.to(), Change: j.Change})
	}
	v.changed = o.Changed
	v.Passed = v.Minimal
	return v
}

// nothingElse are what is no other fault behind the first one.
var nothingElse = []causes.Code{"", causes.None, against.ModelDisagrees}

// remains is what the flow dies of once what the fix is for is gone; nothing where it is not.
func remains(t trial, o outcome) say.Text {
	where := machine.Called(o.Left.Netns)
	switch {
	case o.Left == t.Cause || slices.Contains(nothingElse, causes.Code(o.Left.Code)):
		return say.Text{}
	case o.Left.Code == string(causes.NotKnown):
		return say.T("in the copy that fault is gone after the fix, and the packet leaves %s; whether it is answered from there, no copy can tell",
			"在副本里修复之后这个故障消失了，包从 %s 发了出去；外面有没有应答，副本说不准", where)
	case o.Untold:
		return say.T("in the copy that fault is gone after the fix; whether the packet is answered then, no copy can tell: %s in %s is possible",
			"在副本里修复之后这个故障消失了；之后有没有应答，副本说不准：可能还有 %s（在 %s）", o.Left.Code, where)
	}
	return say.T("in the copy that fault is gone after the fix, and the packet dies of what is behind it: %s in %s (%s)",
		"在副本里修复之后这个故障消失了，包又断在后面的一个上：%s（在 %s），%s", o.Left.Code, where, o.Said)
}

// notCopied is what the copy does not have, and what no copy has.
func notCopied(missing []replica.Omission, c copies) []say.Text {
	all := append([]say.Text{say.T("connection tracking", "连接跟踪表")}, Omitted(missing)...)
	if c.left > 0 {
		all = append(all, say.T("%d other namespaces that the wires lead to", "链路所通向的另外 %d 个命名空间", c.left))
	}
	return all
}

// Omitted is what a copy does not have, each kind once.
func Omitted(missing []replica.Omission) (all []say.Text) {
	counted := map[replica.What][]string{}
	var kinds []replica.What
	for _, o := range missing {
		if counted[o.What] == nil {
			kinds = append(kinds, o.What)
		}
		name := o.Name
		if o.Err != "" {
			name = strings.TrimSpace(name + " (" + o.Err + ")")
		}
		if !slices.Contains(counted[o.What], name) {
			counted[o.What] = append(counted[o.What], name)
		}
	}
	for _, kind := range kinds {
		all = append(all, omissionWords(kind, counted[kind]))
	}
	return all
}
