package played_test

import (
	"testing"

	"nstutor/internal/change"
	"nstutor/internal/lab/labtest"
	"nstutor/steps"
)

var podUp = steps.LinkUp{Netns: "ns1", Name: "ns1-eth0"}

// TestAPredictionIsNotJudgedInAnotherNetwork: the pod's end is up before its address
// is set, so the route that was not to be there comes with it. The step counts once
// the next one does, since only the order was another.
func TestAPredictionIsNotJudgedInAnotherNetwork(t *testing.T) {
	labtest.Slow(t)
	p := startPlay(t, "2.3")
	p.by(podUp)
	p.by(steps.LinkUp{Netns: "host", Name: "veth-ns1"})
	p.see("done by another hand")
	p.enterUntil("enter: 2.4")
	p.press("enter")
	p.see("▸ 2.4  ", "the lab is not as this step expects", "expected: ns1 ip link: ns1-eth0 not UP", "there is: ")
	p.press("1")
	p.by(steps.AddrAdd{Netns: "ns1", Addr: "172.20.1.10/24", Dev: "ns1-eth0"})
	p.see("✗ ns1 ip route: empty", "there is: 172.20.1.0/24 dev ns1-eth0", "The step counts once it is", "prediction is not judged", "▸ 2.4  An address for the pod")
	p.miss("you said")
	if _, answered := p.progress.Prediction("2.4"); p.progress.Done("2.4") || answered {
		t.Error("the step counts, or its prediction")
	}
	p.enterUntil("enter: 2.5")
	p.press("enter")
	p.see("▸ 2.5  ", "as promised")
	p.wait(func(string) bool { return p.progress.Done("2.4") && p.progress.Done("2.5") }, "another order does not count")
}

// TestAStepCountsOnceItsPromiseIsKept: without a rebuild, when what spoilt it is gone.
func TestAStepCountsOnceItsPromiseIsKept(t *testing.T) {
	labtest.Slow(t)
	p := startPlay(t, "2.3")
	p.by(podUp)
	p.see("the lab is not as this step expects")
	p.by(steps.LinkUp{Netns: "host", Name: "veth-ns1"})
	p.see("Made, but this is not as it should be:", "✗ host ip link: veth-ns1 <UP,NO-CARRIER> not LOWER_UP")
	if p.progress.Done("2.3") {
		t.Error("it counts already")
	}
	if err := podUp.Change(p.lab).Undo(t.Context(), p.lab, change.Before{}); err != nil {
		t.Fatal(err)
	}
	p.see("1 of 1 as promised")
	p.wait(func(string) bool { return p.progress.Done("2.3") }, "not remembered")
}

func TestWhatTheTextTakesForGrantedIsChecked(t *testing.T) {
	p := startPlay(t, "2.10")
	p.by(steps.RouteDel{Netns: "host", Dst: "default", Via: "192.168.6.1", Dev: "eth0"})
	p.see("the lab is not as this step expects", "expected: host ip route get: 172.20.1.1 via 192.168.6.1 dev eth0", "r rebuild lab")
	p.press("r")
	p.miss("the lab is not as this step expects")
}

// TestWhatWasDoneElsewhereIsSaid: where it is, and where it belongs.
func TestWhatWasDoneElsewhereIsSaid(t *testing.T) {
	p := startPlay(t, "2.4")
	p.by(steps.AddrAdd{Netns: "host", Addr: "172.20.1.10/24", Dev: "veth-ns1"})
	p.see("✗ the address 172.20.1.10 on ns1-eth0  ip -n ns1 addr show ns1-eth0", "172.20.1.10 is on veth-ns1 in host, not on ns1-eth0 in ns1")

	p = startPlay(t, "2.6")
	p.by(steps.RouteDel{Netns: "host", Dst: "default", Via: "192.168.6.1", Dev: "eth0"})
	p.see("✗ a default route  ip -n ns1 route", "changed in host: − default via 192.168.6.1 dev eth0")
	if err := p.lab.AddNetns("a\x1b[31mb"); err != nil { // spelled, and in no colour of its own
		t.Fatal(err)
	}
	p.see(`changed: + netns a\x1b[31mb`)
}

// TestANeighbourThatGrowsOldIsNobodysDoing: the kernel doubts what it has learned.
func TestANeighbourThatGrowsOldIsNobodysDoing(t *testing.T) {
	if !installed(t, "ip") {
		return
	}
	p := startPlay(t, "0.3")
	p.see("192.168.6.1 dev eth0 lladdr 02:00:c0:a8:06:01")
	for _, state := range []string{"stale", "delay", "stale"} {
		command, err := p.lab.Command(t.Context(), "host", "ip", "neigh", "change", "192.168.6.1", "lladdr", "02:00:c0:a8:06:01", "dev", "eth0", "nud", state)
		if err != nil {
			t.Fatal(err)
		}
		if out, err := command.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		p.settled()
		p.miss("was deleted")
		p.miss("✗ ")
	}
}

// settled returns once the course has looked at the lab as it is now.
func (p *play) settled() {
	p.t.Helper()
	p.by(steps.RouteAdd{Netns: "inet", Dst: "198.51.100.0/24", Dev: "up0"})
	p.see("198.51.100.0/24")
	p.by(steps.RouteDel{Netns: "inet", Dst: "198.51.100.0/24", Dev: "up0"})
	p.miss("198.51.100.0/24")
}
