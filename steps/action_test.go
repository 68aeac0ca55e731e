package steps_test

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/lab/labtest"
	"nstutor/steps"
	"nstutor/steps/gateway"
	"nstutor/steps/process"
	"nstutor/steps/stepstest"
)

func itoa(n uint64) string { return strconv.FormatUint(n, 10) }

// actionCase is an action and what must be there before it.
type actionCase struct {
	name   string
	start  []steps.Action
	action steps.Action
	never  bool // it is never done
	tool   string
	final  bool // it cannot be undone
}

// gatewayEntry is a neighbour entry that somebody wrote.
var gatewayEntry = steps.NeighReplace{Netns: host, Dst: "192.168.6.1", Dev: "eth0", MAC: "02:00:00:00:00:99"}

func actionCases() []actionCase {
	veth := steps.Dev{Netns: host, Name: "veth-ns1"}
	masquerade := gateway.Masquerade{Netns: host, Src: "172.20.1.10"}
	narrower := gateway.Masquerade{Netns: host, Src: "172.20.1.0/24", NotTo: "172.20.1.0/24"}
	bridge := []steps.Action{steps.BridgeAdd{Netns: host, Name: "br0"}, steps.VethAdd{Netns: host, Name: "cable0", Peer: "cable1"}}
	return []actionCase{
		{name: "a namespace", action: steps.NetnsAdd{Name: pod}, tool: "ip"},
		{name: "a namespace away", start: connected(), action: steps.NetnsDel{Name: pod}, tool: "ip", final: true},
		{name: "a cable", action: steps.VethAdd{Netns: host, Name: "cable0", Peer: "cable1"}, tool: "ip"},
		{name: "a bridge", action: steps.BridgeAdd{Netns: host, Name: "br0"}, tool: "ip"},
		{name: "a bridge's port", start: bridge, action: steps.LinkMaster{Netns: host, Name: "cable0", Bridge: "br0"}, tool: "ip"},
		{name: "down", start: connected(), action: steps.LinkDown{Netns: host, Name: "veth-ns1"}, tool: "ip"},
		{name: "a policy that drops", start: connected(), action: gateway.ForwardPolicy{Netns: host, Policy: "drop"}},
		{name: "pods let through", start: append(connected(), gateway.ForwardPolicy{Netns: host, Policy: "drop"}),
			action: gateway.Pass{Netns: host, Src: "172.20.0.0/16", Dst: "172.20.0.0/16"}, tool: "nft"},
		{name: "one let through", start: append(connected(), gateway.ForwardPolicy{Netns: host, Policy: "drop"}),
			action: gateway.Pass{Netns: host, Src: "172.20.1.10", Dst: "172.20.0.0/20"}, tool: "nft"},
		{name: "a move", start: cabled()[:2], action: steps.LinkNetns{Netns: host, Name: "ns1-eth0", To: pod}, tool: "ip"},
		{name: "a move with a new name", start: cabled()[:2], action: steps.LinkNetns{Netns: host, Name: "ns1-eth0", To: pod, Rename: "eth0"}, tool: "ip"},
		{name: "up", start: cabled(), action: steps.LinkUp{Netns: host, Name: "veth-ns1"}, tool: "ip"},
		{name: "loopback up", start: cabled(), action: steps.LinkUp{Netns: pod, Name: "lo"}, tool: "ip"},
		{name: "promiscuous", start: connected(), action: steps.LinkPromisc{Netns: host, Name: "veth-ns1"}, tool: "ip"},
		{name: "a MAC address", start: connected(), action: steps.LinkAddress{Netns: host, Name: "veth-ns1", MAC: "EE:ee:ee:ee:ee:ee"}, tool: "ip"},
		{name: "an address", start: cabled(), action: steps.AddrAdd{Netns: pod, Addr: "172.20.1.10/24", Dev: "ns1-eth0"}, tool: "ip"},
		{name: "an address below a route", start: append(cabled(), steps.LinkUp{Netns: host, Name: "veth-ns1"},
			steps.RouteAdd{Netns: host, Dst: "172.20.1.10", Dev: "veth-ns1"}),
			action: steps.AddrAdd{Netns: host, Addr: "172.20.1.1/24", Dev: "veth-ns1"}, tool: "ip"},
		{name: "a second address", action: steps.AddrAdd{Netns: inet, Addr: "192.168.6.77/24", Dev: "up0"}, tool: "ip"},
		{name: "an address away", start: append(cabled(), steps.AddrAdd{Netns: host, Addr: "172.20.1.1/24", Dev: "veth-ns1"}),
			action: steps.AddrDel{Netns: host, Addr: "172.20.1.1/24", Dev: "veth-ns1"}, tool: "ip"},
		{name: "an address away, with routes", action: steps.AddrDel{Netns: host, Addr: "192.168.6.160/24", Dev: "eth0"}, tool: "ip"},
		{name: "a default route", start: []steps.Action{steps.RouteDel{Netns: host, Dst: "default", Via: "192.168.6.1"}},
			action: steps.RouteAdd{Netns: host, Dst: "default", Via: "192.168.6.1"}, tool: "ip"},
		{name: "a default route without next hop", start: []steps.Action{steps.RouteDel{Netns: host, Dst: "default", Via: "192.168.6.1"}},
			action: steps.RouteAdd{Netns: host, Dst: "default", Dev: "eth0"}, tool: "ip"},
		{name: "a route to one", action: steps.RouteAdd{Netns: host, Dst: "172.20.1.10", Dev: "eth0"}, tool: "ip"},
		{name: "a route to a prefix", action: steps.RouteAdd{Netns: host, Dst: "172.20.1.0/24", Via: "192.168.6.7"}, tool: "ip"},
		{name: "a route on a link", action: steps.RouteAdd{Netns: host, Dst: "10.0.0.0/8", Via: "169.254.1.1", Dev: "eth0", Onlink: true}, tool: "ip"},
		{name: "a route away", action: steps.RouteDel{Netns: host, Dst: "default", Via: "192.168.6.1", Dev: "eth0"}, tool: "ip"},
		{name: "a neighbour", action: gatewayEntry, tool: "ip"},
		{name: "a neighbour by its device", start: connected(), action: steps.NeighReplace{Netns: pod, Dst: "172.20.1.1", Dev: "ns1-eth0", MACOf: veth}, tool: "ip"},
		{name: "a neighbour away", start: []steps.Action{gatewayEntry}, action: steps.NeighDel{Netns: host, Dst: "192.168.6.1", Dev: "eth0", Written: true}, tool: "ip"},
		{name: "a learned neighbour away", start: []steps.Action{steps.Send{Netns: host, To: "192.168.6.1"}},
			action: steps.NeighDel{Netns: host, Dst: "192.168.6.1", Dev: "eth0"}, tool: "ip"},
		{name: "forwarding", action: steps.Sysctl{Netns: host, Key: "net.ipv4.ip_forward", Value: "1"}, tool: "sysctl"},
		{name: "a device's setting", start: cabled(), action: steps.Sysctl{Netns: host, Key: "net.ipv4.conf.veth-ns1.proxy_arp", Value: "1"}, tool: "sysctl"},
		{name: "masquerade", start: connected(), action: masquerade, tool: "iptables"},
		{name: "a narrower masquerade", start: append(connected(), masquerade), action: gateway.Narrow{Netns: host, Was: masquerade, Now: narrower}, tool: "iptables"},
		{name: "a name server", start: cabled(), action: steps.Resolver{Netns: pod, Server: "203.0.113.53"}, tool: "sh"},
		{name: "a program", action: process.Run{Netns: host, Name: "web", Argv: []string{"web"}}},
		{name: "a look", action: process.Observe{Netns: host, Argv: []string{"ip", "neigh"}}},
		{name: "a rule of routing", action: steps.Silently{Netns: host, Line: "ip rule add from 10.9.0.0/16 lookup 77"}, never: true},
		{name: "a ping", action: steps.Send{Netns: host, To: "192.168.6.1"}, never: true},
	}
}

// TestActionsAreDoneAndUndone plays every action there and back.
func TestActionsAreDoneAndUndone(t *testing.T) {
	labtest.Slow(t)
	l := labtest.New(t)
	for _, test := range actionCases() {
		t.Run(test.name, func(t *testing.T) {
			reset(t, l, test.start...)
			was := state(t, l)
			stepstest.WantDone(t, l, test.action, false)
			apply(t, l, test.action)
			stepstest.WantDone(t, l, test.action, !test.never)
			test.takenBack(t, l, was)
		})
	}
}

// takenBack undoes the action.
func (c actionCase) takenBack(t *testing.T, l *lab.Lab, was steps.State) {
	t.Helper()
	err := c.action.Change(l).Undo(t.Context(), l, was.Before)
	if c.final {
		if err == nil {
			t.Error("what nothing brings back is said to be undone")
		}
		return
	}
	if err != nil {
		t.Fatalf("undo: %v", err)
	}
	stepstest.WantDone(t, l, c.action, false)
	backTo(t, l, was)
}

// TestActionsAreDoneByHandToo types each command, which must bring about
// exactly what Apply does, and be undone like it. Commands whose program is
// not installed cannot be typed.
func TestActionsAreDoneByHandToo(t *testing.T) {
	labtest.Slow(t)
	l := labtest.New(t)
	for _, test := range actionCases() {
		if test.tool == "" || !installed("ip", test.tool) {
			continue
		}
		t.Run(test.name, func(t *testing.T) {
			reset(t, l, test.start...)
			was := state(t, l)
			typed(t, l, steps.Typed(test.action.Change(l).Command()))
			stepstest.WantDone(t, l, test.action, !test.never)
			test.takenBack(t, l, was)
		})
	}
}

// TestEveryActionAndClaimIsTested reads the source of the package, and of the rooms that
// its tables are for too, for the types that they must have.
func TestEveryActionAndClaimIsTested(t *testing.T) {
	tested := map[string]bool{}
	for _, c := range actionCases() {
		tested[reflect.TypeOf(c.action).Name()] = true
	}
	for _, c := range claimCases() {
		tested[reflect.TypeOf(c.claim).Name()] = true
	}
	var sources []string
	for _, room := range []string{".", "claim", "process", "gateway"} {
		files, err := filepath.Glob(filepath.Join(room, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v", room, err)
		}
		sources = append(sources, files...)
	}
	found := 0
	inspect := func(n ast.Node) bool {
		f, ok := n.(*ast.FuncDecl)
		if !ok || f.Recv == nil || f.Name.Name != "Change" && f.Name.Name != "Look" {
			return true
		}
		if typ, ok := f.Recv.List[0].Type.(*ast.Ident); ok {
			found++
			if !tested[typ.Name] {
				t.Errorf("no table has a %s", typ.Name)
			}
		}
		return true
	}
	for _, source := range sources {
		if strings.HasSuffix(source, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), source, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, inspect)
	}
	if found < 30 {
		t.Errorf("only %d actions and claims found", found)
	}
}

// TestNothingIsDoneWhereNothingIs asks in a namespace that does not exist.
func TestNothingIsDoneWhereNothingIs(t *testing.T) {
	l := labtest.New(t)
	for _, a := range []steps.Action{
		steps.NetnsAdd{Name: "gone"},
		steps.VethAdd{Netns: "gone", Name: "a", Peer: "b"},
		steps.BridgeAdd{Netns: "gone", Name: "br0"},
		steps.LinkMaster{Netns: "gone", Name: "a", Bridge: "br0"},
		steps.LinkNetns{Netns: host, Name: "a", To: "gone"},
		steps.LinkUp{Netns: "gone", Name: "a"},
		steps.LinkDown{Netns: "gone", Name: "a"},
		gateway.ForwardPolicy{Netns: "gone", Policy: "drop"},
		gateway.Pass{Netns: "gone", Src: "10.0.0.0/8", Dst: "10.0.0.0/8"},
		steps.LinkAddress{Netns: "gone", Name: "a", MAC: "ee:ee:ee:ee:ee:ee"},
		steps.AddrAdd{Netns: "gone", Addr: "10.0.0.1/24", Dev: "a"},
		steps.RouteAdd{Netns: "gone", Dst: "default", Dev: "a"},
		steps.NeighReplace{Netns: "gone", Dst: "10.0.0.1", Dev: "a", MAC: "ee:ee:ee:ee:ee:ee"},
		steps.NeighDel{Netns: "gone", Dst: "10.0.0.1", Dev: "a", Written: true},
		steps.Sysctl{Netns: "gone", Key: "net.ipv4.ip_forward", Value: "1"},
		steps.Sysctl{Netns: host, Key: "net.ipv4.conf.gone.proxy_arp", Value: "1"},
		gateway.Masquerade{Netns: "gone", Src: "10.0.0.1"},
		gateway.Narrow{Netns: "gone", Now: gateway.Masquerade{Netns: "gone", Src: "10.0.0.1"}},
		steps.Resolver{Netns: "gone", Server: "10.0.0.1"},
		process.Run{Netns: "gone", Name: "web", Argv: []string{"web"}},
		process.Observe{Netns: "gone", Argv: []string{"ip", "neigh"}},
	} {
		stepstest.WantDone(t, l, a, false)
	}
}

// TestErrorsNameNamespaceAndObject makes every action fail.
func TestErrorsNameNamespaceAndObject(t *testing.T) {
	l := labtest.New(t)
	apply(t, l, steps.NetnsAdd{Name: pod}, process.Run{Netns: pod, Name: "web", Argv: []string{"web"}},
		steps.BridgeAdd{Netns: pod, Name: "br0"}, steps.VethAdd{Netns: pod, Name: "a", Peer: "b"})
	nobody := steps.Dev{Netns: pod, Name: "nodev"}
	for _, test := range []struct {
		action steps.Action
		undo   bool
		words  []string
	}{
		{steps.NetnsAdd{Name: pod}, false, []string{`"ns1"`, "file exists"}},
		{steps.NetnsAdd{Name: "a/b"}, false, []string{`"a/b"`}},
		{steps.NetnsAdd{Name: "gone"}, true, []string{`"gone"`, "no such file"}},
		{steps.VethAdd{Netns: pod, Name: "a", Peer: "c"}, false, []string{"a", "file exists"}},
		{steps.VethAdd{Netns: pod, Name: "nodev", Peer: "nodev"}, true, []string{"nodev"}},
		{steps.BridgeAdd{Netns: pod, Name: "br0"}, false, []string{"br0", "file exists"}},
		{steps.LinkMaster{Netns: pod, Name: "nodev", Bridge: "br0"}, false, []string{"nodev"}},
		{steps.LinkMaster{Netns: pod, Name: "a", Bridge: "nobr"}, false, []string{"nobr"}},
		{steps.LinkMaster{Netns: pod, Name: "lo", Bridge: "br0"}, false, []string{"lo", "br0", "invalid argument"}},
		{steps.LinkDown{Netns: pod, Name: "nodev"}, false, []string{"nodev"}},
		{gateway.Pass{Netns: pod, Src: "nonsense", Dst: "10.0.0.0/8"}, false, []string{"nonsense"}},
		{gateway.Pass{Netns: pod, Src: "10.0.0.0/8", Dst: "10.0.0.0/8"}, true, []string{"no such"}},
		{steps.LinkNetns{Netns: pod, Name: "nodev", To: host}, false, []string{"nodev"}},
		{steps.LinkNetns{Netns: pod, Name: "lo", To: host}, false, []string{"lo", "invalid argument"}},
		{steps.LinkUp{Netns: pod, Name: "nodev"}, false, []string{"nodev"}},
		{steps.LinkAddress{Netns: pod, Name: "a", MAC: "01:00:00:00:00:01"}, false, []string{"a", "01:00:00:00:00:01", "cannot assign"}},
		{steps.LinkAddress{Netns: pod, Name: "a", MAC: "nonsense"}, false, []string{"a", "nonsense"}},
		{steps.LinkAddress{Netns: pod, Name: "a", MAC: "ee:ee:ee:ee:ee:ee"}, true, []string{"a"}},
		{steps.AddrAdd{Netns: pod, Addr: "10.0.0.1/24", Dev: "nodev"}, false, []string{"nodev"}},
		{steps.AddrAdd{Netns: pod, Addr: "nonsense", Dev: "a"}, false, []string{"a", "nonsense"}},
		{steps.AddrDel{Netns: pod, Addr: "10.0.0.1/24", Dev: "a"}, false, []string{"10.0.0.1/24", "a", "cannot assign"}},
		{steps.RouteAdd{Netns: pod, Dst: "default", Via: "10.0.0.1"}, false, []string{"default", "network is unreachable"}},
		{steps.RouteAdd{Netns: pod, Dst: "10.0.0.0/8", Dev: "nodev"}, false, []string{"nodev"}},
		{steps.RouteAdd{Netns: pod, Dst: "nonsense", Dev: "a"}, false, []string{"nonsense"}},
		{steps.RouteDel{Netns: pod, Dst: "10.0.0.0/8"}, false, []string{"10.0.0.0/8", "no such process"}},
		{steps.NeighReplace{Netns: pod, Dst: "10.0.0.1", Dev: "nodev", MAC: "ee:ee:ee:ee:ee:ee"}, false, []string{"nodev"}},
		{steps.NeighReplace{Netns: pod, Dst: "10.0.0.1", Dev: "a", MACOf: nobody}, false, []string{"nodev"}},
		{steps.NeighDel{Netns: pod, Dst: "10.0.0.1", Dev: "a"}, false, []string{"10.0.0.1", "no such file"}},
		{steps.Sysctl{Netns: pod, Key: "net.ipv4.conf.nodev.proxy_arp", Value: "1"}, false, []string{"nodev", "no such file"}},
		{steps.Sysctl{Netns: pod, Key: "net.ipv4.ip_forward", Value: "nonsense"}, false, []string{"ip_forward", "invalid argument"}},
		{gateway.Masquerade{Netns: pod, Src: "nonsense"}, false, []string{"POSTROUTING", "nonsense"}},
		{gateway.Masquerade{Netns: pod, Src: "10.0.0.1"}, true, []string{"POSTROUTING", "10.0.0.1"}},
		{gateway.Narrow{Netns: pod, Was: gateway.Masquerade{Netns: pod, Src: "10.0.0.1"}, Now: gateway.Masquerade{Netns: pod, Src: "10.0.0.2"}}, false,
			[]string{"POSTROUTING", "10.0.0.1"}},
		{process.Run{Netns: pod, Name: "web", Argv: []string{"web"}}, false, []string{"web", "runs already"}},
		{process.Run{Netns: pod, Name: "none", Argv: []string{"no-such-program"}}, false, []string{"no-such-program"}},
		{steps.Send{Netns: "gone", To: "10.0.0.1"}, false, []string{"gone"}},
	} {
		t.Run(steps.Typed(test.action.Change(nil).Command()), func(t *testing.T) {
			was := state(t, l)
			var err error
			if test.undo {
				err = test.action.Change(l).Undo(t.Context(), l, change.Before{})
			} else {
				err = test.action.Change(l).Apply(t.Context(), l)
			}
			if err == nil {
				t.Fatal("it succeeded")
			}
			words := test.words
			if netns := test.action.Change(nil).Command().Netns; netns != "" {
				words = append(words, netns+": ")
			}
			for _, word := range words {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("%q does not say %q", err, word)
				}
			}
			backTo(t, l, was)
		})
	}
}

// TestActionsFailWhereTheNamespaceIsGone does so for every action with one.
func TestActionsFailWhereTheNamespaceIsGone(t *testing.T) {
	l := labtest.New(t)
	for _, name := range []string{host, inet} {
		if err := l.DelNetns(name); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range actionCases() {
		netns := test.action.Change(nil).Command().Netns
		if _, looks := test.action.(process.Observe); looks || netns == "" {
			continue
		}
		err := test.action.Change(l).Apply(t.Context(), l)
		if !errors.Is(err, lab.ErrNoNamespace) || !strings.HasPrefix(err.Error(), netns+": ") {
			t.Errorf("%s: error is %v", test.name, err)
		}
	}
}
