package steps_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"nstutor/internal/lab"
	"nstutor/internal/lab/labtest"
	"nstutor/steps"
	"nstutor/steps/gateway"
	"nstutor/steps/process"
	"nstutor/steps/stepstest"
)

// small is a course of a trunk of four steps and a branch.
func small() steps.Course {
	forward := steps.Sysctl{Netns: host, Key: "net.ipv4.ip_forward", Value: "1"}
	return steps.Course{
		{ID: "A", Start: []steps.Action{forward}, Steps: []steps.Step{
			{ID: "A.1", Action: steps.NetnsAdd{Name: pod}},
			{ID: "A.2", Action: steps.AddrAdd{Netns: host, Addr: "10.0.0.1/24", Dev: "eth0"}},
			{ID: "A.3", Setup: []steps.Action{steps.NetnsAdd{Name: "ns2"}},
				Action: steps.RouteAdd{Netns: host, Dst: "172.20.0.0/16", Via: "10.0.0.2"}},
			{ID: "A.4", Action: steps.LinkUp{Netns: pod, Name: "lo"}},
			{ID: "A.B", From: "A.1", Action: steps.Sysctl{Netns: pod, Key: "net.ipv4.ip_forward", Value: "1"}},
		}},
		{ID: "B", Steps: []steps.Step{{ID: "B.1", Action: forward}}},
	}
}

func playerAt(t *testing.T, l *lab.Lab, id string) *steps.Player {
	t.Helper()
	p := steps.NewPlayer(l, small())
	if err := p.Goto(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	return p
}

func wantPlayerDone(t *testing.T, p *steps.Player, want bool) {
	t.Helper()
	if done, err := p.Done(t.Context()); err != nil || done != want {
		t.Errorf("step %s: done is %v (%v), want %v", p.Step().ID, done, err, want)
	}
}

func TestCourseFindsTheWay(t *testing.T) {
	course := small()
	for id, parent := range map[string]string{"A.1": "", "A.2": "A.1", "A.4": "A.3", "A.B": "A.1", "B.1": "", "none": ""} {
		if got := course.Parent(id); got != parent {
			t.Errorf("parent of %s is %q, want %q", id, got, parent)
		}
	}
	for id, want := range map[string]string{
		"A.1": "sysctl", "A.2": "sysctl netns", "A.3": "sysctl netns addr netns",
		"A.4": "sysctl netns addr netns route", "A.B": "sysctl netns", "B.1": "",
	} {
		path, err := course.Path(id)
		if err != nil {
			t.Fatal(err)
		}
		var words []string
		for _, a := range path {
			argv := a.Change(nil).Command().Argv
			words = append(words, argv[min(1, len(argv)-1)])
			if argv[0] == "sysctl" {
				words[len(words)-1] = "sysctl"
			}
		}
		if got := strings.Join(words, " "); got != want {
			t.Errorf("path to %s is %q, want %q", id, got, want)
		}
	}
	if _, err := course.Path("none"); err == nil {
		t.Error("a path to nowhere")
	}
	if chapter, ok := course.Chapter("A.B"); !ok || chapter.ID != "A" {
		t.Errorf("chapter of A.B is %q %v", chapter.ID, ok)
	}
	if _, ok := course.Chapter("none"); ok {
		t.Error("a chapter of nothing")
	}
	if all := course.IDs(); len(all) != 6 || all[5] != "B.1" {
		t.Errorf("steps: %v", all)
	}
}

func TestGotoBuildsWhatLeadsThere(t *testing.T) {
	l := labtest.New(t)
	for step := range small().Steps() {
		p := playerAt(t, l, step.ID)
		wantPlayerDone(t, p, false)
		if p.Step().ID != step.ID || p.Lab() != l {
			t.Errorf("stands at %q", p.Step().ID)
		}
		path, err := small().Path(step.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range path {
			stepstest.WantDone(t, l, a, true)
		}
		if changed, err := p.Changed(t.Context()); err != nil || len(changed) != 0 {
			t.Errorf("%s: changed already: %v %v", step.ID, changed, err)
		}
	}
}

func TestGotoSaysWhatFailed(t *testing.T) {
	l := labtest.New(t)
	p := steps.NewPlayer(l, steps.Course{{ID: "X", Steps: []steps.Step{
		{ID: "X.1", Setup: []steps.Action{steps.LinkUp{Netns: host, Name: "nodev"}}, Action: steps.NetnsAdd{Name: pod}},
	}}})
	for _, id := range []string{"none", ""} {
		if err := p.Goto(t.Context(), id); err == nil {
			t.Errorf("went to %q", id)
		}
		if err := p.Next(t.Context(), id); err == nil {
			t.Errorf("went on to %q", id)
		}
	}
	err := p.Goto(t.Context(), "X.1")
	if err == nil || !strings.Contains(err.Error(), "X.1") || !strings.Contains(err.Error(), "ip link set nodev up") {
		t.Errorf("error is %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.Goto(ended, "X.1"); !errors.Is(err, context.Canceled) {
		t.Errorf("after its context has ended: %v", err)
	}
}

// TestNextRebuildsOnlyWhenItMust sees a rebuild by the inode of host.
func TestNextRebuildsOnlyWhenItMust(t *testing.T) {
	labtest.Slow(t)
	l := labtest.New(t)
	for name, test := range map[string]struct {
		from, to string
		apply    bool
		also     steps.Action
		rebuilt  bool
	}{
		"to the step after it":            {"A.1", "A.2", true, nil, false},
		"to a branch from it":             {"A.1", "A.B", true, nil, false},
		"to one with a setup":             {"A.2", "A.3", true, nil, false},
		"before it is done":               {"A.1", "A.2", false, nil, true},
		"over a step":                     {"A.1", "A.3", true, nil, true},
		"back":                            {"A.2", "A.1", true, nil, true},
		"to itself":                       {"A.2", "A.2", true, nil, true},
		"to another chapter":              {"A.4", "B.1", true, nil, true},
		"when the setup was made by hand": {"A.2", "A.3", true, steps.NetnsAdd{Name: "ns2"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			p := playerAt(t, l, test.from)
			node := namespace(t, l, host).Inode()
			if test.apply {
				if err := p.Apply(t.Context()); err != nil {
					t.Fatal(err)
				}
				wantPlayerDone(t, p, true)
			}
			if test.also != nil {
				apply(t, l, test.also)
			}
			if err := p.Next(t.Context(), test.to); err != nil {
				t.Fatal(err)
			}
			if rebuilt := namespace(t, l, host).Inode() != node; rebuilt != test.rebuilt {
				t.Errorf("rebuilt is %v, want %v", rebuilt, test.rebuilt)
			}
			if p.Step().ID != test.to {
				t.Errorf("stands at %s", p.Step().ID)
			}
			wantPlayerDone(t, p, false)
			was := p.Was()
			if err := p.Goto(t.Context(), test.to); err != nil {
				t.Fatal(err)
			}
			backTo(t, l, was) // going on is the same as building anew
		})
	}
}

func TestFirstNextBuilds(t *testing.T) {
	l := labtest.New(t)
	p := steps.NewPlayer(l, small())
	if err := p.Next(t.Context(), "A.2"); err != nil {
		t.Fatal(err)
	}
	wantPlayerDone(t, p, false)
	stepstest.WantDone(t, l, steps.NetnsAdd{Name: pod}, true)
}

// TestUndoBringsBackTheStateBefore undoes each step after the learner did this
// or that.
func TestUndoBringsBackTheStateBefore(t *testing.T) {
	labtest.Slow(t)
	l := labtest.New(t)
	for name, test := range map[string]struct {
		step    string
		also    []steps.Action
		rebuilt bool
	}{
		"a namespace":                  {"A.1", nil, false},
		"an address":                   {"A.2", nil, false},
		"a route":                      {"A.3", nil, false},
		"a loopback":                   {"A.4", nil, false},
		"a setting":                    {"A.B", nil, false},
		"a look at the neighbours":     {"A.2", []steps.Action{steps.Send{Netns: host, To: "192.168.6.1"}}, false},
		"another address too":          {"A.2", []steps.Action{steps.AddrAdd{Netns: host, Addr: "10.9.0.1/24", Dev: "eth0"}}, true},
		"another namespace too":        {"A.2", []steps.Action{steps.NetnsAdd{Name: "mine"}}, true},
		"another neighbour too":        {"A.2", []steps.Action{gatewayEntry}, true},
		"another rule too":             {"A.2", []steps.Action{gateway.Masquerade{Netns: host, Src: "10.0.0.9"}}, true},
		"another file too":             {"A.2", []steps.Action{steps.Resolver{Netns: pod, Server: "10.0.0.9"}}, true},
		"another program too":          {"A.2", []steps.Action{process.Run{Netns: pod, Name: "web", Argv: []string{"web"}}}, true},
		"a setting in another place":   {"A.2", []steps.Action{steps.Sysctl{Netns: inet, Key: "net.ipv4.conf.all.rp_filter", Value: "1"}}, true},
		"a route of another away":      {"A.2", []steps.Action{steps.RouteDel{Netns: inet, Dst: "192.168.6.0/24", Dev: "up0"}}, true},
		"undone by hand already":       {"A.2", []steps.Action{steps.AddrDel{Netns: host, Addr: "10.0.0.1/24", Dev: "eth0"}}, true},
		"the setup's namespace in use": {"A.3", []steps.Action{steps.LinkUp{Netns: "ns2", Name: "lo"}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			p := playerAt(t, l, test.step)
			was, node := p.Was(), namespace(t, l, host).Inode()
			if err := p.Apply(t.Context()); err != nil {
				t.Fatal(err)
			}
			if changed, err := p.Changed(t.Context()); err != nil || len(changed) == 0 {
				t.Errorf("nothing changed: %v", err)
			}
			apply(t, l, test.also...)
			rebuilt, err := p.Undo(t.Context())
			if err != nil || rebuilt != test.rebuilt {
				t.Errorf("rebuilt is %v (%v), want %v", rebuilt, err, test.rebuilt)
			}
			if anew := namespace(t, l, host).Inode() != node; anew != rebuilt {
				t.Errorf("rebuilt is said to be %v and is %v", rebuilt, anew)
			}
			backTo(t, l, was)
			wantPlayerDone(t, p, false)
			if p.Step().ID != test.step {
				t.Errorf("stands at %s", p.Step().ID)
			}
		})
	}
}

// TestUndoSurvivesDeletedNamespaces deletes what the step stands on.
func TestUndoSurvivesDeletedNamespaces(t *testing.T) {
	labtest.Slow(t)
	l := labtest.New(t)
	for _, name := range []string{pod, host, inet} {
		t.Run(name, func(t *testing.T) {
			p := playerAt(t, l, "A.4")
			was := p.Was()
			if err := p.Apply(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := l.DelNetns(name); err != nil {
				t.Fatal(err)
			}
			if rebuilt, err := p.Undo(t.Context()); err != nil || !rebuilt {
				t.Errorf("rebuilt is %v (%v)", rebuilt, err)
			}
			backTo(t, l, was)
		})
	}
}

// TestUndoForgetsNeighbours would otherwise leave an entry that answers for
// somebody who is gone.
func TestUndoForgetsNeighbours(t *testing.T) {
	l := labtest.New(t)
	p := playerAt(t, l, "A.2")
	apply(t, l, steps.Send{Netns: host, To: "192.168.6.1"})
	if err := p.Apply(t.Context()); err != nil {
		t.Fatal(err)
	}
	if rebuilt, err := p.Undo(t.Context()); err != nil || rebuilt {
		t.Fatalf("rebuilt is %v (%v)", rebuilt, err)
	}
	for name, snap := range state(t, l).Netns {
		for _, n := range snap.Neighbours {
			if n.State != "NOARP" {
				t.Errorf("%s still knows %s", name, n.Line())
			}
		}
	}
}

func TestANewLabIsNotBuiltTwice(t *testing.T) {
	l := labtest.New(t)
	p := steps.NewPlayer(l, small()).InNewLab()
	inode := func() uint64 {
		ns, err := l.NS(lab.Host)
		if err != nil {
			t.Fatal(err)
		}
		return ns.Inode()
	}
	made := inode()
	for i, id := range []string{"A.3", "A.2"} {
		if err := p.Goto(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		wantPlayerDone(t, p, false)
		if again := inode() != made; again != (i > 0) {
			t.Errorf("%s: the lab was built anew: %v", id, again)
		}
	}
}
