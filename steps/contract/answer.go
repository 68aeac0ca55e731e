package contract

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/cni"
	"nstutor/internal/lab"
	"nstutor/internal/say"
	"nstutor/steps"
)

// call has the lab's runtime give a command for a pod. The error is what it says.
func call(ctx context.Context, l *lab.Lab, args ...string) error {
	cmd, err := l.Command(ctx, lab.Host, append([]string{"cni"}, args...)...)
	if err != nil {
		return err
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		return said{strings.TrimSpace(string(out))}
	}
	return pin(ctx, l, lab.Host, args[1])
}

// pin gives what a plugin has made the settings that all devices of the lab have.
func pin(ctx context.Context, l *lab.Lab, names ...string) error {
	for _, name := range names {
		ns, err := l.NS(name)
		if errors.Is(err, lab.ErrNoNamespace) {
			continue
		}
		if err != nil {
			return err
		}
		snap, err := table.Read(ctx, ns, table.ReadOptions{Tables: table.Links})
		if err != nil {
			return err
		}
		for _, link := range snap.Links {
			if link.Name == "lo" { // nobody has made that one
				continue
			}
			if err := l.PinDevice(ns, link.Name); err != nil {
				return err
			}
		}
	}
	return nil
}

// said is what a runtime says of a call that failed.
type said struct{ words string }

func (s said) Error() string { return s.words }

// Answer has the learner's plugin answer one more command of the contract, and the
// runtime give it.
type Answer struct {
	Command, Pod string // cni.Add and so on
	Example, Was string // the example that answers it, and the one before
}

// Change implements steps.Action.
func (a Answer) Change(l *lab.Lab) change.Change {
	verb := strings.ToLower(a.Command)
	return steps.Doing{
		Typed: change.Command{Netns: lab.Host, Shell: "cp " + Examples + "/" + a.Example + " " + plugin() + "; cni " + verb + " " + a.Pod},
		Do: func(ctx context.Context) error {
			if err := install(a.Example); err != nil {
				return err
			}
			err := call(ctx, l, verb, a.Pod)
			if a.Command == cni.Check && errors.As(err, &said{}) {
				return nil // that it complains is what the step is about
			}
			return err
		},
		Back: func() error { return a.back(l) },
	}
}

// back takes the answer back, and what the call has done.
func (a Answer) back(l *lab.Lab) error {
	ctx := context.Background()
	if a.Command == cni.Add {
		if err := install(Dels); err != nil {
			return err
		}
		if err := call(ctx, l, "del", a.Pod); err != nil {
			return err
		}
		if err := os.RemoveAll(Record); err != nil {
			return err
		}
	}
	if err := install(a.Was); err != nil {
		return err
	}
	if a.Command == cni.Del {
		return call(ctx, l, "add", a.Pod)
	}
	return nil
}

// Conditions implements steps.Action: what the network is like, whatever the plugin looks
// like that has done it.
func (a Answer) Conditions(ctx context.Context, l *lab.Lab) []steps.Condition {
	switch {
	case a.Example == Tells:
		return []steps.Condition{wasTold(a.Pod)}
	case a.Command == cni.Check:
		return []steps.Condition{complains(ctx, l, a.Pod)}
	case a.Command == cni.Del:
		return []steps.Condition{detached(ctx, l, a.Pod), released(a.Pod)}
	}
	return attached(ctx, l, a.Pod)
}

// wasTold is the condition that the plugin that does nothing was called.
func wasTold(pod string) steps.Condition {
	text, _ := os.ReadFile(Record)
	return steps.Condition{
		Table: change.In("", "cat", Record), Want: say.T("what the plugin was told of %s", "插件收到的关于 %s 的内容", pod),
		Met: strings.Contains(string(text), "CNI_COMMAND=ADD CNI_CONTAINERID="+pod+" "),
	}
}

// complains is the condition that CHECK fails.
func complains(ctx context.Context, l *lab.Lab, pod string) steps.Condition {
	c := steps.Condition{Table: change.In("", "cni", "check", pod), Want: say.T("CHECK says what is wrong with %s", "CHECK 说出 %s 出了什么问题", pod)}
	if answers(cni.Check) {
		err := call(ctx, l, "check", pod)
		c.Met = errors.As(err, &said{})
	}
	return c
}

// attached are the conditions that a pod has a card with an address, whose other end the
// node has, and a default route.
func attached(ctx context.Context, l *lab.Lab, pod string) []steps.Condition {
	snap, missing := steps.Tables(ctx, l, pod, table.AllTables)
	if missing != nil {
		return missing
	}
	link, there := steps.DeviceThere(snap, steps.Dev{Netns: pod, Name: "eth0"})
	addr := steps.Condition{Table: steps.IPTable(pod, "addr"), Want: say.T("eth0 is up and has an address", "eth0 已启用，并且有地址")}
	for _, a := range snap.AddrsOn("eth0") {
		addr.Met = addr.Met || a.Family() == 4 && link.Up()
	}
	route := steps.Condition{Table: steps.IPTable(pod, "route"), Want: say.T("a default route", "一条默认路由")}
	for _, r := range snap.MainRoutes(4) {
		route.Met = route.Met || r.Dst.Bits() == 0
	}
	return []steps.Condition{there, addr, route}
}

// detached is the condition that a pod has no card.
func detached(ctx context.Context, l *lab.Lab, pod string) steps.Condition {
	c := steps.Condition{Table: steps.IPTable(pod, "link"), Want: say.T("%s has no eth0", "%s 没有 eth0", pod)}
	snap, missing := steps.Tables(ctx, l, pod, table.Links)
	if missing != nil {
		c.Met = missing[0].Err == nil // with the namespace the card is gone
		return c
	}
	link, there := snap.Link("eth0")
	if c.Met = !there; there {
		c.Seen = link.Line()
	}
	return c
}

// released is the condition that nobody keeps an address for a pod.
func released(pod string) steps.Condition {
	c := steps.Condition{Table: change.In("", "ls", taken), Want: say.T("no address is kept for %s", "没有为 %s 保留的地址", pod), Met: true}
	files, _ := filepath.Glob(taken + "/*")
	for _, file := range files {
		if owner, err := os.ReadFile(file); err == nil && strings.TrimSpace(string(owner)) == pod {
			c.Met, c.Seen = false, file
		}
	}
	return c
}

// Attach has the runtime attach a pod by another configuration's plugin.
type Attach struct{ Pod, Conf string }

// Change implements steps.Action.
func (a Attach) Change(l *lab.Lab) change.Change {
	conf := filepath.Join(cni.ConfDir, a.Conf)
	return steps.Doing{
		Typed: change.Command{Netns: lab.Host, Argv: []string{"cni", "add", a.Pod, conf}},
		Do:    func(ctx context.Context) error { return call(ctx, l, "add", a.Pod, conf) },
		Back:  func() error { return call(context.Background(), l, "del", a.Pod, conf) },
	}
}

// Conditions implements steps.Action.
func (a Attach) Conditions(ctx context.Context, l *lab.Lab) []steps.Condition {
	return attached(ctx, l, a.Pod)
}
