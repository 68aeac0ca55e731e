package ui

import (
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"nstutor/internal/lab/labtest"
	"nstutor/internal/session/console"
	"nstutor/internal/session/feed"

	tea "github.com/charmbracelet/bubbletea"
)

// fixtureHands is the fixture with a lab to type in, in which nothing runs.
func fixtureHands(t testing.TB, opts Options) *Model {
	m := fixture(t, opts)
	m.Hands = console.NewHands(t.Context(), nil)
	m.Hands.Terminal = &console.Handover{}
	m.enableKeys()
	return m
}

// fixtureTyping has three commands on its command line: one that worked, one
// that was wrong and one that runs.
func fixtureTyping(t testing.TB, opts Options) *Model {
	m := fixtureHands(t, opts)
	send(m, keyMsg(":"))
	ran(m, "ip route", nil, "172.20.1.0/24 dev ns1-eth0 proto kernel scope link src 172.20.1.10")
	ran(m, "ip route add default via 172.20.1.1 dev eth9", exitError(t, 1), `Cannot find device "eth9"`)
	begun(m, "ping 192.168.6.160")
	send(m, console.Output{Gen: m.Typing.Gen, Lines: []string{"PING 192.168.6.160 (192.168.6.160) 56(84) bytes of data."}, Open: "From 172.20.1.10 icmp_seq"})
	now := fixtureTime.Add(12 * time.Second)
	m.Now = func() time.Time { return now }
	for _, key := range []string{"ip nei"} {
		send(m, keyMsg(key))
	}
	return m
}

func fixtureTypingWhy(t testing.TB, opts Options) *Model {
	m := fixtureWhy(t, opts)
	m.Hands = console.NewHands(t.Context(), nil)
	m.enableKeys()
	send(m, keyMsg(":"))
	return m
}

// begun types a command, of which no more is heard: there is no lab.
func begun(m *Model, line string) {
	m.Panes.Console.SetLine(line)
	m.runTyped()
}

// ran types a command and lets it end.
func ran(m *Model, line string, err error, output ...string) {
	begun(m, line)
	send(m, console.Output{Gen: m.Typing.Gen, Lines: output, Ended: true, Err: err})
}

func exitError(t testing.TB, status int) error {
	err := exec.Command("sh", "-c", fmt.Sprintf("exit %d", status)).Run()
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return err
}

// typedKeys types text one key at a time.
func typedKeys(m *Model, text string) {
	for _, r := range text {
		if r == ' ' {
			send(m, tea.KeyMsg{Type: tea.KeySpace, Runes: []rune{' '}})
			continue
		}
		send(m, keyMsg(string(r)))
	}
}

func TestCompletion(t *testing.T) {
	for _, c := range []struct {
		netns, line string
		want        string   // the line after tab
		offers      []string // after a second one
	}{
		{"ns1", "sys", "sysctl ", nil},
		{"ns1", "ip", "ip", []string{"ip", "iptables"}},
		{"ns1", "ip a", "ip addr ", nil},
		{"ns1", "ip ro", "ip route ", nil},
		{"ns1", "ip n", "ip ne", []string{"neigh", "netns"}},
		{"ns1", "ip r", "ip r", []string{"route", "rule"}},
		{"ns1", "ip route add def", "ip route add default ", nil},
		{"ns1", "ip route add default via 172.20.1.1 dev n", "ip route add default via 172.20.1.1 dev ns1-eth0 ", nil},
		{"host", "ip route add 172.20.1.10/32 dev v", "ip route add 172.20.1.10/32 dev veth-ns1 ", nil},
		{"host", "ip -n n", "ip -n ns1 ", nil},
		{"host", "ip -n ns1 link set n", "ip -n ns1 link set ns1-eth0 ", nil},
		{"host", "ip link set veth-ns1 netns n", "ip link set veth-ns1 netns ns1 ", nil},
		{"host", "ip netns e", "ip netns exec ", nil},
		{"host", "ip netns exec n", "ip netns exec ns1 ", nil},
		{"host", "ip netns exec ns1 ip link set ns", "ip netns exec ns1 ip link set ns1-eth0 ", nil},
		{"host", "ip netns exec ns1 ping 192.168.6.16", "ip netns exec ns1 ping 192.168.6.160 ", nil},
		{"ns1", "ping 172", "ping 172.20.1.10 ", nil},
		{"ns1", "ping -I n", "ping -I ns1-eth0 ", nil},
		{"host", "sysctl -w net.ipv4.conf.veth-ns1.pr", "sysctl -w net.ipv4.conf.veth-ns1.proxy_arp ", nil},
		{"host", "sysctl net.ipv4.ip", "sysctl net.ipv4.ip_forward ", nil},
		{"host", "ip link | sys", "ip link | sysctl ", nil},
		{"host", "ip link; ip neigh show dev e", "ip link; ip neigh show dev eth0 ", nil},
		{"host", "iptables -t n", "iptables -t nat ", nil},
		{"host", "iptables -A FORWARD -i v", "iptables -A FORWARD -i veth-ns1 ", nil},
		{"host", "nonsense --flag zzz", "nonsense --flag zzz", nil},
		{"nowhere", "ip link set ", "ip link set dev ", nil},
	} {
		m := fixtureHands(t, Options{Lang: "en"})
		send(m, keyMsg(":"))
		m.ChooseNetns(c.netns)
		typedKeys(m, c.line)
		send(m, keyMsg("tab"))
		if got := m.Panes.Console.Input.Value(); got != c.want {
			t.Errorf("%s # %q becomes %q, want %q", c.netns, c.line, got, c.want)
		}
		if send(m, keyMsg("tab")); !slices.Equal(m.Panes.Console.Offers, c.offers) && c.offers != nil {
			t.Errorf("%s # %q offers %q, want %q", c.netns, c.line, m.Panes.Console.Offers, c.offers)
		}
	}
}

func TestCompletionInTheMiddleKeepsTheRest(t *testing.T) {
	m := fixtureHands(t, Options{Lang: "en"})
	send(m, keyMsg(":"))
	typedKeys(m, "ip link set ns up")
	for range 3 {
		send(m, tea.KeyMsg{Type: tea.KeyLeft})
	}
	send(m, keyMsg("tab"))
	if got := m.Panes.Console.Input.Value(); got != "ip link set ns1-eth0 up" {
		t.Errorf("%q", got)
	}
}

func TestHistory(t *testing.T) {
	m := fixtureTyping(t, Options{Lang: "en"})
	for i, want := range []string{"ping 192.168.6.160", "ip route add default via 172.20.1.1 dev eth9", "ip route", "ip route"} {
		send(m, keyMsg("up"))
		if got := m.Panes.Console.Input.Value(); got != want {
			t.Errorf("%d times up: %q, want %q", i+1, got, want)
		}
	}
	for range 3 {
		send(m, keyMsg("down"))
	}
	if got := m.Panes.Console.Input.Value(); got != "ip nei" {
		t.Errorf("the line that was begun is %q", got)
	}
}

func TestAPastedCommandIsMadeWhole(t *testing.T) {
	for _, c := range [][2]string{
		{"ip netns exec ns1 ip route add default via \\\n   172.20.1.1 dev ns1-eth0\n", "ip netns exec ns1 ip route add default via 172.20.1.1 dev ns1-eth0"},
		{"ip link set lo up\r\nip addr\r\n", "ip link set lo up; ip addr"},
	} {
		m := fixtureHands(t, Options{Lang: "en"})
		send(m, keyMsg(":"))
		send(m, tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(c[0]), Paste: true})
		if got := m.Panes.Console.Input.Value(); got != c[1] {
			t.Errorf("%q is pasted as %q", c[0], got)
		}
	}
}

func TestThePromptNamesTheNamespace(t *testing.T) {
	m := sized(t, fixtureHands)
	send(m, keyMsg(":"))
	for _, c := range []struct{ key, want string }{
		{"", "ns1 # "}, {"ctrl+n", "host # "}, {"ctrl+n", "inet # "}, {"ctrl+p", "host # "}, {"ctrl+p", "ns1 # "},
	} {
		if c.key != "" {
			send(m, keyMsg(c.key))
		}
		if view := m.View(); !strings.Contains(view, "\n "+c.want) {
			t.Errorf("%s: no %q in\n%s", c.key, c.want, view)
		}
	}
	m.ChooseNetns("ns1")
	send(m, feed.Names{"host", "inet"})
	if view := m.View(); !strings.Contains(view, " ns1 ✗ # ") {
		t.Errorf("a namespace that is gone:\n%s", view)
	}
	m.ChooseNetns("inet")
	m.Scene.Step.ID = "X.2"
	m.Scene.Command.Netns = ""
	if got := m.TypingNetns(); got != "host" {
		t.Errorf("in another step commands go to %s", got)
	}
}

func TestKeysOfTheCourseAreLettersInTheCommandLine(t *testing.T) {
	labtest.Slow(t)
	m := sized(t, fixtureHands)
	send(m, keyMsg(":"))
	for _, key := range []string{"q", "u", "g", "w", "?", "1", "L", "s", ":"} {
		if cmd := m.press(keyMsg(key)); cmd != nil && yields(cmd, tea.QuitMsg{}) {
			t.Errorf("%s quits", key)
		}
	}
	if m.Panes.Console.Input.Value() != "qugw?1Ls:" || m.overlay != overlayNone || m.Why.Open || m.Scene.Guessed {
		t.Errorf("typed %q", m.Panes.Console.Input.Value())
	}
	send(m, keyMsg("esc"))
	if m.Panes.Console.Open {
		t.Error("esc does not close it")
	}
	send(m, keyMsg("1"))
	if !m.Scene.Guessed {
		t.Error("the lesson's keys do not work again")
	}
}

func TestCtrlCNeverQuitsFromTheCommandLine(t *testing.T) {
	m := sized(t, fixtureTyping)
	for range 3 {
		if _, cmd := m.Update(keyMsg("ctrl+c")); cmd != nil && m.exit != nil {
			t.Fatal("ctrl+c quits")
		}
	}
	if m.Typing.Run.Why != console.EndedByKey {
		t.Error("ctrl+c does not stop the command")
	}
	send(m, console.Output{Gen: m.Typing.Gen, Ended: true, Why: console.EndedByKey})
	if view := m.View(); !strings.Contains(view, "^C  stopped") {
		t.Errorf("it does not say so:\n%s", view)
	}
	send(m, keyMsg("ctrl+c"))
	if m.Panes.Console.Input.Value() != "" || !m.Panes.Console.Open {
		t.Error("ctrl+c does not give the line up")
	}
}

func TestOutputScrollsAndComesBack(t *testing.T) {
	m := sized(t, fixtureTyping)
	for i := range 100 {
		send(m, console.Output{Gen: m.Typing.Gen, Lines: []string{fmt.Sprintf("line %d.", i)}})
	}
	if view := m.View(); !strings.Contains(view, "line 99.") {
		t.Errorf("the end does not show:\n%s", view)
	}
	send(m, keyMsg("pgup"))
	send(m, keyMsg("pgup"))
	before := m.View()
	if strings.Contains(before, "line 99.") {
		t.Errorf("pgup does not scroll:\n%s", before)
	}
	send(m, console.Output{Gen: m.Typing.Gen, Lines: []string{"more"}})
	if view := m.View(); !strings.Contains(view, "line 80.") || strings.Contains(view, "more") {
		t.Errorf("more output moves what is read:\n%s", view)
	}
	for range 3 {
		send(m, keyMsg("pgdown"))
	}
	if view := m.View(); !strings.Contains(view, "more") {
		t.Errorf("pgdown does not come back:\n%s", view)
	}
}

func TestLateOutputOfAnotherCommandIsDropped(t *testing.T) {
	m := sized(t, fixtureTyping)
	send(m, console.Output{Gen: m.Typing.Gen - 1, Lines: []string{"late"}, Ended: true})
	if view := m.View(); strings.Contains(view, "late") || m.Typing.Run == nil {
		t.Errorf("late output counts:\n%s", view)
	}
}
