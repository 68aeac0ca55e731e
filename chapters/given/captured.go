package given

import (
	"context"
	"net/netip"
	"path/filepath"

	"nstutor/diag/probe"
	"nstutor/internal/lab"
	"nstutor/internal/netfile"
	"nstutor/internal/say"
	"nstutor/steps"
	"nstutor/steps/exercise"
	"nstutor/steps/exercise/check"
	"nstutor/steps/exercise/world"
)

// mostGuards bounds the flows that have to stay as they are: each is a ping with
// every check.
const mostGuards = 12

// Captured makes an exercise of a network in a file of that name: what was asked of
// it has to get through, and what gets through now has to do so in the end. It makes
// the network in the lab once, to see what does.
func Captured(ctx context.Context, l *lab.Lab, path string, f netfile.File) (exercise.Exercise, error) {
	if f.Asked == nil {
		return exercise.Exercise{}, say.Err("%s says nothing of what should get through: capture it with --to", "%s 没有写什么应该通：请用 --to 捕获", say.Clean(path))
	}
	w := world.New(ctx, l)
	w.Network(f.Network)
	if err := w.Err(); err != nil {
		return exercise.Exercise{}, err
	}
	goal, watch := asked(*f.Asked)
	held, err := working(ctx, l, f)
	if err != nil {
		return exercise.Exercise{}, err
	}
	if v := check.Try(ctx, l, []check.Check{goal})[0]; v.OK || v.Err != nil {
		if came := f.Asked.Came; came != nil && came.Outcome != probe.Replied && v.OK {
			return exercise.Exercise{}, say.Err("%s: there is nothing to repair here: what was in the way is not in the file (%s)", "%s：这里没有什么要修的：当初挡住它的不在文件里（%s）", say.Clean(path), goal.Text)
		}
		return exercise.Exercise{}, say.Err("%s: there is nothing to repair: %s", "%s：没有什么要修的：%s", say.Clean(path), goal.Text)
	}
	name := filepath.Base(path)
	return exercise.Exercise{
		Name: name, Level: exercise.Given, Texts: capturedTexts(name, goal, len(held)),
		Make: func(*exercise.Seed) exercise.Case {
			return exercise.Case{
				Build: func(w *world.World) { w.Network(f.Network) },
				Goals: []check.Check{goal}, Guards: held, Watch: watch,
			}
		},
	}, nil
}

// asked is the flow as what has to work, and as what is watched.
func asked(a netfile.Asked) (check.Check, steps.Watch) {
	to := netip.AddrPortFrom(a.Dest, a.Port)
	switch a.Proto {
	case "tcp":
		return check.Connects(a.From, to), steps.Watch{Netns: a.From, Get: "http://" + to.String()}
	case "udp":
		return check.Exchanges(a.From, to), steps.Watch{Netns: a.From, Ask: to.String()}
	}
	return check.Reaches(a.From, a.Dest.String()), steps.Watch{Netns: a.From, Ping: a.Dest.String()}
}

// working are the pings that are answered in the lab as it is, between the
// namespaces of the file.
func working(ctx context.Context, l *lab.Lab, f netfile.File) ([]check.Check, error) {
	addrs := make([][]netip.Addr, len(f.Network.Spaces))
	for i, s := range f.Network.Spaces {
		addrs[i] = s.Addresses()
	}
	var tried []check.Check
	for round := 0; round < 2; round++ { // the first addresses of all come before the second ones of any
		for i, from := range f.Network.Spaces {
			for j := range f.Network.Spaces {
				if i == j || round >= len(addrs[j]) || len(tried) == 4*mostGuards {
					continue
				}
				to := addrs[j][round]
				if from.Name != f.Asked.From || to != f.Asked.Dest {
					tried = append(tried, check.Reaches(from.Name, to.String()).Because("it worked before", "原来是通的"))
				}
			}
		}
	}
	var held []check.Check
	for _, v := range check.Try(ctx, l, tried) {
		if v.OK && len(held) < mostGuards {
			held = append(held, v.Check)
		}
	}
	return held, ctx.Err()
}

// capturedTexts is the prose: the symptom is the flow.
func capturedTexts(name string, goal check.Check, held int) map[string]string {
	symptom := say.T("Somebody captured this network from a machine where something does not get through. What has to be so: **%s**.\n\nNothing that works now may be broken in the end; %d pings are watched for that.",
		"有人从一台机器上捕获了这个网络：那里有东西不通。要做到的是：**%s**。\n\n现在能用的，最后都不能坏；有 %d 条 ping 盯着。", goal.Text, held)
	solved := say.T("It gets through, and what worked before still does. `nstutor explain --in %s` says what it was.",
		"通了，原来能用的也还能用。用 `nstutor explain --in %s` 可以看它当初的原因。", name)
	texts := map[string]string{}
	for _, lang := range say.Langs {
		texts[lang] = "# " + name + "\n\n## Symptom\n" + symptom.In(lang) + "\n\n## Solved\n" + solved.In(lang) + "\n"
	}
	return texts
}
