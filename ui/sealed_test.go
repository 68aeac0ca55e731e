package ui

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	tea "github.com/charmbracelet/bubbletea"

	"nstutor/diag/wire"
	"nstutor/internal/say"
	"nstutor/internal/session"
	"nstutor/internal/session/feed"
	"nstutor/ui/screen"
)

// TestNamesDoNothingToTheScreen: devices and namespaces are called as a stranger
// likes, and what is drawn of it is letters, in as many cells as there are.
func TestNamesDoNothingToTheScreen(t *testing.T) {
	for _, name := range []string{"\x1b[2J", "\x1b[31mred", "a\nb", "\u202egpj", "\xff\u009b1m", "\x07", "a\rb"} {
		m := fixtureAfter(t, Options{Lang: "en"})
		hostile := func(s string) string { return s + name }
		snaps := fixtureSnapshots(true)
		var names []string
		for _, snap := range snaps {
			if snap.Name == "ns1" {
				snap.Name = hostile(snap.Name)
			}
			names = append(names, snap.Name)
			for i := range snap.Links {
				if l := &snap.Links[i]; l.Name != "lo" {
					l.Name, l.Master = hostile(l.Name), hostile("br")
				}
				if snap.Links[i].PeerNetns == "ns1" {
					snap.Links[i].PeerNetns = hostile("ns1")
				}
			}
			for i := range snap.Routes {
				snap.Routes[i].Dev = hostile(snap.Routes[i].Dev)
			}
			for i := range snap.Neighbours {
				snap.Neighbours[i].Dev = hostile(snap.Neighbours[i].Dev)
			}
			for i := range snap.Addrs {
				snap.Addrs[i].Dev, snap.Addrs[i].Label = hostile(snap.Addrs[i].Dev), hostile(snap.Addrs[i].Label)
			}
			send(m, feed.Snapshot{Snapshot: snap})
		}
		slices.Sort(names)
		send(m, feed.Names(names))
		var frames []wire.Frame
		for _, f := range fixtureFrames() {
			f.Netns, f.Dev = hostile(f.Netns), hostile(f.Dev)
			frames = append(frames, f)
		}
		send(m, feed.Frames(frames))
		m.Network.Watch = hostile("ns1")
		for _, size := range []tea.WindowSizeMsg{{Width: 80, Height: 24}, {Width: 120, Height: 36}, {Width: 200, Height: 50}} {
			send(m, size)
			for _, key := range []string{"", ":", "esc", "tab", "tab", "tab"} {
				if key != "" {
					send(m, keyMsg(key))
				}
				checkSealed(t, fmt.Sprintf("%q at %d, %q", name, size.Width, key), m.View(), size)
			}
		}
	}
}

// colouring is the only sequence that a line has by right.
var colouring = regexp.MustCompile(`\x1b\[[0-9;:]*m`)

func checkSealed(t *testing.T, when, view string, size tea.WindowSizeMsg) {
	t.Helper()
	lines := strings.Split(view, "\n")
	if len(lines) != size.Height {
		t.Errorf("%s: %d lines on a screen of %d", when, len(lines), size.Height)
	}
	for _, line := range lines {
		bare := colouring.ReplaceAllLiteralString(line, "")
		if i := strings.IndexFunc(bare, func(c rune) bool { return !unicode.IsPrint(c) || c == unicode.ReplacementChar }); i >= 0 {
			t.Errorf("%s: a line has %q in it: %q", when, bare[i:], bare)
		}
		if strings.Contains(line, "\x1b[31mred") || screen.Width(line) > size.Width {
			t.Errorf("%s: %d cells: %q", when, screen.Width(line), line)
		}
	}
}

// TestRootsOpenLabSaysSo: until the learner goes on, and no longer.
func TestRootsOpenLabSaysSo(t *testing.T) {
	for lang, want := range map[string]string{"en": "no user namespace", "zh": "没有用户命名空间"} {
		m := fixture(t, Options{Lang: lang, Open: true})
		send(m, tea.WindowSizeMsg{Width: 80, Height: 24})
		if !strings.Contains(m.View(), want) {
			t.Errorf("%s: nothing is said of it:\n%s", lang, m.View())
		}
		send(m, keyMsg("tab"))
		if strings.Contains(m.View(), want) {
			t.Errorf("%s: it is still said", lang)
		}
	}
}

// TestWhyNothingIsSavedIsSaidWhole: the reason stands at the end.
func TestWhyNothingIsSavedIsSaidWhole(t *testing.T) {
	m := fixture(t, Options{Lang: "en"})
	send(m, tea.WindowSizeMsg{Width: 80, Height: 24})
	send(m, session.Warning{Text: say.Quote("progress is not saved: write /home/somebody/with/a/long/name/.local/state/nstutor/progress.json: no space left on device")})
	if text := strings.Join(strings.Fields(m.View()), " "); !strings.Contains(text, "left on device") {
		t.Errorf("the reason is cut:\n%s", m.View())
	}
}
