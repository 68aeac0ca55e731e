package ui

import (
	"errors"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"nstutor/diag/explain"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/report"
	"nstutor/diag/probe"
	"nstutor/diag/resolve"
	"nstutor/internal/session"
	"nstutor/internal/session/feed"
)

// fixtureWhy is the fixture after its step with the answer to why open: the
// pod's question for the gateway is not answered, and the fault is in host.
func fixtureWhy(t testing.TB, opts Options) *Model {
	m := fixtureAfter(t, opts)
	send(m, keyMsg("w"))
	passed := func(leg flows.Leg, netns, dev string, predicted hop.Disposition) hop.Hop {
		return hop.Hop{Leg: leg, Netns: netns, Device: dev, Predicted: predicted, Observed: hop.Unknown}
	}
	send(m, session.Answered{Gen: m.Why.Gen, Answer: explain.Answer{
		Verdict: explain.Broken,
		Cause:   explain.Fault{Code: cause.ProxyARPNeedsForwarding, Netns: "host", Leg: flows.LegRequest},
		Hops: []hop.Hop{
			passed(flows.LegRequest, "ns1", "", hop.OK),
			passed(flows.LegRequest, "ns1", "ns1-eth0", hop.Fail),
			passed(flows.LegRequest, "host", "veth-ns1", hop.Fail),
		},
	}})
	m.Why.Lines = fixtureReport[m.Lang]
	return m
}

var fixtureReport = map[string][]report.Line{
	"en": {
		{Kind: report.Verdict, Text: "172.20.1.10 cannot reach 192.168.6.160: proxy_arp is on for veth-ns1, but forwarding is off there (proxy-arp-needs-forwarding, in host)"},
		{Kind: report.Blank},
		{Kind: report.Heading, Leg: flows.LegRequest, Text: "request"},
		{Kind: report.Hop, Predicted: hop.OK, Observed: hop.OK, Netns: "ns1", Text: "default via 172.20.1.1 dev ns1-eth0"},
		{Kind: report.Hop, Predicted: hop.Fail, Observed: hop.Unknown, Netns: "ns1", Device: "ns1-eth0", Text: "nobody answers for 172.20.1.1"},
		{Kind: report.Behind, Predicted: hop.Fail, Observed: hop.Fail, Text: "not reached: host; so there is no reply"},
		{Kind: report.Blank},
		{Kind: report.Heading, Text: "evidence"},
		{Kind: report.Evidence, Text: "net.ipv4.conf.veth-ns1.forwarding = 0"},
		{Kind: report.Blank},
		{Kind: report.Heading, Text: "fix"},
		{Kind: report.Fix, Text: "ip netns exec host sysctl -w net.ipv4.conf.veth-ns1.forwarding=1"},
		{Kind: report.Blank},
		{Kind: report.Heading, Text: "still broken after it"},
		{Kind: report.Next, Text: "the reply to 172.20.1.10 leaves by eth0 (no-return-route, in host)"},
		{Kind: report.Blank},
		{Kind: report.Heading, Text: "what could not be seen"},
		{Kind: report.Unseen, Text: "the switch behind eth0"},
	},
	"zh": {
		{Kind: report.Verdict, Text: "172.20.1.10 到不了 192.168.6.160：veth-ns1 的 proxy_arp 开着，但它的 forwarding 没有开（proxy-arp-needs-forwarding，在 host）"},
		{Kind: report.Blank},
		{Kind: report.Heading, Leg: flows.LegRequest, Text: "请求"},
		{Kind: report.Hop, Predicted: hop.OK, Observed: hop.OK, Netns: "ns1", Text: "default via 172.20.1.1 dev ns1-eth0"},
		{Kind: report.Hop, Predicted: hop.Fail, Observed: hop.Unknown, Netns: "ns1", Device: "ns1-eth0", Text: "没有人替 172.20.1.1 回答"},
		{Kind: report.Behind, Predicted: hop.Fail, Observed: hop.Fail, Text: "到不了：host；因此没有应答"},
		{Kind: report.Blank},
		{Kind: report.Heading, Text: "修复"},
		{Kind: report.Fix, Text: "ip netns exec host sysctl -w net.ipv4.conf.veth-ns1.forwarding=1"},
	},
}

func TestWhyTakesTheLessonsPlaceAndGivesItBack(t *testing.T) {
	m := sized(t, fixtureAfter)
	before := m.View()
	for _, closing := range []string{"w", "esc"} {
		send(m, keyMsg("w"))
		if view := m.View(); !strings.Contains(view, "▸ why?") || !strings.Contains(view, "w/esc close why") || strings.Contains(view, "That is") {
			t.Errorf("w does not open it:\n%s", view)
		}
		send(m, keyMsg(closing))
		if view := m.View(); view != before {
			t.Errorf("%s does not bring the lesson back:\n%s", closing, view)
		}
	}
}

func TestTheLessonStaysWhereItWasWhileWhyScrolls(t *testing.T) {
	m := sized(t, fixtureWhy)
	m.View()
	for range 4 {
		send(m, keyMsg("down"))
	}
	if m.Panes.Lesson.Scroll.Top != 0 || m.Panes.Why.Scroll.Top != 4 {
		t.Errorf("lesson at %d, why at %d", m.Panes.Lesson.Scroll.Top, m.Panes.Why.Scroll.Top)
	}
}

func TestKeysOfTheHiddenLessonDoNotWork(t *testing.T) {
	m := sized(t, fixture)
	send(m, keyMsg("w"))
	for _, key := range []string{"1", "h"} {
		send(m, keyMsg(key))
	}
	if m.Scene.Guessed || m.Scene.Hints > 0 {
		t.Error("a key changed the lesson that is not to be seen")
	}
	send(m, keyMsg("enter"))
	if m.Panes.Lesson.Scroll.Top > 0 {
		t.Error("enter reads on in the lesson that is not to be seen")
	}
}

func TestALateAnswerToWhyIsDropped(t *testing.T) {
	late := session.Answered{Err: errors.New("late")}
	for name, left := range map[string]func(m *Model){
		"asked again": func(m *Model) { m.Why.Gen++ },
		"closed":      func(m *Model) { send(m, keyMsg("w")) },
		"reopened":    func(m *Model) { send(m, keyMsg("w")); send(m, keyMsg("w")) },
		"step left":   func(m *Model) { m.DropQuestion() },
		"other ping":  func(m *Model) { m.Network.Log.To = "10.0.0.1"; m.AskWhy() },
	} {
		m := sized(t, fixtureWhy)
		late.Gen = m.Why.Gen
		left(m)
		send(m, late)
		if m.Why.Err != nil {
			t.Errorf("%s: the late answer counts", name)
		}
	}
}

func TestWhyThereIsNoAnswerIsOneSentence(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(m *Model)
		want  string
	}{
		"not permitted": {func(m *Model) {
			send(m, session.Answered{Gen: m.Why.Gen, Err: errors.New("open network namespace \"ns1\":\noperation not permitted")})
		}, `✗ cannot look: open network namespace "ns1": operation not permitted`},
		"no name": {func(m *Model) {
			send(m, session.Answered{Gen: m.Why.Gen, Err: &resolve.Error{Name: "web", Words: "Name or service not known"}})
		}, "✗ no packet is sent, since the name has no address: web: Name or service not"},
		"gone":    {func(m *Model) { send(m, feed.Names{"host"}) }, `✗ the namespace ns1, from which this is sent, is gone: r builds the lab anew`},
		"no ping": {func(m *Model) { m.Network.Log = session.PingLog{}; send(m, feed.Names{"host"}) }, "no ping runs in this step"},
		"not yet": {func(m *Model) { m.Why.Answer = nil; send(m, feed.Names{"host", "ns1"}) }, "… following the packet"},
	} {
		m := sized(t, fixtureWhy)
		c.spoil(m)
		if view := m.View(); !strings.Contains(view, c.want) {
			t.Errorf("%s: no %q in\n%s", name, c.want, view)
		}
	}
}

// pinged lets an echo come to something, a second after the last one.
func pinged(m *Model, seq int, outcome probe.Outcome) {
	now := fixtureTime.Add(time.Duration(seq) * time.Second)
	m.Now = func() time.Time { return now }
	send(m, feed.Ping{Aim: m.Network.Aim, Event: probe.Event{Seq: seq, Sent: true}})
	send(m, feed.Ping{Aim: m.Network.Aim, Event: probe.Event{Seq: seq, Result: probe.Result{Seq: seq, Outcome: outcome}}})
}

func TestAPredictionThatThePingContradictsIsNotTrusted(t *testing.T) {
	for _, c := range []struct {
		verdict  explain.Verdict
		outcomes []probe.Outcome
		want     bool
	}{
		{explain.Delivered, []probe.Outcome{probe.Silent}, false},
		{explain.Delivered, []probe.Outcome{probe.Silent, probe.Silent}, true},
		{explain.Delivered, []probe.Outcome{probe.Silent, probe.Replied, probe.Silent}, false},
		{explain.Delivered, []probe.Outcome{probe.HostUnreachable, probe.Silent}, true},
		{explain.Delivered, []probe.Outcome{probe.Silent, probe.Silent, probe.Replied}, false},
		{explain.Delivered, []probe.Outcome{probe.OutcomeUnknown, probe.OutcomeUnknown}, false},
		{explain.Broken, []probe.Outcome{probe.Replied, probe.Replied}, true},
		{explain.Broken, []probe.Outcome{probe.Silent, probe.NetworkUnreachable}, false},
		{explain.Undecided, []probe.Outcome{probe.Silent, probe.Silent}, false},
	} {
		m := sized(t, fixtureAfter)
		send(m, keyMsg("w"))
		send(m, session.Answered{Gen: m.Why.Gen, Answer: explain.Answer{Verdict: c.verdict}, Since: fixtureTime})
		for i, outcome := range c.outcomes {
			pinged(m, 10+i, outcome)
		}
		if got := strings.Contains(m.View(), "the prediction and the ping disagree"); got != c.want {
			t.Errorf("%s, then %v: doubted is %v", c.verdict, c.outcomes, got)
		}
	}
}

func TestThePictureMarksWhereThePacketDies(t *testing.T) {
	for name, c := range map[string]struct {
		width, height int
		want          []string
	}{
		"boxes": {80, 24, []string{"✓ ns1-eth0 ✗ ├", "╭ host ! ─", "topology · ✗ request dies at ns1 ns1-eth0"}},
		"wide":  {200, 50, []string{"✓ ns1-eth0 ✗ ├", "╭ host ! ─", "request dies at ns1 ns1-eth0, fault in host"}},
	} {
		m := fixtureWhy(t, Options{Lang: "en"})
		send(m, tea.WindowSizeMsg{Width: c.width, Height: c.height})
		for _, text := range c.want {
			if view := m.View(); !strings.Contains(view, text) {
				t.Errorf("%s: no %q in\n%s", name, text, view)
			}
		}
		send(m, keyMsg("w"))
		if view := m.View(); strings.Contains(view, "ns1-eth0 ✗") || strings.Contains(view, "host !") {
			t.Errorf("%s: the marks stay behind:\n%s", name, view)
		}
	}
	m := fixtureWhy(t, Options{Lang: "en"})
	lines := strings.Join(m.Panes.Topology.Lines(60), "\n")
	for _, text := range []string{"✓ ns1-eth0 ✗ 172.20.1.10/24", "host !"} {
		if !strings.Contains(lines, text) {
			t.Errorf("lines: no %q in\n%s", text, lines)
		}
	}
	m.Why.Answer.Hops[1].Device = "lo" // no device of the picture: the namespace has the mark
	if lines := strings.Join(m.Panes.Topology.Lines(60), "\n"); !strings.Contains(lines, "ns1 ✗") {
		t.Errorf("no mark at the namespace:\n%s", lines)
	}
}
