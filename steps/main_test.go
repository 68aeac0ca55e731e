package steps_test

import (
	"testing"
	"time"

	"nstutor/internal/lab"
	"nstutor/internal/lab/labtest"
	"nstutor/steps"
)

func TestMain(m *testing.M) { labtest.Main(m) }

// reset brings the lab back to its starting topology and makes these changes.
func reset(t *testing.T, l *lab.Lab, actions ...steps.Action) {
	t.Helper()
	if err := l.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	apply(t, l, actions...)
	settled := func(s steps.State) bool {
		for _, snap := range s.Netns {
			for _, link := range snap.Links {
				if link.Has("LOWER_UP") && link.Has("NO-CARRIER") {
					return false
				}
			}
		}
		return true
	}
	for deadline := time.Now().Add(2 * time.Second); !settled(state(t, l)); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the links do not settle")
		}
	}
}

// The places of the tests.
const (
	host = lab.Host
	inet = lab.Inet
	pod  = "ns1"
)

// cabled is a pod that has a cable to the node and nothing else.
func cabled() []steps.Action {
	return []steps.Action{
		steps.NetnsAdd{Name: pod},
		steps.VethAdd{Netns: host, Name: "ns1-eth0", Peer: "veth-ns1"},
		steps.LinkNetns{Netns: host, Name: "ns1-eth0", To: pod},
	}
}

// connected is a pod that reaches its node and is reached.
func connected() []steps.Action {
	return append(cabled(),
		steps.LinkUp{Netns: host, Name: "veth-ns1"},
		steps.AddrAdd{Netns: pod, Addr: "172.20.1.10/24", Dev: "ns1-eth0"},
		steps.LinkUp{Netns: pod, Name: "ns1-eth0"},
		steps.RouteAdd{Netns: pod, Dst: "default", Via: "172.20.1.1", Dev: "ns1-eth0"},
		steps.LinkUp{Netns: pod, Name: "lo"},
		steps.AddrAdd{Netns: host, Addr: "172.20.1.1/24", Dev: "veth-ns1"},
		steps.Sysctl{Netns: host, Key: "net.ipv4.ip_forward", Value: "1"},
	)
}
