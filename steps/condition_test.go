package steps_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"

	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/lab/labtest"
	"nstutor/steps"
	"nstutor/steps/process"
	"nstutor/steps/stepstest"
)

// background is a program that is left running, once it listens.
func background(command string) string {
	return "sh -c '" + command + ` >/dev/null 2>&1 & n=0; until grep -q " 0A " /proc/net/tcp /proc/net/tcp6 || [ $n = 50 ]; do sleep 0.1; n=$((n+1)); done'`
}

// first is the first condition that is not met.
func first(t *testing.T, l *lab.Lab, a steps.Action) (steps.Condition, bool) {
	t.Helper()
	for _, c := range a.Conditions(t.Context(), l) {
		if c.Err != nil {
			t.Errorf("%s: %v", c.Want, c.Err)
		}
		if c.Met && c.Seen != "" {
			t.Errorf("%s is met, and seen is %q", c.Want, c.Seen)
		}
		for _, lang := range []string{"en", "zh"} {
			if text := steps.Look(c.Table) + c.Want.In(lang); c.Table.Empty() || c.Want.IsZero() || strings.Contains(text, "%!") {
				t.Errorf("in %s: %q", lang, text)
			}
		}
		if !c.Met {
			return c, true
		}
	}
	return steps.Condition{}, false
}

func possible(t *testing.T, line string) bool {
	for _, program := range []string{"ip", "iptables", "iptables-legacy", "nft", "sysctl", "nsenter"} {
		if strings.Contains(line, program+" ") && !installed(program) {
			t.Logf("%s is not installed", program)
			return false
		}
	}
	return true
}

// TestWhatDoesTheJobIsDone types other ways to the same, and takes each back:
// where that does not restore what was, a rebuild would.
func TestWhatDoesTheJobIsDone(t *testing.T) {
	labtest.Slow(t)
	l := labtest.New(t)
	for _, test := range handCases() {
		for _, line := range test.right {
			t.Run(test.name+"/"+line, func(t *testing.T) {
				if !possible(t, line) {
					return
				}
				reset(t, l, test.start...)
				if _, missing := first(t, l, test.action); !missing {
					t.Error("it is done before anything is typed")
				}
				typed(t, l, line)
				if c, missing := first(t, l, test.action); missing {
					t.Errorf("not met: %s; there is %q", c.Want, c.Seen)
				}
				stepstest.WantDone(t, l, test.action, true)
			})
		}
	}
	reap(t, l)
}

// TestWhatDoesNotDoTheJobIsNotDone types mistakes.
func TestWhatDoesNotDoTheJobIsNotDone(t *testing.T) {
	labtest.Slow(t)
	l := labtest.New(t)
	for _, test := range handCases() {
		if len(test.right) < 2 || len(test.wrong) < 2 {
			t.Errorf("%s: %d right and %d wrong ways", test.name, len(test.right), len(test.wrong))
		}
		for line, want := range test.wrong {
			t.Run(test.name+"/"+line, func(t *testing.T) {
				if !possible(t, line) {
					return
				}
				reset(t, l, test.start...)
				typed(t, l, line)
				c, missing := first(t, l, test.action)
				if !missing {
					t.Fatal("it counts as done")
				}
				// A program that was started behind the line takes its time to listen.
				for deadline := time.Now().Add(3 * time.Second); want != "" && !strings.Contains(c.Seen, want) && time.Now().Before(deadline); {
					c, _ = first(t, l, test.action)
				}
				if !strings.Contains(c.Seen, want) || want == "" && c.Seen != "" {
					t.Errorf("%s: seen is %q, want %q", c.Want, c.Seen, want)
				}
				stepstest.WantDone(t, l, test.action, false)
			})
		}
	}
	reap(t, l)
}

// reap ends what the lines left running.
func reap(t *testing.T, l *lab.Lab) {
	typed(t, l, "for p in /proc/[0-9]*; do case $(cat $p/comm) in web|pause) kill ${p#/proc/};; esac; done 2>/dev/null || true")
}

// TestUndoTakesBackWhatWasDoneAnotherWay goes through the player, which
// rebuilds where undoing the action is not enough.
func TestUndoTakesBackWhatWasDoneAnotherWay(t *testing.T) {
	labtest.Slow(t)
	l := labtest.New(t)
	for _, test := range handCases() {
		line := test.right[0]
		t.Run(test.name, func(t *testing.T) {
			if !possible(t, line) {
				return
			}
			p := steps.NewPlayer(l, steps.Course{{ID: "X", Start: test.start, Steps: []steps.Step{{ID: "X.1", Action: test.action}}}})
			if err := p.Goto(t.Context(), "X.1"); err != nil {
				t.Fatal(err)
			}
			was := p.Was()
			typed(t, l, line)
			wantPlayerDone(t, p, true)
			rebuilt, err := p.Undo(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			wantPlayerDone(t, p, false)
			if rebuilt {
				was = p.Was() // the devices have other MAC addresses
			}
			backTo(t, l, was)
		})
	}
	reap(t, l)
}

// TestWhatCannotBeCheckedIsNotWrong takes away what a condition would read.
func TestWhatCannotBeCheckedIsNotWrong(t *testing.T) {
	l := labtest.New(t)
	reset(t, l, connected()...)
	nft(t, l, func(conn *nftables.Conn) { // numgen random mod 2 0 masquerade
		table := conn.AddTable(&nftables.Table{Family: nftables.TableFamilyIPv4, Name: "n"})
		chain := conn.AddChain(&nftables.Chain{Name: "c", Table: table, Type: nftables.ChainTypeNAT,
			Hooknum: nftables.ChainHookPostrouting, Priority: nftables.ChainPriorityNATSource})
		conn.AddRule(&nftables.Rule{Table: table, Chain: chain, Exprs: []expr.Any{
			&expr.Numgen{Register: 1, Modulus: 2, Type: unix.NFT_NG_RANDOM},
			&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{0, 0, 0, 0}},
			&expr.Masq{},
		}})
	})
	c := masquerade.Conditions(t.Context(), l)[0]
	if c.Err == nil || !strings.Contains(c.Err.Error(), "numgen") {
		t.Errorf("a rule that nobody can foretell: %+v", c)
	}
	if done, err := steps.Done(t.Context(), l, masquerade); done || err == nil {
		t.Errorf("done is %v, %v", done, err)
	}
}

func TestHintsSeeTheState(t *testing.T) {
	l := labtest.New(t)
	way := steps.Step{Action: steps.RouteAdd{Netns: pod, Dst: "default", Via: "172.20.1.1", Dev: "ns1-eth0"}}
	start := append(cabled(), steps.LinkUp{Netns: host, Name: "veth-ns1"},
		steps.AddrAdd{Netns: pod, Addr: "172.20.1.10/24", Dev: "ns1-eth0"}, steps.LinkUp{Netns: pod, Name: "ns1-eth0"})
	for line, want := range map[string][3]string{
		"true":                             {"`ip -n ns1 route`", "a default route", "`ip netns exec ns1 ip route add default via 172.20.1.1 dev ns1-eth0`"},
		"ip -n ns1 link set ns1-eth0 down": {"`ip -n ns1 link`", "ns1-eth0 is up", ""},
		"ip -n ns1 route add default via 172.20.1.2":                        {"`ip -n ns1 route`", "`default via 172.20.1.2 dev ns1-eth0`", "ip route replace default via 172.20.1.1 dev ns1-eth0`"},
		"ip netns del ns1; while ip link show veth-ns1; do sleep 0.1; done": {"`ip netns`", "a network namespace called ns1", ""},
	} {
		t.Run(line, func(t *testing.T) {
			reset(t, l, start...)
			typed(t, l, line)
			hints := steps.GuideTo(t.Context(), l, way).Hints
			if len(hints) != 3 {
				t.Fatalf("%d hints", len(hints))
			}
			for i, hint := range hints {
				if !strings.Contains(hint.String(), want[i]) {
					t.Errorf("hint %d: %q does not say %q", i+1, hint, want[i])
				}
				if i < 2 && strings.Contains(hint.String(), " add ") {
					t.Errorf("hint %d has the answer: %q", i+1, hint)
				}
				if zh := hint.In("zh"); strings.Contains(zh, "%!") || i < 2 && zh == hint.String() {
					t.Errorf("in Chinese: %q", zh)
				}
			}
		})
	}
	reset(t, l, append(start, way.Action)...)
	if hints := steps.GuideTo(t.Context(), l, way).Hints; len(hints) != 0 {
		t.Errorf("hints for what is done: %v", hints)
	}
}

// TestAProgramStartedByHandIsTheCourses says what the claims about it say.
func TestAProgramStartedByHandIsTheCourses(t *testing.T) {
	labtest.Slow(t)
	l := labtest.New(t)
	apply(t, l, cabled()...)
	sidecar := process.Run{Netns: pod, Name: "sidecar", Argv: []string{"pause"}}
	typed(t, l, toPod+background("pause"))
	stepstest.WantDone(t, l, sidecar, true)
	in := process.ProcessIn{Name: "sidecar", Netns: pod}
	if seen, ok, err := in.Look(t.Context(), l, nil); !ok || err != nil {
		t.Errorf("%s: %v", seen, err)
	}
	look := process.Observe{Netns: host, Process: "sidecar", Argv: []string{"nsenter", "--net=/proc/{PID}/ns/net", "ip", "addr"}}
	if command := steps.Typed(look.Change(l).Command()); strings.Contains(command, "PID/") {
		t.Errorf("the command is %s", command)
	}
	typed(t, l, strings.Replace(steps.Typed(look.Change(l).Command()), "ip addr", "true", 1))
	if err := sidecar.Change(l).Undo(t.Context(), l, change.Before{}); err != nil {
		t.Fatal(err)
	}
	time.Sleep(10 * time.Millisecond)
	stepstest.WantDone(t, l, sidecar, false)
}
