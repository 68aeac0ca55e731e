package service_test

import (
	"context"
	"os/exec"
	"strings"
	"testing"

	"nstutor/internal/lab"
	"nstutor/internal/lab/labtest"
	"nstutor/steps"
	"nstutor/steps/process"
	"nstutor/steps/service"
)

func TestMain(m *testing.M) { labtest.Main(m) }

// The places of the tests: two pods on a node that forwards, and a service.
const (
	host = lab.Host
	podA = "pod-a"
	podB = "pod-b"
	ipA  = "10.244.1.10"
	ipB  = "10.244.1.11"
	vip  = "10.96.0.100"
	web  = vip + ":80"
	node = "192.168.6.160"
)

func routed(name, ip string) []steps.Action {
	return []steps.Action{
		steps.NetnsAdd{Name: name},
		steps.VethAdd{Netns: host, Name: "c-" + name, Peer: "veth-" + name},
		steps.LinkNetns{Netns: host, Name: "c-" + name, To: name, Rename: "eth0"},
		steps.LinkUp{Netns: host, Name: "veth-" + name},
		steps.AddrAdd{Netns: name, Addr: ip + "/32", Dev: "eth0"},
		steps.LinkUp{Netns: name, Name: "eth0"},
		steps.RouteAdd{Netns: name, Dst: "default", Dev: "eth0"},
		steps.Sysctl{Netns: host, Key: "net.ipv4.conf.veth-" + name + ".proxy_arp", Value: "1"},
		steps.RouteAdd{Netns: host, Dst: ip, Dev: "veth-" + name},
	}
}

func prepare(lines ...string) (all []steps.Action) {
	for _, line := range lines {
		all = append(all, service.Prepare{Netns: host, Line: line})
	}
	return all
}

// pods are the two, with a server each, and chains where rules may hang.
func pods(more ...steps.Action) []steps.Action {
	all := []steps.Action{steps.Sysctl{Netns: host, Key: "net.ipv4.ip_forward", Value: "1"}}
	all = append(append(append(all, routed(podA, ipA)...), routed(podB, ipB)...),
		process.Run{Netns: podB, Name: "web", Argv: []string{"web"}}, process.Run{Netns: podB, Name: "tell", Argv: []string{"tell"}})
	all = append(all, prepare(
		"add table ip svc",
		"add chain ip svc pre { type nat hook prerouting priority dstnat; }",
		"add chain ip svc post { type nat hook postrouting priority srcnat; }",
		"add chain ip svc forward { type filter hook forward priority filter; }",
	)...)
	return append(all, more...)
}

// typed runs a line on the node. It is not possible where a program is missing.
func typed(t *testing.T, l *lab.Lab, line string) (possible bool) {
	t.Helper()
	for _, program := range []string{"iptables", "nft", "conntrack", "bridge"} {
		if _, err := exec.LookPath(program); err != nil && strings.Contains(line, program+" ") {
			t.Logf("%s is not installed", program)
			return false
		}
	}
	cmd, err := l.Command(context.Background(), host, "sh", "-ec", line)
	if err != nil {
		t.Fatal(err)
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", line, err, out)
	}
	return true
}
