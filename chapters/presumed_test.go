package chapters_test

import (
	"slices"
	"testing"

	"nstutor/chapters"
	"nstutor/internal/lab/labtest"
	"nstutor/steps"
	"nstutor/steps/gateway"
)

// spoilers are, for each step whose text takes the lab for what an earlier one has
// made of it, a change that makes the text false.
var spoilers = map[string]steps.Action{
	"0.B1": steps.NeighDel{Netns: "host", Dst: "192.168.6.1", Dev: "eth0", Written: true},
	"1.B1": steps.LinkUp{Netns: "ns1", Name: "lo"},
	"1.D1": steps.AddrDel{Netns: "nginx", Addr: "172.17.0.8/16", Dev: "eth0"},
	"1.D2": steps.AddrDel{Netns: "pause", Addr: "172.17.0.7/16", Dev: "eth0"},
	"1.D3": steps.AddrDel{Netns: "pause", Addr: "172.17.0.7/16", Dev: "eth0"},
	"1.3":  steps.LinkUp{Netns: "ns1", Name: "lo"},
	"1.4":  steps.LinkUp{Netns: "ns1", Name: "lo"},
	"2.B1": steps.Sysctl{Netns: "host", Key: "net.ipv4.conf.veth-ns1.proxy_arp", Value: "1"},
	"2.B2": steps.RouteDel{Netns: "host", Dst: "172.20.1.10", Dev: "veth-ns1"},
	"2.B3": steps.Sysctl{Netns: "host", Key: "net.ipv4.conf.veth-ns1.forwarding", Value: "0"},
	"2.B4": steps.RouteDel{Netns: "ns1", Dst: "default", Via: "169.254.1.1", Dev: "ns1-eth0"},
	"2.B5": steps.RouteAdd{Netns: "host", Dst: "default", Via: "192.168.6.1", Dev: "eth0"},
	"2.B6": steps.Sysctl{Netns: "host", Key: "net.ipv4.conf.all.rp_filter", Value: "0"},
	"2.B7": steps.RouteDel{Netns: "host", Dst: "172.20.1.10", Dev: "veth-ns1"},
	"2.B8": steps.Sysctl{Netns: "host", Key: "net.ipv4.conf.veth-ns1.proxy_arp", Value: "0"},
	"2.B9": steps.AddrAdd{Netns: "ns1", Addr: "172.20.1.20/24", Dev: "ns1-eth0"},
	"3.1":  gateway.Masquerade{Netns: "host", Src: "172.20.1.10"},
	"3.2":  steps.Sysctl{Netns: "host", Key: "net.ipv4.ip_forward", Value: "0"},
	"3.A1": steps.Sysctl{Netns: "host", Key: "net.ipv4.conf.veth-ns1.forwarding", Value: "0"},
	"3.A2": steps.RouteDel{Netns: "ns1", Dst: "default", Via: "172.20.1.1", Dev: "ns1-eth0"},
	"3.3":  steps.RouteDel{Netns: "host", Dst: "172.20.1.20", Dev: "veth-ns2"},
	"3.4":  steps.Sysctl{Netns: "host", Key: "net.ipv4.ip_forward", Value: "0"},
}

// TestWhatATextPresumesIsClaimed: it holds at the beginning of the step, and no longer
// once somebody has made something else of the lab.
func TestWhatATextPresumesIsClaimed(t *testing.T) {
	labtest.Slow(t)
	l := labtest.New(t)
	course := chapters.All()
	for step := range course.Steps() {
		spoiler, told := spoilers[step.ID]
		if !told {
			continue
		}
		t.Run(step.ID, func(t *testing.T) {
			player := steps.NewPlayer(l, course)
			if err := player.Goto(t.Context(), step.ID); err != nil {
				t.Fatal(err)
			}
			for _, line := range step.Before.Holds(t.Context(), l).Lines {
				if line.Err != nil {
					t.Errorf("%s: %v", line.Promised, line.Err)
				}
			}
			if err := spoiler.Change(l).Apply(t.Context(), l); err != nil {
				t.Fatal(err)
			}
			spoilt := step.Before.Holds(t.Context(), l).Lines
			if !slices.ContainsFunc(spoilt, func(s steps.Seen) bool { return !s.OK }) {
				t.Errorf("%s is not noticed", steps.Typed(spoiler.Change(l).Command()))
			}
		})
	}
}
