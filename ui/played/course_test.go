package played_test

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"nstutor/internal/change"
	"nstutor/internal/lab/labtest"
	"nstutor/steps"
)

func TestEnterRunsTheCommandAndTheTablesFollow(t *testing.T) {
	p := startPlay(t, "2.6")
	p.see("Network is unreachable", "172.20.1.0/24 dev ns1-eth0 proto kernel scope link src 172.20.1.10")
	p.apply()
	p.see("+ default via 172.20.1.1 dev ns1-eth0", "2 of 2 as promised")
	p.see("172.20.1.1 dev ns1-eth0") // the neighbour that the ping asks for
	p.wait(func(string) bool { return p.progress.Done("2.6") && p.progress.Position() == "2.6" }, "not remembered")
}

// On the smallest terminal the prose, the command, the ping and the decisive
// row of the tables are to be seen at once.
func TestTheSmallestScreenShowsAllThatMatters(t *testing.T) {
	p := startPlay(t, "2.6")
	p.see("Give ns1 a default route via 172.20.1.1.",
		"ping: connect: Network is unreachable", "route    172.20.1.0/24", "A default route catches everything")
	p.apply()
	p.see("The kernel never checked", "default via 172.20.1.1 dev ns1-eth0", "INCOMPLETE")
}

func TestAStepDoneByAnotherHandIsDone(t *testing.T) {
	p := startPlay(t, "2.6")
	p.by(steps.RouteAdd{Netns: "ns1", Dst: "default", Via: "172.20.1.1", Dev: "ns1-eth0"})
	p.see("+ default via 172.20.1.1 dev ns1-eth0", "done by another hand", "as promised")
	p.wait(func(string) bool { return p.progress.Done("2.6") }, "not remembered")
}

func TestAChangeInAnyNamespaceShows(t *testing.T) {
	p := startPlay(t, "2.6")
	p.by(steps.LinkUp{Netns: "ns1", Name: "lo"})
	p.see("~ ✓ lo")
	p.by(steps.RouteAdd{Netns: "host", Dst: "172.20.1.10", Dev: "veth-ns1"})
	p.see("+ host route 172.20.1.10 dev veth-ns1 scope link")
	p.by(steps.NetnsAdd{Name: "new"})
	p.see("+ netns new")
}

// A change in the kernel is to be on the screen within a frame or two; the
// bound leaves room for a busy machine.
func TestAChangeShowsSoon(t *testing.T) {
	p := startPlay(t, "2.6")
	p.see("172.20.1.0/24")
	var worst time.Duration
	for _, dst := range []string{"10.1.0.0/16", "10.2.0.0/16", "10.3.0.0/16", "10.4.0.0/16", "10.5.0.0/16"} {
		begin := time.Now()
		p.by(steps.RouteAdd{Netns: "ns1", Dst: dst, Dev: "ns1-eth0"})
		p.see(dst)
		worst = max(worst, time.Since(begin))
	}
	t.Logf("slowest of 5: %v", worst)
	if worst > time.Second {
		t.Errorf("a route showed only after %v", worst)
	}
}

func TestUndoTakesTheStepBack(t *testing.T) {
	p := startPlay(t, "2.6")
	p.apply()
	p.press("u")
	p.see("to do  ", "Network is unreachable")
	p.miss("+ default via")
	p.press("u")
	p.see("2.5  ")
}

func TestABrokenBeginningOffersARebuild(t *testing.T) {
	p := startPlay(t, "2.6")
	if err := p.lab.DelNetns("ns1"); err != nil {
		t.Fatal(err)
	}
	p.see(`Cannot open network namespace "ns1"`, "the lab is not as this step expects", "r rebuild lab")
	p.miss("172.20.1.0/24 dev ns1-eth0") // what is gone is not shown
	p.press("r")
	p.miss("the lab is not as this step expects")
	p.see("172.20.1.0/24 dev ns1-eth0", "Network is unreachable")
	p.miss("r rebuild lab")
}

// Step 3.1 begins with claims about the wire only.
func TestAMissingNamespaceOffersARebuildInAnyStep(t *testing.T) {
	p := startPlay(t, "3.1")
	if err := p.lab.DelNetns("ns1"); err != nil {
		t.Fatal(err)
	}
	p.see("the lab is not as this step expects", "expected: ip netns: ns1", "r rebuild lab")
}

func TestAnErrorOfTheKernelIsOneLine(t *testing.T) {
	p := startPlay(t, "2.6")
	if err := (steps.VethAdd{Netns: "host", Name: "ns1-eth0", Peer: "veth-ns1"}).Change(p.lab).Undo(t.Context(), p.lab, change.Before{}); err != nil {
		t.Fatal(err)
	}
	p.miss("172.20.1.0/24 dev")
	p.press("1")
	p.enterUntil("enter run ")
	p.press("enter")
	p.see("✗ ns1: ns1-eth0: Link not found", "r rebuild lab")
}

func TestThePredictionIsJudgedAfterwards(t *testing.T) {
	p := startPlay(t, "2.6")
	right := p.model.Scene.Prose.Predict.Right
	p.press(string(rune('1' + right)))
	p.see("▸ ")
	p.run()
	p.see("predicted right")
	if choice, ok := p.progress.Prediction("2.6"); !ok || choice != right {
		t.Errorf("remembered %d, %v", choice, ok)
	}
}

func TestEnterReadsOnUntilTheQuestionWasSeen(t *testing.T) {
	p := startPlay(t, "2.6")
	p.see("enter reads on")
	p.enterUntil("first your guess")
	p.see("1  ", "3  ")
	p.press("enter")
	p.see("enter shows how")
	p.miss("ip route add default")
	p.press("enter")
	p.see("enter runs it in the lab", "ip route add default")
	p.press("enter")
	p.see("as promised")
}

func TestHintsComeOneByOne(t *testing.T) {
	p := startPlay(t, "2.6")
	p.press("1")
	for _, hint := range []string{"hint 1/3", "hint 2/3", "hint 3/3"} {
		p.press("h")
		p.see(hint)
	}
	p.see("enter runs it in the lab")
	p.press("h")
	p.wait(func(string) bool { return p.progress.Hints("2.6") == 3 }, "not remembered")
}

func TestTheOutlineLeadsToAStep(t *testing.T) {
	p := startPlay(t, "0.1")
	p.press("g")
	p.see("chapters and steps", "0.1", "1.D1")
	p.press("2", ".", "B", "1")
	p.miss("1.D1")
	p.press("enter")
	p.see("▸ 2.B1", "give veth-ns1 the address 172.20.1.1/24")
}

func TestTheLanguageCanBeSwitched(t *testing.T) {
	p := startPlay(t, "2.6")
	p.press("L")
	p.see("实况", "路由", "帮助")
	p.wait(func(string) bool { return p.progress.language() == "zh" }, "not remembered")
	p.press("L")
	p.see("live", "route")
}

func TestTheWatchedNamespaceCanBeChosen(t *testing.T) {
	p := startPlay(t, "2.6")
	p.press("n")
	p.see("live · host", "192.168.6.0/24 dev eth0")
	p.see("ns1 > 192.168.6.160") // the ping stays
	p.press("N")
	p.see("live · ns1", "172.20.1.0/24 dev ns1-eth0")
}

func TestTheTopologyIsDrawnFromTheKernel(t *testing.T) {
	p := startPlay(t, "2.3")
	p.press("shift+tab")
	p.see("╭ ns1 · ✗ lo", "✗ ns1-eth0 ├", "┤ ✗ veth-ns1")
	p.by(steps.LinkUp{Netns: "ns1", Name: "ns1-eth0"})
	p.see("! ns1-eth0 ├")
	p.by(steps.LinkUp{Netns: "host", Name: "veth-ns1"})
	p.see("✓ ns1-eth0 ├", "┤ ✓ veth-ns1")
}

func TestACommandThatOnlyLooksShowsItsOutput(t *testing.T) {
	p := startPlay(t, "2.7")
	p.apply()
	if _, err := exec.LookPath("ip"); err == nil { // else there is nothing to show
		p.press("down", "down", "down", "down", "down", "down", "down", "down")
		p.see("\n 172.20.1.1 dev ns1-eth0 FAILED")
	}
}

// The whole main line of chapter 2, by keyboard alone.
func TestAChapterCanBeWalkedWithTheKeyboard(t *testing.T) {
	labtest.Slow(t)
	p := startPlay(t, "2.1")
	p.walk("2.1", "2.2", "2.3", "2.4", "2.5", "2.6", "2.7", "2.8", "2.9", "2.10", "2.11", "2.12")
	p.see("▸ 2.B1")
}

// From one pod to the other, by a router and by a switch.
func TestThePodsAreJoinedWithTheKeyboard(t *testing.T) {
	labtest.Slow(t)
	p := startPlay(t, "4.1")
	p.walk("4.1", "4.2", "4.3", "4.4")
	p.see("▸ 5  A switch instead of a router")
	for _, packet := range p.model.Network.Packets.All {
		if text := packet.Seen[0].Brief(); strings.Contains(text, "echo reply") {
			t.Errorf("on the wire of the new network is one of the old: %s", text)
		}
	}
	p.press("enter")
	p.walk("5.1", "5.2", "5.3", "5.4", "5.5", "5.6", "5.7", "5.8", "5.9", "5.10", "5.11", "5.12", "5.M1")
	p.see("▸ 5.M2")
}

// walk goes through steps by the enter key alone, to the beginning of the next one.
func (p *play) walk(ids ...string) {
	p.t.Helper()
	for _, id := range ids {
		p.see("▸ " + id + "  ")
		p.apply()
		if view := p.view(); strings.Contains(view, "only ") && strings.Contains(view, "✗ only") {
			p.t.Errorf("%s:\n%s", id, view)
		}
		p.enterUntil("enter: ")
		p.press("enter")
	}
}

// How a step was done is remembered: by the enter key, or by hand, and whether the
// command had been shown.
func TestHowAStepWasDoneIsRemembered(t *testing.T) {
	labtest.Slow(t)
	route := steps.RouteAdd{Netns: "ns1", Dst: "default", Via: "172.20.1.1", Dev: "ns1-eth0"}
	for _, c := range []struct {
		name        string
		do          func(p *play)
		hand, shown bool
	}{
		{"enter", (*play).apply, false, true},
		{"hand", func(p *play) { p.by(route) }, true, false},
		{"hand, after enter has shown it", func(p *play) {
			p.press("1")
			p.enterUntil("enter runs it in the lab")
			p.by(route)
		}, true, true},
		{"hand, after why", func(p *play) { p.press("w"); p.see("no-route"); p.by(route) }, true, true},
	} {
		p := startPlay(t, "2.6")
		c.do(p)
		p.wait(func(string) bool { return p.progress.Done("2.6") }, "not remembered")
		if got := p.progress.way("2.6"); got.Hand != c.hand || got.Shown != c.shown || got.When.IsZero() {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}

// A chapter's introduction is a page of its own, at every size.
func TestAChapterIsIntroducedBeforeItsFirstStep(t *testing.T) {
	p := startPlay(t, "0.1")
	p.press("g")
	p.see("chapters and steps")
	p.press("3", ".", "1", "enter")
	p.see("▸ 3  From the pod to the world", "everyone else has never heard of it", "enter begins the chapter")
	p.miss("to do  ")
	p.press("enter")
	p.see("▸ 3.1  ", "to do  On the node, set")
	p.press("r") // whoever has read it is not shown it again
	p.still()
	p.see("▸ 3.1  ", "to do  ")
}

// What a step taught stays readable from the next one.
func TestWhatAStepTaughtCanBeReadFromTheNext(t *testing.T) {
	p := startPlay(t, "2.4")
	p.apply()
	p.enterUntil("enter: 2.5")
	p.press("enter")
	p.see("▸ 2.5  ")
	p.press("e")
	p.see("2.4  An address, but no route yet", "whichever comes last", "esc/q close")
	p.enterUntil("▸ 2.5  ")
}
