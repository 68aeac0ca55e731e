package service_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"nstutor/internal/change"
	"nstutor/internal/lab/labtest"
	"nstutor/steps"
	"nstutor/steps/service"
	"nstutor/steps/stepstest"
)

// actionCase is an action, what must be there before it, lines that do the same, and
// lines that do not, with a part of what is there instead.
type actionCase struct {
	name   string
	start  []steps.Action
	action steps.Action
	never  bool // it is never done
	right  []string
	wrong  map[string]string
}

// dnat has pods reach the service at pod-b.
var dnat = service.Rule{Netns: host, Line: "add rule ip svc pre ip daddr " + vip + " tcp dport 80 counter dnat to " + ipB + ":8080",
	For: []service.Sent{{From: ipA, To: web, Wants: []string{ipB + ":8080"}}, {From: ipA, To: vip, Wants: []string{vip}}}}

// flow is a client of a service of datagrams, which the node remembers.
var flow = []steps.Action{
	service.Prepare{Netns: host, Line: "add rule ip svc pre ip daddr 10.96.0.10 udp dport 53 dnat to " + ipB + ":53"},
	service.AskOnce{Netns: podA, To: "10.96.0.10:53", SrcPort: 40000},
}

func actionCases() []actionCase {
	const hook = "{ type nat hook prerouting priority -90; }"
	forget := service.Forget{Netns: host, From: ipA + ":40000", To: "10.96.0.10:53", Old: ipB}
	return []actionCase{
		{"a service", nil, dnat, false,
			[]string{
				"iptables -t nat -A PREROUTING -d " + vip + " -p tcp --dport 80 -j DNAT --to-destination " + ipB + ":8080",
				"nft add table ip own; nft 'add chain ip own c " + hook + "'; nft add rule ip own c ip daddr 10.96.0.0/16 tcp dport 80 dnat to " + ipB + ":8080",
				"iptables -t nat -N SEP; iptables -t nat -A SEP -p tcp -j DNAT --to-destination " + ipB + ":8080; iptables -t nat -A PREROUTING -d " + vip + " -p tcp --dport 80 -j SEP",
			},
			map[string]string{
				"nft add rule ip svc pre ip daddr " + vip + " tcp dport 80 dnat to " + ipB:                                                                  ipB + ":80",
				"nft add rule ip svc pre ip daddr " + vip + " tcp dport 8080 dnat to " + ipB + ":8080":                                                      web,
				"iptables -t nat -A OUTPUT -d " + vip + " -p tcp --dport 80 -j DNAT --to-destination " + ipB + ":8080":                                      web,
				"iptables -t nat -A PREROUTING -d " + vip + " -p tcp --dport 80 -s 10.244.1.99 -j DNAT --to-destination " + ipB + ":8080":                   web,
				"nft add rule ip svc pre ip daddr " + vip + " tcp dport 80 dnat to " + ipB + ":8080; nft add rule ip svc forward ip daddr " + ipB + " drop": "drop",
			}},
		{"a service of two pods", nil, service.Rule{Netns: host,
			Line: "add rule ip svc pre ip daddr " + vip + " dnat to numgen random mod 2 map { 0 : " + ipA + ", 1 : " + ipB + " }",
			For:  []service.Sent{{From: ipA, To: web, Wants: []string{ipA + ":80", ipB + ":80"}}}}, false,
			[]string{"iptables -t nat -A PREROUTING -d " + vip + " -m statistic --mode random --probability 0.5 -j DNAT --to-destination " + ipA +
				"; iptables -t nat -A PREROUTING -d " + vip + " -j DNAT --to-destination " + ipB},
			map[string]string{
				"nft 'add rule ip svc pre ip daddr " + vip + " dnat to numgen random mod 3 map { 0 : " + ipA + ", 1 : " + ipB + " }'": web + " (33.3%)",
				"nft add rule ip svc pre ip daddr " + vip + " dnat to " + ipB:                                                         ipB + ":80",
			}},
		{"a hairpin", []steps.Action{dnat}, service.Rule{Netns: host, Line: "add rule ip svc post ip saddr " + ipB + " ip daddr " + ipB + " masquerade",
			For: []service.Sent{{From: ipB, To: web, Wants: []string{ipB + ":8080 from 192.168.6.160"}}}}, false,
			[]string{"iptables -t nat -A POSTROUTING -s " + ipB + " -d " + ipB + " -j MASQUERADE"},
			map[string]string{"iptables -t nat -A POSTROUTING -s " + ipB + " -d " + vip + " -j MASQUERADE": ipB + ":8080"}},
		{"a rejected service", nil, service.Rule{Netns: host, Line: "add rule ip svc forward ip daddr " + vip + " reject",
			For: []service.Sent{{From: ipA, To: "10.96.0.100:53", UDP: true, Wants: []string{"reject"}}}}, false,
			[]string{"iptables -A FORWARD -d " + vip + " -j REJECT"},
			map[string]string{"iptables -A FORWARD -d " + vip + " -j DROP": "drop", "iptables -A FORWARD -d " + vip + " -p tcp -j REJECT": vip + ":53"}},
		{"a ban that leaves answers alone", nil, service.Rule{Netns: host, Line: "add rule ip svc forward ip saddr " + ipA + " ct state new counter drop",
			For: []service.Sent{{From: ipA, To: ipB + ":80", Wants: []string{"drop"}}, {From: ipA, To: ipB + ":40000", Known: true, Wants: []string{ipB + ":40000"}}}}, false,
			[]string{
				"iptables -A FORWARD -s " + ipA + " -m conntrack --ctstate NEW -j DROP",
				"nft add rule ip svc forward ct state established,related accept; nft add rule ip svc forward ip saddr " + ipA + " drop",
			},
			map[string]string{
				"nft add rule ip svc forward ip saddr " + ipA + " drop":                                           "drop",
				"nft add rule ip svc forward ct state established,related,new accept; iptables -A OUTPUT -j DROP": ipB + ":80",
			}},
		{"a ban on the node's door", prepare("add chain ip svc input { type filter hook input priority filter; }"),
			service.Rule{Netns: host, Line: "add rule ip svc input ip saddr " + ipA + " counter drop",
				For: []service.Sent{{From: ipA, To: "192.168.6.160:8080", Wants: []string{"drop"}}, {From: ipB, To: "192.168.6.160", Wants: []string{"192.168.6.160"}}}}, false,
			[]string{"iptables -A INPUT -s " + ipA + " -j DROP"},
			map[string]string{
				"iptables -A FORWARD -s " + ipA + " -j DROP": "192.168.6.160:8080",
				"iptables -A INPUT -j DROP":                  "drop",
			}},
		{"a port of the node's closed", []steps.Action{service.Prepare{Netns: host, Line: "add chain ip svc in { type filter hook input priority filter; }"}},
			service.Rule{Netns: host, Line: "add rule ip svc in fib daddr type local tcp dport 33888 drop",
				For: []service.Sent{{From: ipA, To: node + ":33888", Wants: []string{"drop"}}}}, false,
			[]string{"iptables -A INPUT -m addrtype --dst-type LOCAL -p tcp --dport 33888 -j DROP"},
			map[string]string{"iptables -A FORWARD -p tcp --dport 33888 -j DROP": node + ":33888"}},
		{"what the node sends itself, masqueraded", []steps.Action{
			service.Prepare{Netns: host, Line: "add chain ip svc out { type nat hook output priority -90; }"},
			service.Prepare{Netns: host, Line: "add rule ip svc out fib daddr type local tcp dport 33888 dnat to " + ipB + ":80"},
		}, service.Rule{Netns: host, Line: "add rule ip svc post ip saddr 127.0.0.1 masquerade",
			For: []service.Sent{{To: "127.0.0.1:33888", Wants: []string{ipB + ":80 from " + node}}}}, false,
			[]string{"iptables -t nat -A POSTROUTING -s 127.0.0.1 -d " + ipB + " -j MASQUERADE"},
			map[string]string{"iptables -t nat -A POSTROUTING -s " + node + " -d " + ipB + " -j MASQUERADE": ipB + ":80"}},
		{"a counter", nil, service.CountAt{Netns: host, Hook: "forward", Line: "add rule ip svc forward counter"}, false,
			[]string{"iptables -A FORWARD", "iptables -A FORWARD -j ACCEPT"},
			map[string]string{"nft add rule ip svc forward ip daddr 10.0.0.1 counter": "ip daddr 10.0.0.1", "nft add rule ip svc pre counter": ""}},
		{"an attempt", nil, service.Attempt{Netns: host, Line: "add rule ip svc post ip daddr " + vip + " dnat to " + ipB, Why: unix.EOPNOTSUPP}, false, nil, nil},
		{"a flow forgotten", flow, forget, false,
			[]string{"conntrack -D -p udp -d 10.96.0.10", "conntrack -F", "conntrack -D -p udp --orig-port-src 40000"},
			nil},
		{"a preparation", nil, service.Prepare{Netns: host, Line: "add rule ip svc forward counter"}, true, nil, nil},
		{"an end", nil, service.End{Netns: podB, Name: "web"}, true, nil, nil},
		{"a question", nil, service.AskOnce{Netns: podA, To: ipB + ":53", SrcPort: 40000}, true, nil, nil},
	}
}

// TestActionsAreDoneAndUndone plays every action there and back.
func TestActionsAreDoneAndUndone(t *testing.T) {
	labtest.Slow(t)
	l := labtest.New(t)
	for _, test := range actionCases() {
		t.Run(test.name, func(t *testing.T) {
			stepstest.Reset(t, l, pods(test.start...)...)
			var was change.Before
			if err := was.Read(t.Context(), l, host, l.Namespaces()); err != nil {
				t.Fatal(err)
			}
			stepstest.WantDone(t, l, test.action, false)
			if err := test.action.Change(l).Apply(t.Context(), l); err != nil {
				t.Fatal(err)
			}
			stepstest.WantDone(t, l, test.action, !test.never)
			if err := test.action.Change(l).Undo(t.Context(), l, was); err != nil {
				t.Fatalf("undo: %v", err)
			}
			stepstest.WantDone(t, l, test.action, false)
		})
	}
}

// TestEitherSpellingCounts types what does the same, and what does not quite.
func TestEitherSpellingCounts(t *testing.T) {
	labtest.Slow(t)
	l := labtest.New(t)
	for _, test := range actionCases() {
		for _, line := range test.right {
			t.Run(test.name+"/"+line, func(t *testing.T) {
				stepstest.Reset(t, l, pods(test.start...)...)
				if typed(t, l, line) {
					stepstest.WantDone(t, l, test.action, true)
				}
			})
		}
		for line, seen := range test.wrong {
			t.Run(test.name+"/"+line, func(t *testing.T) {
				stepstest.Reset(t, l, pods(test.start...)...)
				if !typed(t, l, line) {
					return
				}
				stepstest.WantDone(t, l, test.action, false)
				all := ""
				for _, c := range test.action.Conditions(t.Context(), l) {
					all += c.Seen + "\n"
				}
				if !strings.Contains(all, seen) {
					t.Errorf("seen is %q, which does not say %q", all, seen)
				}
			})
		}
	}
}

// TestAnAttemptIsKnownByItsWords: what was typed, in any spelling.
func TestAnAttemptIsKnownByItsWords(t *testing.T) {
	l := labtest.New(t)
	a := service.Attempt{Netns: host, Line: "add rule ip svc post ip daddr " + vip + " dnat to " + ipB, Why: unix.EOPNOTSUPP, Like: []string{"postrouting", "dnat"}}
	for line, want := range map[string]bool{
		"nft add rule ip svc postrouting ip daddr " + vip + " dnat to " + ipB:           true,
		"iptables -t nat -A POSTROUTING -d " + vip + " -j DNAT --to-destination " + ipB: true,
		"nft add rule ip svc prerouting ip daddr " + vip + " dnat to " + ipB:            false,
		"iptables -t nat -A POSTROUTING -d " + vip + " -j MASQUERADE":                   false,
	} {
		if got := a.Typed(l, host, line); got != want {
			t.Errorf("%q counts: %v", line, got)
		}
	}
	stepstest.WantDone(t, l, a, true)
	if a.Typed(l, podA, "nft add rule ip svc postrouting dnat to x") {
		t.Error("it counts in another namespace")
	}
}

// TestNothingIsDoneWhereNothingIs asks of a namespace that does not exist.
func TestNothingIsDoneWhereNothingIs(t *testing.T) {
	l := labtest.New(t)
	gone := dnat
	gone.Netns = "gone"
	for _, a := range []steps.Action{
		gone, service.CountAt{Netns: "gone", Hook: "forward"},
		service.Forget{Netns: "gone", From: "10.0.0.1:1", To: "10.0.0.2:2", Old: "10.0.0.3"},
	} {
		stepstest.WantDone(t, l, a, false)
	}
}

// TestEveryActionAndClaimIsTested reads the package's source for the types that the
// tables of these tests must have.
func TestEveryActionAndClaimIsTested(t *testing.T) {
	tested := map[string]bool{}
	for _, c := range actionCases() {
		tested[reflect.TypeOf(c.action).Name()] = true
	}
	for _, c := range claimCases() {
		tested[reflect.TypeOf(c.claim).Name()] = true
	}
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, source := range sources {
		file, err := parser.ParseFile(token.NewFileSet(), source, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			f, ok := n.(*ast.FuncDecl)
			if !ok || f.Recv == nil || f.Name.Name != "Change" && f.Name.Name != "Look" {
				return true
			}
			if typ, ok := f.Recv.List[0].Type.(*ast.Ident); ok {
				if found++; !tested[typ.Name] {
					t.Errorf("no table has a %s", typ.Name)
				}
			}
			return true
		})
	}
	if found < 9 {
		t.Errorf("only %d actions and claims found", found)
	}
}
