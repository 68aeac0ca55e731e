package pane

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"golang.org/x/sys/unix"

	"nstutor/diag/conntrack"
	"nstutor/diag/netfilter/nftrace"
	"nstutor/diag/netfilter/tally"
	"nstutor/diag/probe"
	"nstutor/diag/table"
	"nstutor/internal/lab"
	"nstutor/internal/session"
	"nstutor/internal/session/feed"
	"nstutor/steps"
	"nstutor/ui/screen"
)

// remembering is a session whose node has a service, rules that count, and flows.
func remembering() *session.Session {
	s := session.New(nil, "en", "")
	s.Network.Names = []string{lab.Host, lab.Inet}
	for _, name := range s.Network.Names {
		s.Network.Snaps[name] = &table.Snapshot{Name: name}
	}
	s.Network.Watch = lab.Host
	s.Network.Log.Tried = steps.Watch{Netns: lab.Host, Get: "http://10.96.0.100"}.Tried()
	flow := func(from, to string) conntrack.Entry {
		client := netip.MustParseAddrPort(from)
		return conntrack.Entry{
			Original: conntrack.Tuple{Proto: unix.IPPROTO_TCP, Src: client, Dst: netip.MustParseAddrPort(to)},
			Reply:    conntrack.Tuple{Proto: unix.IPPROTO_TCP, Src: netip.MustParseAddrPort("10.244.1.11:8080"), Dst: client},
		}
	}
	s.Network.Tally = feed.Tally{
		Rules:    []tally.Rule{{Hook: "prerouting", Chain: "ip svc pre", Text: "ip daddr 10.96.0.100 dnat to 10.244.1.11", Count: tally.Count{Packets: 12}}},
		Services: []tally.Service{{Dst: netip.MustParseAddr("10.96.0.100"), Port: 80, To: []string{"10.244.1.11:8080", "10.244.1.12:8080"}}},
		Flows: []conntrack.Entry{
			flow("10.244.1.10:40000", "10.96.0.100:80"), flow("10.244.1.10:40001", "10.96.0.100:80"), flow("10.244.1.10:40002", "10.96.0.200:80"),
		},
	}
	return s
}

// TestCountersAndConnectionsAreShown: a rule behind what it has counted, connections
// of one client in one line, and none that the step does not try.
func TestCountersAndConnectionsAreShown(t *testing.T) {
	live := New(remembering(), screen.NewLook("en", false)).Live
	text := ansi.Strip(strings.Join(live.Lines(120, 30, false), "\n"))
	for _, want := range []string{
		"rules       12  ip svc pre ip daddr 10.96.0.100 dnat to 10.244.1.11",
		"2  tcp src=10.244.1.10 dst=10.96.0.100:80 → src=10.244.1.11:8080 dst=10.244.1.10",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	told := remembering()
	for i := range uint64(30) {
		told.Network.Tally.Traces = append(told.Network.Tally.Traces, nftrace.Event{ID: 1, Family: "ip", Table: "t", Chain: "c", Handle: i + 1, Verdict: "continue"})
	}
	told.Network.Tally.Events = []conntrack.Event{{Kind: "NEW", Entry: synSent, Timeout: 120}}
	shown := ansi.Strip(strings.Join(New(told, screen.NewLook("en", false)).Live.Lines(120, 40, false), "\n"))
	for _, want := range []string{"trace    trace id 00000001 ip t c rule # handle 21 (verdict", "# handle 30 (verdict", "events   [NEW] tcp      6 120 SYN_SENT"} {
		if !strings.Contains(shown, want) {
			t.Errorf("no %q in\n%s", want, shown)
		}
	}
	if strings.Contains(shown, "# handle 20 ") {
		t.Error("older lines than the last are shown")
	}
	if strings.Contains(text, "10.96.0.200") {
		t.Errorf("a connection that nobody tries is shown:\n%s", text)
	}
}

// TestAConnectionIsShownWhole: where the answers come from is not cut away beside the
// lesson, and what is left out there is only whom they go to, when that is who asked.
func TestAConnectionIsShownWhole(t *testing.T) {
	told := remembering()
	client := netip.MustParseAddrPort("10.244.1.10:40000")
	told.Network.Tally.Flows = append(told.Network.Tally.Flows, conntrack.Entry{
		Original: conntrack.Tuple{Proto: unix.IPPROTO_UDP, Src: client, Dst: netip.MustParseAddrPort("10.96.0.100:53")},
		Reply:    conntrack.Tuple{Proto: unix.IPPROTO_UDP, Src: netip.MustParseAddrPort("10.244.1.12:53"), Dst: client},
	})
	live := New(told, screen.NewLook("en", false)).Live
	for w, want := range map[int][]string{
		70: {"2  tcp 10.244.1.10 > 10.96.0.100:80 → 10.244.1.11:8080 > 10.244.1.10", "1  udp 10.244.1.10:40000 > 10.96.0.100:53 → 10.244.1.12:53"},
		80: {"2  tcp 10.244.1.10 > 10.96.0.100:80 → 10.244.1.11:8080 > 10.244.1.10", "1  udp 10.244.1.10:40000 > 10.96.0.100:53 → 10.244.1.12:53"},
	} {
		text := ansi.Strip(strings.Join(live.Lines(w, 30, false), "\n"))
		for _, line := range want {
			if !strings.Contains(text, line+"\n") && !strings.Contains(text, line+" ") {
				t.Errorf("%d cells wide, no %q in\n%s", w, line, text)
			}
		}
	}
}

// TestWhoAnsweredIsShown: at the end of a line that is too long, and so is why nobody did.
func TestWhoAnsweredIsShown(t *testing.T) {
	told := remembering()
	log := &told.Network.Log
	log.To, log.Settled = "10.96.0.10:53", true
	log.Last = probe.Result{Outcome: probe.Replied, Message: "38 bytes from 10.96.0.10:53: client=10.244.1.10 server=10.244.1.11"}
	if text := ansi.Strip(New(told, screen.NewLook("en", false)).Live.pingLines(69)[0]); screen.Width(text) > 69 || !strings.HasSuffix(text, "… server=10.244.1.11") {
		t.Errorf("%q", text)
	}
	log.Tool, log.To = "curl", "http://10.96.0.200"
	log.Last = probe.Result{Outcome: probe.Refused, Message: "curl: (7) Failed to connect to 10.96.0.200 port 80 after 0 ms: Couldn't connect to server (Connection refused)"}
	if text := ansi.Strip(New(told, screen.NewLook("en", false)).Live.pingLines(69)[0]); screen.Width(text) > 69 || !strings.HasSuffix(text, "… (Connection refused)") {
		t.Errorf("%q", text)
	}
}

// TestAServiceIsDrawnAsNobodys: in a box of its own, below the outside.
func TestAServiceIsDrawnAsNobodys(t *testing.T) {
	topology := New(remembering(), screen.NewLook("en", false)).Topology
	lines, _, ok := topology.boxes(100)
	text := ansi.Strip(strings.Join(lines, "\n"))
	if !ok || !strings.Contains(text, "nobody's: entries") || !strings.Contains(text, "10.96.0.100:80") || !strings.Contains(text, "→ 10.244.1.12:8080") {
		t.Errorf("drawn is\n%s", text)
	}
}

// TestAPictureGivesUpItsCablesForItsBoxes: where there is no room for both.
func TestAPictureGivesUpItsCablesForItsBoxes(t *testing.T) {
	topology := New(remembering(), screen.NewLook("en", false)).Topology
	wide, _, _ := topology.boxes(100)
	narrow, _, _ := topology.boxes(screen.Width(wide[0]) - maxCable + minCable)
	if got, want := screen.Width(narrow[0]), screen.Width(wide[0])-maxCable+1; got != want {
		t.Errorf("it takes %d cells, want %d\n%s", got, want, strings.Join(narrow, "\n"))
	}
}

// TestThePlaceWhereAPacketEndsIsShown: of a trace that is too long the rules stay, and of
// a rule that is too long what it does; of an event where the answers should come from.
func TestThePlaceWhereAPacketEndsIsShown(t *testing.T) {
	told := remembering()
	at := nftrace.Event{ID: 0x0b587db5, Family: "ip", Table: "guard", Chain: "passing"}
	older, comes, back, policy, drop := at, at, at, at, at
	older.ID, older.Handle, older.Text, older.Verdict = 1, 4, "an older packet", "continue"
	comes.Packet = &nftrace.Packet{In: "veth-pod-a", Out: "veth-pod-b", Network: header}
	comes.Verdict, back.Verdict = "continue", "return"
	policy.Verdict, policy.Policy = "accept", true
	drop.Handle, drop.Text, drop.Verdict = 5, "ip daddr 10.244.1.11 tcp dport 80 drop", "drop"
	told.Network.Tally.Traces = []nftrace.Event{older, comes, policy, back, drop}
	told.Network.Tally.Events = []conntrack.Event{{Kind: "NEW", Entry: synSent, Timeout: 120}}
	live := New(told, screen.NewLook("en", false)).Live
	text := ansi.Strip(strings.Join(live.Lines(78, 5, false), "\n"))
	for _, want := range []string{"trace    trace id 0b587db5 ip guard passing", " drop (verdict drop)", "[NEW] tcp", "[UNREPLIED] src=10.244.1.99"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	whole := ansi.Strip(strings.Join(live.Lines(78, 40, false), "\n"))
	if strings.Contains(whole, "00000001") || !strings.Contains(whole, "policy accept") {
		t.Errorf("another packet, or not all of this one:\n%s", whole)
	}
	for _, part := range []string{"packet: iif \"veth-pod-a\" oif\n", "src=10.244.1.10 dst=10.96.0.100 sport=40000 dport=80\n", "dst=10.244.1.10 sport=80 dport=40000"} {
		if !strings.Contains(whole, part) || strings.Contains(whole, "…") {
			t.Errorf("with room for all, no %q in\n%s", part, whole)
		}
	}
}

// TestARuleIsReadInFull: rows that matter less make room for it, and where that is not
// enough every rule has a line.
func TestARuleIsReadInFull(t *testing.T) {
	told := remembering()
	rule := func(n int) tally.Rule {
		return tally.Rule{Hook: "prerouting", Chain: "ip svc pre", Text: fmt.Sprintf("ip daddr 10.96.0.100 tcp dport 80 counter dnat to numgen random mod %d map { 0 : 10.244.1.11, 1 : 10.244.1.12 }", n)}
	}
	told.Network.Tally.Rules = []tally.Rule{rule(2), rule(3)}
	for i := range 6 {
		told.Network.Snaps[lab.Host].Links = append(told.Network.Snaps[lab.Host].Links, table.Link{Index: i, Name: fmt.Sprintf("veth%d", i)})
	}
	live := New(told, screen.NewLook("en", false)).Live
	text := ansi.Strip(strings.Join(live.Lines(69, 12, false), "\n"))
	for _, part := range []string{"mod 2 map", "mod 3 map", "tcp 10.244.1.10 > 10.96.0.100:80", " more"} {
		if !strings.Contains(strings.Join(strings.Fields(text), " "), part) {
			t.Errorf("no %q in\n%s", part, text)
		}
	}
	if text := ansi.Strip(strings.Join(live.Lines(69, 8, false), "\n")); strings.Count(text, "ip svc pre ip daddr") != 2 {
		t.Errorf("in eight lines, not both rules:\n%s", text)
	}
}

// header is that of a packet from 10.244.1.10 to 10.244.1.11.
var header = []byte{0x45, 19: 11, 12: 10, 13: 244, 14: 1, 15: 10, 16: 10, 17: 244, 18: 1}

// synSent is a connection that nobody has answered yet.
var synSent = conntrack.Entry{
	Original: conntrack.Tuple{Proto: unix.IPPROTO_TCP, Src: netip.MustParseAddrPort("10.244.1.10:40000"), Dst: netip.MustParseAddrPort("10.96.0.100:80")},
	Reply:    conntrack.Tuple{Proto: unix.IPPROTO_TCP, Src: netip.MustParseAddrPort("10.244.1.99:80"), Dst: netip.MustParseAddrPort("10.244.1.10:40000")},
	State:    "SYN_SENT",
}
