package played_test

import "testing"

// TestTheWireFollowsATranslatedPacket through the kernel's own NAT, there and back:
// four frames of three namespaces are one row.
func TestTheWireFollowsATranslatedPacket(t *testing.T) {
	p := startPlay(t, "3.2")
	p.apply()
	p.enterUntil("as promised")
	p.press("tab", "tab")
	p.see("[wire]", "172.20.1.10 > 203.0.113.10 echo request", "ns1-eth0 → veth-ns1  ~192.168.6.160 >  eth0 → up0",
		"203.0.113.10 > 192.168.6.160 echo reply", "up0 → eth0  > ~172.20.1.10  veth-ns1 → ns1-eth0")
	p.miss("not seen there")
	p.press("tab")
	p.see("[topology]", "last seen at ns1 ns1-eth0", "✓●ns1-eth0")
}

// TestTheWireShowsTheQuestionForAName, which goes over UDP before any echo does.
func TestTheWireShowsTheQuestionForAName(t *testing.T) {
	p := startPlay(t, "3.4")
	p.press("tab", "tab")
	p.by(p.model.Scene.Step.Action)
	p.see(" > 203.0.113.53:53 A? www.example.com.", " A 203.0.113.10")
}

// TestWhatIsAskedInVainIsOnTheWire: the question to everyone, and the error
// that the sender gets from its own kernel.
func TestWhatIsAskedInVainIsOnTheWire(t *testing.T) {
	p := startPlay(t, "0.4")
	p.press("tab", "tab")
	p.see("who-has 192.168.6.77 tell 192.168.6.160  eth0 → everyone", "✗ 192.168.6.160 > 192.168.6.160 host 192.168.6.77 unreachable")
}
