package steps_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"nstutor/diag/probe"
	"nstutor/diag/wire"
	"nstutor/internal/lab"
	"nstutor/internal/lab/labtest"
	"nstutor/steps"
	"nstutor/steps/claim"
	"nstutor/steps/gateway"
	"nstutor/steps/process"
)

const web = "203.0.113.10"

// claimLab is what claimCases speak of: a pod that reaches the web through
// masquerade, another namespace with nothing in it, and two programs.
func claimLab() []steps.Action {
	return append(connected(),
		steps.NetnsAdd{Name: "bare"},
		gateway.Masquerade{Netns: host, Src: "172.20.1.10"},
		steps.NeighReplace{Netns: host, Dst: "192.168.6.9", Dev: "eth0", MAC: "02:00:00:00:00:99"},
		process.Run{Netns: pod, Name: "web", Argv: []string{"web"}},
		process.Run{Netns: host, Name: "pause", Argv: []string{"pause"}},
	)
}

type claimCase struct {
	claim steps.Claim
	holds bool
	seen  string // part of what is seen
}

func claimCases() []claimCase {
	nodeEnd := steps.Dev{Netns: host, Name: "veth-ns1"}
	podEnd := steps.Dev{Netns: pod, Name: "ns1-eth0"}
	request := claim.FrameSeen{Netns: host, Dev: "veth-ns1", Proto: "ICMP", Op: "echo request", Src: "172.20.1.10", Dst: web}
	sent := func(change func(*claim.FrameSeen)) claim.FrameSeen {
		c := request
		change(&c)
		return c
	}
	return []claimCase{
		{claim.NetnsIs{Name: pod}, true, pod},
		{claim.NetnsIs{Name: pod, Absent: true}, false, pod},
		{claim.NetnsIs{Name: "gone"}, false, "No such file"},
		{claim.NetnsIs{Name: "gone", Absent: true}, true, "No such file"},

		{process.PortIs{Netns: pod, Port: 80, Busy: true}, true, "in use"},
		{process.PortIs{Netns: pod, Port: 80}, false, "in use"},
		{process.PortIs{Netns: host, Port: 80}, true, "free"},
		{process.PortIs{Netns: host, Port: 81, Busy: true}, false, "free"},

		{process.ProcessIn{Name: "web", Netns: pod}, true, "net:["},
		{process.ProcessIn{Name: "web", Netns: host}, false, "net:["},
		{process.ProcessIn{Name: "web", Netns: host, Not: true}, true, "net:["},
		{process.ProcessIn{Name: "web", Netns: pod, Not: true}, false, "net:["},
		{process.ProcessIn{Name: "none", Netns: pod}, false, "no process none"},
		{process.ProcessIn{Name: "none", Netns: pod, Not: true}, false, "no process none"},

		{process.ProcessIs{Name: "pause"}, true, "in host"},
		{process.ProcessIs{Name: "pause", Absent: true}, false, "in host"},
		{process.ProcessIs{Name: "none"}, false, "not running"},
		{process.ProcessIs{Name: "none", Absent: true}, true, "not running"},

		{claim.RouteIs{Netns: pod, Dst: "default"}, true, "default via 172.20.1.1 dev ns1-eth0"},
		{claim.RouteIs{Netns: pod, Dst: "default", Via: "172.20.1.1", Dev: "ns1-eth0"}, true, ""},
		{claim.RouteIs{Netns: pod, Dst: "default", Via: "172.20.1.2"}, false, "no default"},
		{claim.RouteIs{Netns: pod, Dst: "default", Dev: "lo"}, false, "no default"},
		{claim.RouteIs{Netns: pod, Dst: "default", Absent: true}, false, "default via"},
		{claim.RouteIs{Netns: host, Dst: "172.20.1.0/24", Dev: "veth-ns1"}, true, ""},
		{claim.RouteIs{Netns: host, Dst: "172.20.1.10"}, false, "no 172.20.1.10"},
		{claim.RouteIs{Netns: host, Dst: "172.20.1.10", Absent: true}, true, ""},

		{claim.NoRoutes{Netns: "bare"}, true, "empty"},
		{claim.NoRoutes{Netns: pod}, false, "default via"},

		{claim.NeighIs{Netns: pod, Dst: "172.20.1.1", Dev: "ns1-eth0", States: claim.Resolved, MACOf: nodeEnd}, true, "lladdr"},
		{claim.NeighIs{Netns: pod, Dst: "172.20.1.1", Dev: "ns1-eth0", States: claim.Resolved, MACOf: podEnd}, false, "lladdr"},
		{claim.NeighIs{Netns: pod, Dst: "172.20.1.1", Dev: "ns1-eth0", States: claim.Unresolved}, false, "lladdr"},
		{claim.NeighIs{Netns: pod, Dst: "172.20.1.1", Dev: "ns1-eth0", Absent: true}, false, "lladdr"},
		{claim.NeighIs{Netns: pod, Dst: "172.20.1.9", Dev: "ns1-eth0", Absent: true}, true, "no 172.20.1.9"},
		{claim.NeighIs{Netns: pod, Dst: "172.20.1.9", Dev: "ns1-eth0", States: claim.Unresolved}, false, "no 172.20.1.9"},
		{claim.NeighIs{Netns: host, Dst: "192.168.6.9", Dev: "eth0", States: claim.Permanent}, true, "PERMANENT"},

		{claim.LinkIs{Netns: pod, Name: "ns1-eth0"}, true, "mtu"},
		{claim.LinkIs{Netns: pod, Name: "ns1-eth0", Has: []string{"UP", "LOWER_UP"}, Lacks: []string{"NO-CARRIER"}, Peer: host}, true, "link-netns host"},
		{claim.LinkIs{Netns: pod, Name: "ns1-eth0", Peer: "bare"}, false, ""},
		{claim.LinkIs{Netns: pod, Name: "ns1-eth0", Has: []string{"NO-CARRIER"}}, false, ""},
		{claim.LinkIs{Netns: pod, Name: "ns1-eth0", Lacks: []string{"UP"}}, false, ""},
		{claim.LinkIs{Netns: pod, Name: "ns1-eth0", Absent: true}, false, ""},
		{claim.LinkIs{Netns: host, Name: "ns1-eth0"}, false, "does not exist"},
		{claim.LinkIs{Netns: host, Name: "ns1-eth0", Absent: true}, true, "does not exist"},

		{claim.OnlyLoopback{Netns: "bare"}, true, "lo DOWN"},
		{claim.OnlyLoopback{Netns: pod}, false, "ns1-eth0"},

		{claim.AddrIs{Netns: pod, Dev: "ns1-eth0", Addr: "172.20.1.10/24"}, true, ""},
		{claim.AddrIs{Netns: pod, Dev: "ns1-eth0", Addr: "172.20.1.10/32"}, false, ""},
		{claim.AddrIs{Netns: pod, Dev: "ns1-eth0"}, false, "172.20.1.10/24"},
		{claim.AddrIs{Netns: "bare", Dev: "lo"}, true, ""},

		{claim.SysctlIs{Netns: host, Key: "net.ipv4.ip_forward", Value: "1"}, true, "= 1"},
		{claim.SysctlIs{Netns: pod, Key: "net.ipv4.ip_forward", Value: "1"}, false, "= 0"},

		{claim.RouteGet{Netns: pod, Dst: web, Via: "172.20.1.1", Dev: "ns1-eth0"}, true, ""},
		{claim.RouteGet{Netns: host, Dst: "172.20.1.10", Dev: "veth-ns1"}, true, ""},
		{claim.RouteGet{Netns: host, Dst: "172.20.1.10", Via: "192.168.6.1", Dev: "eth0"}, false, "dev veth-ns1"},
		{claim.RouteGet{Netns: host, Dst: "172.20.1.10", Dev: "eth0"}, false, "dev veth-ns1"},
		{claim.RouteGet{Netns: "bare", Dst: web, Dev: "lo"}, false, "network is unreachable"},

		{claim.Tracked{Netns: host, Src: "172.20.1.10", Dst: web, ReplySrc: web, ReplyDst: "192.168.6.160"}, true, ""},
		{claim.Tracked{Netns: host, Src: "172.20.1.10", Dst: web, ReplySrc: web, ReplyDst: "172.20.1.10"}, false, "dst=192.168.6.160"},
		{claim.Tracked{Netns: host, Src: "172.20.1.11", Dst: web, ReplySrc: web, ReplyDst: "172.20.1.11"}, false, "no flow"},

		{claim.Refused{Action: steps.RouteAdd{Netns: pod, Dst: "10.0.0.0/8", Via: "169.254.1.1"}, Why: unix.ENETUNREACH}, true, "network is unreachable"},
		{claim.Refused{Action: steps.RouteAdd{Netns: pod, Dst: "10.0.0.0/8", Via: "169.254.1.1"}, Why: unix.EEXIST}, false, "network is unreachable"},
		{claim.Refused{Action: steps.RouteAdd{Netns: pod, Dst: "10.0.0.0/8", Via: "172.20.1.1"}, Why: unix.ENETUNREACH}, false, "accepted"},
		{claim.Refused{Action: steps.RouteAdd{Netns: pod, Dst: "10.0.0.0/8", Via: "172.20.1.1"}}, true, "accepted"},
		{claim.Refused{Action: steps.RouteAdd{Netns: pod, Dst: "10.0.0.0/8", Via: "169.254.1.1"}}, false, "network is unreachable"},

		{claim.Made{Action: steps.LinkUp{Netns: pod, Name: "ns1-eth0"}}, true, "made"},
		{claim.Made{Action: steps.LinkUp{Netns: pod, Name: "ns1-eth0"}, Not: true}, false, "made"},
		{claim.Made{Action: steps.LinkPromisc{Netns: pod, Name: "ns1-eth0"}}, false, "promiscuous"},
		{claim.Made{Action: steps.LinkPromisc{Netns: pod, Name: "ns1-eth0"}, Not: true}, true, "promiscuous"},

		{request, true, "echo request"},
		{claim.FrameSeen{Netns: host, Dev: "veth-ns1"}, true, ""},
		{sent(func(c *claim.FrameSeen) { c.SrcDev, c.DstDev = podEnd, nodeEnd }), true, ""},
		{sent(func(c *claim.FrameSeen) { c.SrcDev, c.DstDev = nodeEnd, podEnd }), false, ""},
		{sent(func(c *claim.FrameSeen) { c.DstMAC = claim.Broadcast }), false, ""},
		{sent(func(c *claim.FrameSeen) { c.Dev = "eth0" }), false, ""},
		{sent(func(c *claim.FrameSeen) { c.Dev, c.Src = "eth0", "192.168.6.160" }), true, ""},
		{sent(func(c *claim.FrameSeen) { c.Op = "echo reply" }), false, ""},
		{sent(func(c *claim.FrameSeen) { c.Proto = "ARP" }), false, ""},
		{sent(func(c *claim.FrameSeen) { c.None = true }), false, "echo request"},
		{sent(func(c *claim.FrameSeen) { c.None, c.Src = true, "172.20.1.11" }), true, "none"},

		{claim.Counted{Netns: host, Counter: "IpForwDatagrams", Min: 2}, true, ""},
		{claim.Counted{Netns: host, Counter: "IpForwDatagrams", Min: 1000}, false, "IpForwDatagrams +"},
		{claim.Counted{Netns: host, Counter: "IpForwDatagrams"}, false, "IpForwDatagrams +"},
		{claim.Counted{Netns: host, Counter: "IpInAddrErrors"}, true, "+0"},
	}
}

// TestClaimsSayYesAndNo asks each claim of one lab while the pod pings the web.
// A no is only believed after a while: those are asked for all at once.
func TestClaimsSayYesAndNo(t *testing.T) {
	l := labtest.New(t)
	apply(t, l, claimLab()...)
	var all sync.WaitGroup
	for _, test := range claimCases() {
		if test.holds {
			wantClaim(t, l, test)
		}
	}
	for _, test := range claimCases() {
		if !test.holds {
			all.Go(func() { wantClaim(t, l, test) })
		}
	}
	all.Wait()
	undone := claim.RouteIs{Netns: pod, Dst: "10.0.0.0/8", Absent: true}
	wantClaim(t, l, claimCase{undone, true, ""}) // what was not refused was taken back
}

func wantClaim(t *testing.T, l *lab.Lab, want claimCase) {
	t.Helper()
	promised := want.claim.Promised(l).String()
	report, err := steps.Promise{
		Pings:  []steps.Ping{{From: pod, To: web, Want: probe.Replied, TTL: 63}},
		Claims: []steps.Claim{want.claim},
	}.Keep(t.Context(), l)
	if err != nil {
		t.Errorf("%s: %v", promised, err)
		return
	}
	ping, claim := report.Lines[0], report.Lines[1]
	if !ping.OK {
		t.Errorf("%s: %s", ping.Promised, ping.Seen)
	}
	if claim.OK != want.holds || claim.Err != nil || !strings.Contains(claim.Seen.String(), want.seen) {
		t.Errorf("%s: holds is %v, want %v; seen %q, error %v", promised, claim.OK, want.holds, claim.Seen, claim.Err)
	}
	if claim.Promised.String() != promised || report.OK() != (want.holds && ping.OK) {
		t.Errorf("%s: the report says %q, ok %v", promised, claim.Promised, report.OK())
	}
}

// TestDevicesOfTheKernelAreNobodysInAnEmptyNamespace: where ipip and sit are
// loaded, tunl0 and sit0 are in every namespace from its beginning. Bridges stand
// for them here.
func TestDevicesOfTheKernelAreNobodysInAnEmptyNamespace(t *testing.T) {
	l := labtest.New(t)
	apply(t, l, steps.NetnsAdd{Name: "bare"}, steps.BridgeAdd{Netns: "bare", Name: "tunl0"}, steps.BridgeAdd{Netns: "bare", Name: "sit0"})
	alone := claim.OnlyLoopback{Netns: "bare"}
	if seen, ok, err := alone.Look(t.Context(), l, nil); !ok || err != nil || seen.String() != "lo DOWN, tunl0 DOWN, sit0 DOWN" {
		t.Errorf("seen %q, holds %v, %v", seen, ok, err)
	}
	apply(t, l, steps.LinkUp{Netns: "bare", Name: "tunl0"})
	if seen, ok, err := alone.Look(t.Context(), l, nil); ok || err != nil {
		t.Errorf("tunl0 is in use: seen %q, holds %v, %v", seen, ok, err)
	}
}

// TestClaimThatCannotBeLookedAtIsNotNo asks of a namespace that is gone.
func TestClaimThatCannotBeLookedAtIsNotNo(t *testing.T) {
	l := labtest.New(t)
	apply(t, l, process.Run{Netns: host, Name: "web", Argv: []string{"web"}})
	gone := steps.Dev{Netns: "gone", Name: "eth0"}
	evidence := &steps.Evidence{Frames: []wire.Frame{{Netns: host, Dev: "eth0", Proto: "ICMP"}}}
	for _, c := range []steps.Claim{
		process.PortIs{Netns: "gone", Port: 80},
		process.PortIs{Netns: "gone", Port: 80, Busy: true},
		process.ProcessIn{Name: "web", Netns: "gone"},
		process.ProcessIn{Name: "web", Netns: "gone", Not: true},
		claim.RouteIs{Netns: "gone", Dst: "default"},
		claim.RouteIs{Netns: "gone", Dst: "default", Absent: true},
		claim.NoRoutes{Netns: "gone"},
		claim.NeighIs{Netns: "gone", Dst: web, Dev: "eth0", Absent: true},
		claim.LinkIs{Netns: "gone", Name: "eth0"},
		claim.LinkIs{Netns: "gone", Name: "eth0", Absent: true},
		claim.OnlyLoopback{Netns: "gone"},
		claim.AddrIs{Netns: "gone", Dev: "eth0"},
		claim.SysctlIs{Netns: "gone", Key: "net.ipv4.ip_forward"},
		claim.RouteGet{Netns: "gone", Dst: web, Dev: "eth0"},
		claim.Tracked{Netns: "gone"},
		claim.Refused{Action: steps.LinkUp{Netns: "gone", Name: "eth0"}, Why: unix.ENODEV},
		claim.FrameSeen{Netns: host, Dev: "eth0", SrcDev: gone},
		claim.FrameSeen{Netns: host, Dev: "eth0", DstDev: gone, None: true},
	} {
		t.Run(c.Promised(l).String(), func(t *testing.T) {
			seen, ok, err := c.Look(t.Context(), l, evidence)
			if ok || !errors.Is(err, lab.ErrNoNamespace) || !strings.Contains(err.Error(), "gone") {
				t.Errorf("seen %q, holds %v, error %v", seen, ok, err)
			}
		})
	}
	for _, c := range []steps.Claim{
		claim.FrameSeen{Netns: "gone", Dev: "eth0", None: true},
		claim.Counted{Netns: "gone", Counter: "IpForwDatagrams"},
	} {
		if _, err := (steps.Promise{Claims: []steps.Claim{c}}).Keep(t.Context(), l); !errors.Is(err, lab.ErrNoNamespace) {
			t.Errorf("%s: %v", c.Promised(l), err)
		}
	}
	if seen, ok, err := (claim.SysctlIs{Netns: host, Key: "net.ipv4.no_such", Value: ""}).Look(t.Context(), l, nil); ok && err == nil {
		t.Errorf("a setting that is not there holds: %q", seen)
	}
}

// TestHoldsSaysWhatCouldNotBeLookedAt keeps errors apart from no in a report,
// and leaves out what only a ping can show.
func TestHoldsSaysWhatCouldNotBeLookedAt(t *testing.T) {
	l := labtest.New(t)
	report := steps.Promise{Claims: []steps.Claim{
		claim.LinkIs{Netns: host, Name: "eth0"},
		claim.LinkIs{Netns: host, Name: "nodev"},
		claim.LinkIs{Netns: "gone", Name: "eth0", Absent: true},
		claim.FrameSeen{Netns: host, Dev: "eth0"},
		claim.Counted{Netns: host, Counter: "IpForwDatagrams"},
		claim.Refused{Action: steps.LinkUp{Netns: host, Name: "nodev"}},
	}}.Holds(t.Context(), l)
	if len(report.Lines) != 3 || report.OK() {
		t.Fatalf("report: %+v", report)
	}
	for i, want := range []struct{ ok, err bool }{{true, false}, {false, false}, {false, true}} {
		if line := report.Lines[i]; line.OK != want.ok || (line.Err != nil) != want.err {
			t.Errorf("%s: holds %v, error %v", line.Promised, line.OK, line.Err)
		}
	}
}

func TestPromiseSeesPingsAndPages(t *testing.T) {
	l := labtest.New(t)
	apply(t, l, connected()...)
	apply(t, l, process.Run{Netns: pod, Name: "web", Argv: []string{"web"}}, process.Run{Netns: pod, Name: "tell", Argv: []string{"tell", "53"}})
	const page, nobody = "http://172.20.1.10", "http://10.96.0.100"
	ask := func(to string, want probe.Outcome, client, server string) steps.Promise {
		return steps.Promise{Asks: []steps.Ask{{From: host, To: to, SrcPort: 40000, Want: want, Client: client, Server: server}}}
	}
	for name, test := range map[string]struct {
		promise steps.Promise
		holds   bool
	}{
		"a ping":                 {steps.Promise{Pings: []steps.Ping{{From: pod, To: "192.168.6.160", Want: probe.Replied}}}, true},
		"its ttl":                {steps.Promise{Pings: []steps.Ping{{From: pod, To: "192.168.6.160", Want: probe.Replied, TTL: 64}}}, true},
		"another ttl":            {steps.Promise{Pings: []steps.Ping{{From: pod, To: "192.168.6.160", Want: probe.Replied, TTL: 63}}}, false},
		"in time":                {steps.Promise{Pings: []steps.Ping{{From: pod, To: "192.168.6.160", Want: probe.Replied, Within: time.Minute}}}, true},
		"too late":               {steps.Promise{Pings: []steps.Ping{{From: pod, To: "192.168.6.160", Want: probe.Replied, Within: time.Nanosecond}}}, false},
		"another outcome":        {steps.Promise{Pings: []steps.Ping{{From: pod, To: "192.168.6.160", Want: probe.Silent}}}, false},
		"a page":                 {steps.Promise{Gets: []steps.Get{{From: host, URL: page, Client: "172.20.1.1"}}}, true},
		"part of an address":     {steps.Promise{Gets: []steps.Get{{From: host, URL: page, Client: "172.20.1"}}}, false},
		"another page":           {steps.Promise{Gets: []steps.Get{{From: host, URL: page, Client: "10.0.0.1"}}}, false},
		"no page":                {steps.Promise{Gets: []steps.Get{{From: host, URL: page + ":81", Fails: unix.ECONNREFUSED}}}, true},
		"no page, another error": {steps.Promise{Gets: []steps.Get{{From: host, URL: page + ":81", Fails: unix.ENETUNREACH}}}, false},
		"a page, not wanted":     {steps.Promise{Gets: []steps.Get{{From: host, URL: page, Fails: unix.ECONNREFUSED}}}, false},
		"no page, wanted":        {steps.Promise{Gets: []steps.Get{{From: host, URL: page + ":81", Client: "10.0.0.1"}}}, false},
		"a page of this server":  {steps.Promise{Gets: []steps.Get{{From: host, URL: page, Client: "172.20.1.1", Server: "172.20.1.10"}}}, true},
		"a page of another":      {steps.Promise{Gets: []steps.Get{{From: host, URL: page, Client: "172.20.1.1", Server: "172.20.1.11"}}}, false},
		"no answer":              {steps.Promise{Gets: []steps.Get{{From: host, URL: nobody, Fails: unix.ETIMEDOUT}}}, true},
		"refused, not silent":    {steps.Promise{Gets: []steps.Get{{From: host, URL: page + ":81", Fails: unix.ETIMEDOUT}}}, false},
		"a datagram":             {ask("172.20.1.10:53", probe.Replied, "172.20.1.1", "172.20.1.10"), true},
		"another client's":       {ask("172.20.1.10:53", probe.Replied, "172.20.1.2", "172.20.1.10"), false},
		"another server's":       {ask("172.20.1.10:53", probe.Replied, "172.20.1.1", "172.20.1.11"), false},
		"no server":              {ask("172.20.1.10:54", probe.PortUnreachable, "", ""), true},
		"a server, not wanted":   {ask("172.20.1.10:53", probe.Silent, "", ""), false},
		"made first":             {steps.Promise{First: []steps.Action{steps.BridgeAdd{Netns: pod, Name: "br9"}}, Claims: []steps.Claim{claim.LinkIs{Netns: pod, Name: "br9"}}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			report, err := test.promise.Keep(t.Context(), l)
			if err != nil || report.OK() != test.holds || len(report.Lines) != 1 {
				t.Errorf("%+v %v", report.Lines, err)
			}
		})
	}
	for _, p := range []steps.Promise{
		{Pings: []steps.Ping{{From: "gone", To: web}}},
		{Gets: []steps.Get{{From: "gone", URL: page}}},
		{Asks: []steps.Ask{{From: "gone", To: "172.20.1.10:53"}}},
	} {
		if _, err := p.Keep(t.Context(), l); !errors.Is(err, lab.ErrNoNamespace) {
			t.Errorf("from a namespace that is gone: %v", err)
		}
	}
}
