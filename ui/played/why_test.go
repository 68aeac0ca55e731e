package played_test

import (
	"strings"
	"testing"
	"time"

	"nstutor/chapters"
	"nstutor/internal/change"
	"nstutor/internal/lab/labtest"
	"nstutor/steps"
	"nstutor/ui"
)

// run answers the question, has the command shown, and runs it.
func (p *play) run() {
	p.t.Helper()
	p.enterUntil("enter runs it in the lab")
	p.press("enter")
	p.enterUntil("as promised") // a stamp that came meanwhile has moved the end of the page away
}

// forward runs the step's command and goes on to the next step.
func (p *play) forward() {
	p.t.Helper()
	p.run()
	p.enterUntil("first your guess (enter skips it)")
	p.press("home")
}

// The answer follows the learner from fault to fault, and back.
func TestWhyFollowsTheRepairs(t *testing.T) {
	labtest.Slow(t)
	p := startPlay(t, "2.7")
	p.press("w")
	p.see("▸ why?", "✗ 172.20.1.10 cannot reach", "neighbour-unanswered", "✓ ns1-eth0 ✗ ├", "request dies at ns1 ns1-eth0")
	p.forward() // looks
	p.forward() // lo up
	p.see("neighbour-unanswered")
	p.forward() // proxy_arp
	p.see("proxy-arp-needs-forwarding", "host !", "ns1-eth0 ✗ ├")
	p.forward() // forwarding
	p.see("no-return-route", "reply dies at", "✓✓ ns1")
	p.miss("ns1-eth0 ✗")
	p.run() // the route back
	p.see("✓ 172.20.1.10 reaches 192.168.6.160", "✓ 64 bytes from", "✓ request and reply pass", "as promised")
	p.see("✓✓ ns1", "✓✓ host")
	p.miss("✗")
	p.press("u")
	p.see("no-return-route", "reply dies at", "enter read on")
	p.press("u")
	p.see("proxy-arp-needs-forwarding", "ns1-eth0 ✗ ├")
}

func TestWhyFollowsAnotherHand(t *testing.T) {
	p := startPlay(t, "2.6")
	p.press("w")
	p.see("no-route", "✗ ping: connect: Network is unreachable", "ns1 ✗")
	p.miss("ip route add default via")
	p.by(steps.RouteAdd{Netns: "ns1", Dst: "default", Via: "172.20.1.1", Dev: "ns1-eth0"})
	p.see("neighbour-unanswered", "ns1-eth0 ✗ ├")
}

// Nobody reports a change of the rules. The ping says that something is other
// than predicted, and that is when it is looked at again.
func TestWhyNoticesAChangeThatNobodyReports(t *testing.T) {
	labtest.Slow(t)
	p := startPlay(t, "3.2")
	p.press("w")
	p.see("not-masqueraded")
	p.run()
	p.see("✓ request and reply pass", "as promised")
	step, _ := chapters.All().Step("3.2")
	if err := step.Action.Change(p.lab).Undo(t.Context(), p.lab, change.Before{}); err != nil {
		t.Fatal(err)
	}
	p.see("not-masqueraded", "✗ 172.20.1.10 cannot reach")
	p.by(step.Action)
	p.see("✓ 172.20.1.10 reaches", "✓ request and reply pass")
}

func TestWhyOutlivesItsNamespace(t *testing.T) {
	p := startPlay(t, "2.6")
	p.press("w")
	p.see("no-route")
	if err := p.lab.DelNetns("ns1"); err != nil {
		t.Fatal(err)
	}
	p.see("✗ the namespace ns1, from which this is sent, is gone: r builds the lab anew")
	p.miss("no-route")
	p.press("r")
	p.see("no-route", "ns1 ✗")
}

func TestWhyOfANameWithoutAnAddress(t *testing.T) {
	p := startPlay(t, "3.4")
	p.press("w")
	p.see("www.example.com cannot be looked up", "name-unresolved, in ns1")
	p.run()
	p.see("✓ 172.20.1.10 reaches 203.0.113.10")
}

// questions is how often the kernel was asked.
func (p *play) questions() int {
	asked := make(chan int)
	p.msgs <- glance(func(m *ui.Model) { asked <- m.Why.Gen })
	return <-asked
}

func TestWhyAsksNothingWhileNothingChanges(t *testing.T) {
	labtest.Slow(t)
	p := startPlay(t, "2.6") // no route: no neighbour comes or goes
	p.press("w")
	p.see("no-route")
	time.Sleep(time.Second) // whatever the entry into the step stirred has settled
	before := p.questions()
	time.Sleep(3 * time.Second)
	if after := p.questions(); after != before {
		t.Errorf("%d questions in 3 s of an idle lab", after-before)
	}
}

func TestWhyAsksAtMostFourTimesASecond(t *testing.T) {
	labtest.Slow(t)
	p := startPlay(t, "2.6")
	p.press("w")
	p.see("no-route")
	before, begin := p.questions(), time.Now()
	for i := range 40 {
		route := steps.RouteAdd{Netns: "host", Dst: "10.9." + string(rune('0'+i%10)) + ".0/24", Dev: "veth-ns1"}
		p.by(route)
		time.Sleep(50 * time.Millisecond) // what is undone at once, nobody may have seen
		if err := route.Change(p.lab).Undo(t.Context(), p.lab, change.Before{}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(25 * time.Millisecond)
	}
	asked, most := p.questions()-before, int(time.Since(begin)/(250*time.Millisecond))+1
	if asked == 0 || asked > most {
		t.Errorf("%d questions in %v, at most %d expected", asked, time.Since(begin), most)
	}
}

// The keys of the course work while the answer is open.
func TestOtherKeysWorkWithWhyOpen(t *testing.T) {
	p := startPlay(t, "2.6")
	p.press("w")
	p.see("no-route")
	p.press("tab")
	p.see("[live]", "live · ns1")
	p.press("n")
	p.see("live · host", "▸ live")
	p.press("?")
	p.see("all keys", "close why")
	p.press("esc")
	p.see("─ why?") // esc closed the help alone
	p.press("esc")
	p.miss("why? ·")
	if view := p.view(); !strings.Contains(view, "2.6  ") {
		t.Errorf("no lesson:\n%s", view)
	}
}

// The answer comes first. Then its fix is tried in a copy of the lab, and what came
// of that stands below it.
func TestWhyTriesTheFixInACopy(t *testing.T) {
	labtest.Slow(t)
	p := startPlay(t, "2.6")
	p.press("w")
	p.see("no-route")
	p.press("end")
	p.see("Trial in a copy")
	p.press("end")
	p.see("✓ Verified in a copy of ns1", "   not copied: connection tracking")
	p.by(steps.RouteAdd{Netns: "ns1", Dst: "default", Via: "172.20.1.1", Dev: "ns1-eth0"})
	p.see("neighbour-unanswered")
	p.press("end")
	p.see("Trial in a copy")
	p.press("end")
	p.see("Verified in a copy of", "not copied: connection tracking")
}

// What a sidecar opens itself comes back to it: that its port takes connections is no
// delivery, and the fix is what the next step does.
func TestWhyTellsASidecarThatTalksToItself(t *testing.T) {
	labtest.Slow(t)
	p := startPlay(t, "10R.1")
	p.run()
	p.press("w")
	p.see("✗ 10.244.1.10 cannot reach", "talks to itself", "(proxy-loop, in pod-a)", "request dies at pod-a lo")
	p.press("end")
	p.see("mark 1337", "Trial in a copy")
	p.press("end")
	p.see("a copy has no programs")
	p.press("esc")
	p.run()
	p.press("w")
	p.see("✓ 10.244.1.10 reaches")
}
