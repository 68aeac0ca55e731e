package explain_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"nstutor/chapters"
	"nstutor/diag/explain"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/report"
	"nstutor/internal/lab"
	"nstutor/internal/lab/labtest"
	"nstutor/steps"
)

// told is a moment of the course and the answer to its ping, told.
type told struct {
	name    string
	step    string
	after   bool
	command string    // run in the namespace "host" first
	verdict string    // in English; … is the cause's own sentence
	zh      string    // in Chinese
	way     []string  // predicted, observed and namespace of each line of the way
	behind  [2]string // what is said of what lies behind, in English and in Chinese
}

var tellings = []told{
	{name: "all is well", step: "2.11", after: true,
		verdict: "172.20.1.10 reaches 192.168.6.160: the ping is answered",
		zh:      "172.20.1.10 能到达 192.168.6.160：ping 有应答",
		way: []string{
			"request", "ok ok ns1", "ok ok host",
			"reply", "ok ok host", "ok ok ns1",
		}},
	{name: "the reply is refused", step: "2.11", command: "ip route add unreachable 172.20.1.10",
		verdict: "172.20.1.10 cannot reach 192.168.6.160: … (route-unreachable, in host)",
		zh:      "172.20.1.10 到不了 192.168.6.160：…（route-unreachable，在 host）",
		way: []string{
			"request", "ok ok ns1", "ok ok host",
			"reply", "fail unknown host",
		}},
	{name: "no address", step: "0.1",
		verdict: "host cannot reach 192.168.6.1: … (no-address, in host)",
		zh:      "host 到不了 192.168.6.1：…（no-address，在 host）",
		way:     []string{"request", "fail unknown host"}},
	{name: "the fault is in between", step: "3.A2", after: true, command: "ip route add prohibit 203.0.113.10",
		verdict: "172.20.1.10 cannot reach 203.0.113.10: … (route-prohibit, in host)",
		zh:      "172.20.1.10 到不了 203.0.113.10：…（route-prohibit，在 host）",
		way:     []string{"request", "ok ok ns1", "ok ok host", "fail unknown host"}},
	{name: "the other end is down", step: "3.A2", after: true, command: "ip link set veth-ns1 down",
		verdict: "172.20.1.10 cannot reach 203.0.113.10: … (link-down, in host)",
		zh:      "172.20.1.10 到不了 203.0.113.10：…（link-down，在 host）",
		way:     []string{"request", "ok unknown ns1", "fail unknown ns1"},
		behind:  [2]string{"not reached: host, inet; so there is no reply", "未到达：host、inet；因此没有应答"}},
	{name: "the last one is told to be silent", step: "3.A2", after: true,
		command: "ip netns exec inet sysctl -qw net.ipv4.icmp_echo_ignore_all=1",
		verdict: "172.20.1.10 cannot reach 203.0.113.10: … (echo-ignored, in inet)",
		zh:      "172.20.1.10 到不了 203.0.113.10：…（echo-ignored，在 inet）",
		way:     []string{"request", "ok ok ns1", "ok ok host", "ok ok inet", "fail unknown inet"},
		behind:  [2]string{"so there is no reply", "因此没有应答"}},
	{name: "something that no prediction knows", step: "3.A2", after: true,
		// The type of the ICMP message is nothing that a policy is asked for here.
		command: `ip xfrm policy add src 0.0.0.0/0 dst 0.0.0.0/0 proto icmp type 9 dir fwd action allow && ip xfrm policy setdefault fwd block`,
		verdict: "172.20.1.10 cannot reach 203.0.113.10, against the prediction: …",
		zh:      "172.20.1.10 到不了 203.0.113.10，与预测不符：…",
		way: []string{
			"request", "ok ok ns1", "ok ok host", "ok fail host", "ok fail inet",
			"reply", "ok fail inet", "ok fail host", "ok fail ns1",
		}},
}

// TestTheReportTellsTheAnswer: the verdict is one sentence, the way has a line
// for each namespace and for the fault, and nothing of the rest is lost, in
// both languages.
func TestTheReportTellsTheAnswer(t *testing.T) {
	labtest.Slow(t)
	l := labtest.New(t)
	for _, c := range tellings {
		t.Run(c.name, func(t *testing.T) {
			answer, ok := c.ask(t, l)
			if !ok {
				return
			}
			for i, lang := range []string{"en", "zh"} {
				verdict, lines := []string{c.verdict, c.zh}[i], report.Of(answer, lang)
				want := strings.Replace(verdict, "…", answer.Cause.Detail.In(lang), 1)
				if lines[0].Kind != report.Verdict || lines[0].Text != want {
					t.Errorf("%s: the verdict is %q, want %q", lang, lines[0].Text, want)
				}
				if way := wayOf(lines); !slices.Equal(way, c.way) {
					t.Errorf("%s: the way is %q, want %q\n%s", lang, way, c.way, dump(lines))
				}
				if behind := behindOf(lines); c.behind[i] != "" && behind != c.behind[i] {
					t.Errorf("%s: behind it, %q, want %q", lang, behind, c.behind[i])
				}
				placed(t, lang, answer, lines)
				complete(t, lang, answer, lines)
			}
		})
	}
}

// ask plays the moment and asks. It is false when a command is not installed.
func (c told) ask(t *testing.T, l *lab.Lab) (explain.Answer, bool) {
	t.Helper()
	player := steps.NewPlayer(l, chapters.All())
	if err := player.Goto(t.Context(), c.step); err != nil {
		t.Fatal(err)
	}
	if c.after {
		if err := player.Apply(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if c.command != "" {
		cmd, err := l.Command(t.Context(), "host", "sh", "-c", c.command)
		if err != nil {
			t.Fatal(err)
		}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Logf("not broken here: %v: %s", err, out)
			return explain.Answer{}, false
		}
	}
	return ask(t, l, player.Step().Watch), true
}

// wayOf is the drawn way in short.
func wayOf(lines []report.Line) []string {
	var way []string
	for _, line := range lines {
		switch {
		case line.Kind == report.Heading && line.Leg != "":
			way = append(way, string(line.Leg))
		case line.Kind == report.Hop:
			way = append(way, fmt.Sprintf("%s %s %s", line.Predicted, line.Observed, line.Netns))
		}
	}
	return way
}

// behindOf is what is said of what is not reached.
func behindOf(lines []report.Line) string {
	i := slices.IndexFunc(lines, func(line report.Line) bool { return line.Kind == report.Behind })
	if i < 0 {
		return ""
	}
	return lines[i].Text
}

// placed checks that the line of the fault says what it is, and where if it is
// in another namespace than the packet.
func placed(t *testing.T, lang string, a explain.Answer, lines []report.Line) {
	t.Helper()
	for _, line := range lines {
		if line.Predicted != hop.Fail || line.Kind != report.Hop {
			continue
		}
		lead, ok := strings.CutSuffix(line.Text, a.Cause.Detail.In(lang))
		if here := line.Netns == a.Cause.Netns; !ok || here != (lead == "") || !here && !strings.Contains(lead, a.Cause.Netns) {
			t.Errorf("%s: the fault is in %s, and %s is told: %s", lang, a.Cause.Netns, line.Netns, line.Text)
		}
	}
}

// complete checks that all which the answer has is in the report, once.
func complete(t *testing.T, lang string, a explain.Answer, lines []report.Line) {
	t.Helper()
	count := map[report.Kind]int{}
	for i, line := range lines {
		count[line.Kind]++
		if (line.Text == "") != (line.Kind == report.Blank) || strings.Contains(line.Text, "\n") {
			t.Errorf("%s: line %d is %+v", lang, i, line)
		}
		if line.Kind == report.Heading && (i+1 == len(lines) || lines[i+1].Kind == report.Blank) {
			t.Errorf("%s: nothing is below %q", lang, line.Text)
		}
	}
	for kind, want := range map[report.Kind]int{
		report.Verdict: 1, report.Evidence: len(a.Cause.Evidence), report.Fix: len(a.Fix),
		report.Next: len(a.Next), report.Probe: 1, report.Unseen: len(a.Unseen),
	} {
		if count[kind] != want {
			t.Errorf("%s: %d lines of kind %d, want %d\n%s", lang, count[kind], kind, want, dump(lines))
		}
	}
}

func dump(lines []report.Line) string {
	var b strings.Builder
	for _, line := range lines {
		fmt.Fprintf(&b, "%+v\n", line)
	}
	return b.String()
}

// TestThePastedFixMends: the lines of the report, pasted into a shell one
// answer after the other, bring the ping back.
func TestThePastedFixMends(t *testing.T) {
	l := labtest.New(t)
	for _, command := range []string{"ip route add prohibit 203.0.113.10", "iptables -I FORWARD -s 172.20.1.10 -j DROP", "ip link set veth-ns1 down"} {
		c := told{step: "3.A2", after: true, command: command}
		answer, ok := c.ask(t, l)
		if !ok {
			continue
		}
		if len(answer.Fix) == 0 || answer.Verdict != explain.Broken {
			t.Fatalf("%s: %s with the fix %v", command, answer.Verdict, answer.Fix)
		}
		for round := 0; round < 3 && answer.Verdict == explain.Broken; round++ {
			paste(t, l, answer)
			answer = ask(t, l, steps.Watch{Netns: "ns1", Ping: "203.0.113.10"})
		}
		if answer.Verdict != explain.Delivered {
			t.Errorf("%s: after the fixes:\n%s", command, dump(report.Of(answer, "en")))
		}
	}
}

// paste runs the fix in a shell of a namespace that it is not for.
func paste(t *testing.T, l *lab.Lab, answer explain.Answer) {
	t.Helper()
	for _, line := range report.Of(answer, "en") {
		if line.Kind != report.Fix {
			continue
		}
		cmd, err := l.Command(t.Context(), "inet", "sh", "-c", line.Text)
		if err != nil {
			t.Fatal(err)
		}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", line.Text, err, out)
		}
	}
}
