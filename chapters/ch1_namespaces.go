package chapters

import (
	"golang.org/x/sys/unix"

	. "nstutor/steps" // a chapter reads like a list of commands
	. "nstutor/steps/claim"
	. "nstutor/steps/gateway"
	. "nstutor/steps/process"
)

// namespaces is chapter 1: a pod is a namespace. It begins with what Docker
// has built by then: a bridge, two containers on it, and forwarding switched on.
func namespaces() Chapter {
	return Chapter{
		ID: "1",
		Start: concat(
			[]Action{
				Sysctl{Netns: host, Key: "net.ipv4.ip_forward", Value: "1"},
				BridgeAdd{Netns: host, Name: "docker0"},
				AddrAdd{Netns: host, Addr: "172.17.0.1/16", Dev: "docker0"},
				LinkUp{Netns: host, Name: "docker0"},
			},
			container("pause", "172.17.0.7/16"),
			container("nginx", "172.17.0.8/16"),
			[]Action{Run{Netns: "pause", Name: "pause", Argv: []string{"pause"}}},
		),
		Steps: []Step{
			{
				ID: "1.D1",
				Action: Run{Netns: "nginx", Name: "nginx", Argv: []string{"web"},
					Same: []string{"docker run --name=nginx -d nginx"}},
				Before: Promise{
					Gets:   []Get{{From: "pause", URL: "http://172.17.0.8", Fails: unix.ECONNREFUSED}},
					Claims: append(addressed("pause", "172.17.0.7/16"), addressed("nginx", "172.17.0.8/16")...),
				},
				After: Promise{
					Gets: []Get{
						{From: "pause", URL: "http://172.17.0.8", Client: "172.17.0.7"},
						{From: "pause", URL: "http://localhost", Fails: unix.ECONNREFUSED},
					},
					Claims: []Claim{ProcessIn{Name: "nginx", Netns: "nginx"}, ProcessIn{Name: "nginx", Netns: "pause", Not: true}},
				},
				Watch: Watch{Netns: "pause", Ping: "172.17.0.8"},
			},
			{
				ID: "1.D2",
				Action: Run{Netns: "pause", Name: "web", Argv: []string{"web"},
					Same: []string{"docker run --name=web --network=container:pause -d nginx"}},
				Before: Promise{
					Gets:   []Get{{From: "pause", URL: "http://localhost", Fails: unix.ECONNREFUSED}},
					Claims: append(addressed("pause", "172.17.0.7/16"), LinkIs{Netns: "pause", Name: "lo", Has: []string{"UP"}}, ProcessIn{Name: "nginx", Netns: "nginx"}),
				},
				After: Promise{
					Gets:   []Get{{From: "pause", URL: "http://localhost", Client: "127.0.0.1"}},
					Claims: []Claim{ProcessIn{Name: "web", Netns: "pause"}, ProcessIn{Name: "pause", Netns: "pause"}},
				},
				Watch: Watch{Netns: "pause", Ping: "127.0.0.1"},
			},
			{
				ID: "1.D3",
				Action: Observe{Netns: host, Process: "pause",
					Argv: []string{"nsenter", "--net=/proc/{PID}/ns/net", "ip", "addr", "show"}},
				Before: Promise{Claims: append(addressed("pause", "172.17.0.7/16"), ProcessIn{Name: "pause", Netns: "pause"}, ProcessIn{Name: "web", Netns: "pause"})},
				After: Promise{Claims: []Claim{
					ProcessIn{Name: "pause", Netns: "pause"},
					ProcessIn{Name: "pause", Netns: host, Not: true},
					AddrIs{Netns: "pause", Dev: "eth0", Addr: "172.17.0.7/16"},
					RouteIs{Netns: "pause", Dst: "default", Via: "172.17.0.1", Dev: "eth0"},
					RouteIs{Netns: "pause", Dst: "172.17.0.0/16", Dev: "eth0"},
				}},
				Watch: Watch{Netns: "pause", Ping: "172.17.0.1"},
			},
			{
				ID:     "1.1",
				Action: NetnsAdd{Name: ns1},
				Before: Promise{Claims: []Claim{NetnsIs{Name: ns1, Absent: true}}},
				After: Promise{
					Claims: []Claim{NetnsIs{Name: ns1}, OnlyLoopback{Netns: ns1}, NoRoutes{Netns: ns1}},
				},
				Watch: Watch{Netns: ns1, Ping: "127.0.0.1"},
			},
			{
				ID:     "1.2",
				Setup:  []Action{Run{Netns: host, Name: "web-host", Argv: []string{"web"}}},
				Action: Run{Netns: ns1, Name: "web-ns1", Argv: []string{"web"}},
				Before: Promise{Claims: []Claim{
					PortIs{Netns: host, Port: 80, Busy: true},
					PortIs{Netns: ns1, Port: 80},
					OnlyLoopback{Netns: ns1},
				}},
				After: Promise{Claims: []Claim{
					PortIs{Netns: host, Port: 80, Busy: true},
					PortIs{Netns: ns1, Port: 80, Busy: true},
					SysctlIs{Netns: host, Key: "net.ipv4.ip_forward", Value: "1"},
					SysctlIs{Netns: ns1, Key: "net.ipv4.ip_forward", Value: "0"},
				}},
				Watch: Watch{Netns: ns1, Ping: "127.0.0.1"},
			},
			{
				ID:     "1.3",
				Action: Run{Netns: ns1, Name: "sidecar", Argv: []string{"pause"}},
				Before: Promise{Claims: []Claim{
					ProcessIs{Name: "sidecar", Absent: true},
					ProcessIn{Name: "web-ns1", Netns: ns1}, ProcessIn{Name: "web-host", Netns: host},
					OnlyLoopback{Netns: ns1},
				}},
				After: Promise{
					Gets: []Get{{From: host, URL: "http://127.0.0.1", Client: "127.0.0.1"}},
					Claims: []Claim{
						ProcessIn{Name: "sidecar", Netns: ns1},
						ProcessIn{Name: "web-ns1", Netns: ns1},
						ProcessIn{Name: "web-host", Netns: host},
						ProcessIn{Name: "web-host", Netns: ns1, Not: true},
						OnlyLoopback{Netns: ns1},
					},
				},
				Watch: Watch{Netns: ns1, Ping: "127.0.0.1"},
			},
			{
				ID: "1.4",
				Action: Observe{Netns: host, Process: "sidecar",
					Argv: []string{"nsenter", "--net=/proc/{PID}/ns/net", "ip", "addr"}},
				Before: Promise{Claims: []Claim{ProcessIn{Name: "sidecar", Netns: ns1}, ProcessIn{Name: "web-ns1", Netns: ns1}, OnlyLoopback{Netns: ns1}}},
				After: Promise{Claims: []Claim{
					ProcessIn{Name: "sidecar", Netns: ns1}, ProcessIn{Name: "web-ns1", Netns: ns1},
					OnlyLoopback{Netns: ns1}, NoRoutes{Netns: ns1},
				}},
				Watch: Watch{Netns: ns1, Ping: "127.0.0.1"},
			},
			{
				ID: "1.B1", From: "1.2",
				Setup:  []Action{dockerNAT},
				Action: Observe{Netns: host, Argv: []string{"iptables-save"}},
				Before: Promise{Claims: []Claim{Made{Action: dockerNAT}, OnlyLoopback{Netns: ns1}}},
				After:  Promise{Claims: []Claim{Made{Action: dockerNAT}, Made{Action: inNs1(dockerNAT), Not: true}}},
				Watch:  Watch{Netns: ns1, Ping: "127.0.0.1"},
			},
		},
	}
}

// dockerNAT is the rule that Docker makes for the containers on its bridge.
var dockerNAT = Masquerade{Netns: host, Src: "172.17.0.0/16", NotTo: "172.17.0.0/16"}

// inNs1 is the same rule in another namespace.
func inNs1(rule Masquerade) Masquerade {
	rule.Netns = ns1
	return rule
}

// container is what Docker does to give a container its network: a namespace,
// a veth pair, an address and a default route, and the other end on docker0.
func container(name, addr string) []Action {
	return concat(plugged(name, addr), []Action{
		LinkMaster{Netns: host, Name: "veth-" + name, Bridge: "docker0"},
		RouteAdd{Netns: name, Dst: "default", Via: "172.17.0.1", Dev: "eth0"},
	})
}

// addressed is what the texts take for granted of such a container.
func addressed(name, addr string) []Claim {
	return []Claim{AddrIs{Netns: name, Dev: "eth0", Addr: addr}, RouteGet{Netns: name, Dst: "172.17.0.1", Dev: "eth0"}}
}

func concat(lists ...[]Action) []Action {
	var all []Action
	for _, list := range lists {
		all = append(all, list...)
	}
	return all
}
