package played_test

import (
	"strings"
	"testing"

	"nstutor/internal/change"
	"nstutor/internal/lab/labtest"
	"nstutor/steps"
)

// gateway is a default route in the pod.
func gateway(via string) steps.RouteAdd {
	return steps.RouteAdd{Netns: "ns1", Dst: "default", Via: via, Dev: "ns1-eth0"}
}

func TestAChangeThatDoesSomethingElseIsSaid(t *testing.T) {
	p := startPlay(t, "2.6")
	p.miss("a default route is") // nothing was changed yet
	p.by(gateway("172.20.1.2"))
	p.see("✗ it goes via 172.20.1.1", "there is: default via 172.20.1.2 dev ns1-eth0")
	p.by(steps.RouteDel(gateway("172.20.1.2")))
	p.miss("there is: default")
	p.by(gateway("172.20.1.1"))
	p.see("done by another hand")
	p.miss("it goes via")
}

func TestHintsAreAboutWhatWasChanged(t *testing.T) {
	p := startPlay(t, "2.6")
	p.press("h")
	p.see("hint 1/3  Look at the pod's route table")
	p.by(gateway("172.20.1.2"))
	p.see("✗ it goes via 172.20.1.1")
	p.press("h")
	p.see("hint 1/3  Look at ip -n ns1 route", "There is default via 172.20.1.2 dev ns1-eth0.")
	p.miss("hint 3/3")
	p.press("h")
	p.see("ip route replace default via 172.20.1.1")
	p.wait(func(string) bool { return p.progress.Hints("2.6") == 3 }, "not remembered")
}

// A command that would fail is no hint: what it works on comes back with the lab built anew.
func TestWhatAStepWorksOnIsGone(t *testing.T) {
	p := startPlay(t, "2.11")
	p.press("enter", "enter", "1")
	if err := (change.LinkDel{Netns: "host", Dev: "veth-ns1"}).Apply(t.Context(), p.lab); err != nil {
		t.Fatal(err)
	}
	p.see("✗ a device called veth-ns1  ip link", "r rebuilds it", "r rebuild lab")
	p.wait(func(view string) bool {
		_, said, ok := strings.Cut(view, "changed in ns1: ")
		first, _, _ := strings.Cut(said, "r rebuilds it")
		return ok && strings.HasSuffix(strings.TrimSpace(first), "…")
	}, "what is left out goes without a word")
	p.press("h", "h", "h")
	p.see("hint 3/3  What this step works on is gone: r builds the lab anew")
	p.miss("$ ip route add 172.20.1.10 dev veth-ns1")
	p.press("r")
	p.see("now: ns1 ping 192.168.6.160")
	p.miss("r rebuilds it")
}

func TestAnotherWayIsDone(t *testing.T) {
	p := startPlay(t, "2.11")
	p.by(steps.RouteAdd{Netns: "host", Dst: "172.20.1.8/29", Dev: "veth-ns1"})
	p.see("done by another hand", "4 of 4 as promised")
	p.wait(func(string) bool { return p.progress.Done("2.11") }, "not remembered")
}

func TestWhatIsTakenBackIsToBeDoneAgain(t *testing.T) {
	labtest.Slow(t)
	p := startPlay(t, "2.6")
	p.apply()
	p.by(steps.RouteDel(gateway("172.20.1.1")))
	p.see("to do  ", "Network is unreachable")
	p.miss("as promised")
	p.by(gateway("172.20.1.1"))
	p.see("done by another hand", "as promised")
}

func TestALookThatWasTypedIsTheStep(t *testing.T) {
	p := startPlay(t, "2.7")
	p.press(":")
	p.types("ip n show")
	p.see("as promised", "172.20.1.1 exists nowhere")
}

// What no watcher of a table reports is looked at by the clock.
func TestAProgramThatWasEndedIsToBeStartedAgain(t *testing.T) {
	labtest.Slow(t)
	p := startPlay(t, "1.3")
	p.apply()
	p.lab.Kill("sidecar")
	p.see("to do  ")
}

// A setting of ARP that a step is about stands among those of the kernel.
func TestALateProxysSettingIsShown(t *testing.T) {
	labtest.Slow(t)
	p := startPlay(t, "2.B8")
	p.press("tab")
	p.see("host net.ipv4.neigh.veth-ns1.proxy_delay = 40")
	p.apply()
	p.see("host net.ipv4.neigh.veth-ns1.proxy_delay = 0")
}
