package ui

import (
	"errors"
	"strings"
	"testing"

	"nstutor/internal/change"
	"nstutor/internal/say"
	"nstutor/internal/session"
	"nstutor/steps"
)

// fixtureJudged is the fixture with a route that leads to the wrong gateway, in
// a device that could not be looked at.
func fixtureJudged(t testing.TB, opts Options) *Model {
	m := fixture(t, opts)
	table := change.In("ns1", "ip", "route")
	send(m, session.Checked{Gen: 1, Judged: session.Judged{
		Conditions: []steps.Condition{
			{Table: table, Want: say.T("a default route", "一条默认路由"), Met: true},
			{Table: table, Want: say.T("it goes via %s", "它的下一跳是 %s", "172.20.1.1"), Seen: "default via 172.20.1.2 dev ns1-eth0"},
			{Table: table, Want: say.T("it goes by %s", "它从 %s 出去", "ns1-eth0"), Err: errors.New("operation not permitted")},
		},
		Hints: []say.Text{say.T("Look at %s", "看 %s", steps.Look(table)), say.Quote("b"), say.Quote("c")},
	}})
	return m
}

func TestConditionsStandBelowTheCommand(t *testing.T) {
	for _, test := range []struct {
		opts Options
		want string
	}{
		{Options{Lang: "en"}, "✓ a default route|✗ it goes via 172.20.1.1|there is: default via 172.20.1.2 dev ns1-eth0|? it goes by ns1-eth0|could not be checked: operation not permitted"},
		{Options{Lang: "zh"}, "✓ 一条默认路由|✗ 它的下一跳是 172.20.1.1|现在是：default via 172.20.1.2|? 它从 ns1-eth0 出去|无法检查：operation not permitted"},
		{Options{Lang: "en", ASCII: true}, "v a default route|x it goes via 172.20.1.1|there is: default via 172.20.1.2 dev ns1-eth0|? it goes by ns1-eth0"},
	} {
		m := fixtureJudged(t, test.opts)
		send(m, keyMsg("h"))
		m.width, m.height, m.screen = 200, 50, ""
		view := m.View()
		for _, want := range strings.Split(test.want, "|") {
			if !strings.Contains(view, want) {
				t.Errorf("%v: no %q in\n%s", test.opts, want, view)
			}
		}
		m.width, m.height, m.screen = 80, 24, ""
		if view := m.View(); strings.Contains(view, "ns1-eth0 出去") || strings.Contains(view, "by ns1-eth0") {
			t.Errorf("a small screen shows more than the first condition:\n%s", view)
		}
	}
}
