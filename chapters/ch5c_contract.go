package chapters

import (
	"nstutor/diag/probe"
	"nstutor/internal/cni"
	. "nstutor/steps" // a chapter reads like a list of commands
	. "nstutor/steps/bridge"
	. "nstutor/steps/claim"
	. "nstutor/steps/contract"
)

// The pods of chapter 5C, and the addresses that plugins give them: the learner's own, the
// bridge's, and that of ptp.
const (
	podE, podF, podG = "pod-e", "pod-f", "pod-g"

	ownIP      = "10.244.5.2"
	bridgedIP  = "10.244.6.2"
	bridged2IP = "10.244.6.3"
	ptpIP      = "10.244.7.2"
	vethOwn    = "veth-pod-a"
)

// Without the plugin nobody answers; with it the node and the pod reach each other.
var (
	toOwn    = Watch{Netns: host, Ping: ownIP}
	ownReply = []Ping{{From: host, To: ownIP, Want: probe.Replied, TTL: 64}, {From: podA, To: nodeIP, Want: probe.Replied, TTL: 64}}
	ownLost  = []Ping{{From: host, To: ownIP, Want: probe.Silent}}
)

// fresh is a namespace as a runtime has made it: loopback is its own business.
func fresh(pod string) []Action {
	return []Action{NetnsAdd{Name: pod}, LinkUp{Netns: pod, Name: "lo"}}
}

// nothingIn claims that a pod has no card yet.
func nothingIn(pod string) Claim { return LinkIs{Netns: pod, Name: "eth0", Absent: true} }

// contract is chapter 5C: what a container runtime asks of a network plugin.
func contract() Chapter {
	return Chapter{
		ID:    "5C",
		Start: concat([]Action{forward, Prepare{}}, fresh(podA)),
		Steps: []Step{
			{
				ID:     "5C.1",
				Action: Answer{Command: cni.Add, Pod: podA, Example: Tells, Was: Tells},
				Before: Promise{Claims: []Claim{nothingIn(podA)}},
				After: Promise{Claims: []Claim{
					Holds{Path: Record, Words: []string{"CNI_COMMAND=ADD", "CNI_NETNS=/run/netns/pod-a", "CNI_IFNAME=eth0", `"cniVersion":"1.0.0"`, `"type":"first"`}},
					nothingIn(podA), Says{Args: []string{"check", podA}},
				}},
				Watch: Watch{Netns: podA, Ping: nodeIP},
			},
			{
				ID:     "5C.2",
				Action: Answer{Command: cni.Add, Pod: podA, Example: Adds, Was: Tells},
				Before: Promise{Pings: ownLost, Claims: []Claim{nothingIn(podA)}},
				After: Promise{
					Pings: ownReply,
					Claims: []Claim{
						LinkIs{Netns: podA, Name: "eth0", Has: []string{"UP", "LOWER_UP"}, Peer: host}, AddrIs{Netns: podA, Dev: "eth0", Addr: ownIP + "/32"},
						RouteIs{Netns: podA, Dst: "default", Via: "169.254.1.1", Dev: "eth0"}, RouteIs{Netns: host, Dst: ownIP, Dev: vethOwn},
					},
				},
				Watch: toOwn,
			},
			{
				ID:     "5C.3",
				Setup:  []Action{RouteDel{Netns: host, Dst: ownIP, Dev: vethOwn}},
				Action: Answer{Command: cni.Check, Pod: podA, Example: Checks, Was: Adds},
				Before: Promise{
					Pings:  ownLost,
					Claims: []Claim{RouteIs{Netns: host, Dst: ownIP, Absent: true}, Says{Args: []string{"check", podA}}},
				},
				After: Promise{
					Pings:  ownLost,
					Claims: []Claim{Says{Args: []string{"check", podA}, Words: "no route to " + ownIP}, RouteIs{Netns: host, Dst: ownIP, Absent: true}},
				},
				Watch: toOwn,
			},
			{
				ID:     "5C.4",
				Setup:  []Action{RouteAdd{Netns: host, Dst: ownIP, Dev: vethOwn}},
				Action: Answer{Command: cni.Del, Pod: podA, Example: Dels, Was: Checks},
				Before: Promise{Pings: ownReply, Claims: []Claim{Says{Args: []string{"check", podA}}}},
				After: Promise{
					Pings: ownLost,
					Claims: []Claim{
						nothingIn(podA), LinkIs{Netns: host, Name: vethOwn, Absent: true}, RouteIs{Netns: host, Dst: ownIP, Absent: true},
						Says{Args: []string{"del", podA}},
					},
				},
				Watch: toOwn,
			},
			{
				ID:     "5C.5",
				Setup:  concat(fresh(podE), fresh(podF), []Action{Attach{Pod: podE, Conf: "20-bridge.conflist"}}),
				Action: Attach{Pod: podF, Conf: "20-bridge.conflist"},
				Before: Promise{
					Pings:  []Ping{{From: host, To: bridgedIP, Want: probe.Replied, TTL: 64}, {From: host, To: bridged2IP, Want: probe.HostUnreachable}},
					Claims: []Claim{AddrIs{Netns: host, Dev: cni0, Addr: "10.244.6.1/24"}, nothingIn(podF)},
				},
				After: Promise{
					Pings: []Ping{{From: podE, To: bridged2IP, Want: probe.Replied, TTL: 64}, {From: host, To: bridged2IP, Want: probe.Replied, TTL: 64}},
					Claims: []Claim{
						RouteIs{Netns: podF, Dst: "default", Via: "10.244.6.1"}, AddrIs{Netns: podF, Dev: "eth0", Addr: bridged2IP + "/24"},
						BridgeIs{Netns: host, Name: cni0}, Says{Args: []string{"check", podF}},
					},
				},
				Watch: Watch{Netns: podE, Ping: bridged2IP, FDB: cni0},
			},
			{
				ID:     "5C.6",
				Setup:  fresh(podG),
				Action: Attach{Pod: podG, Conf: "30-ptp.conflist"},
				Before: Promise{
					Pings:  []Ping{{From: podE, To: ptpIP, Want: probe.Silent}},
					Claims: []Claim{nothingIn(podG), RouteIs{Netns: host, Dst: ptpIP, Absent: true}},
				},
				After: Promise{
					Pings: []Ping{{From: podE, To: ptpIP, Want: probe.Replied, TTL: 63}, {From: host, To: ptpIP, Want: probe.Replied, TTL: 64}},
					Claims: []Claim{
						RouteGet{Netns: podG, Dst: bridgedIP, Via: "10.244.7.1", Dev: "eth0"}, RouteIs{Netns: host, Dst: ptpIP},
						AddrIs{Netns: podE, Dev: "eth0", Addr: bridgedIP + "/24"},
					},
				},
				Watch: Watch{Netns: podE, Ping: ptpIP},
			},
		},
	}
}
