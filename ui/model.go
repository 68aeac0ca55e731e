package ui

import (
	"strings"

	"github.com/charmbracelet/bubbles/help"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"

	"nstutor/internal/session"
	"nstutor/steps"
	"nstutor/ui/screen"
)

// overlay is what covers the panes.
type overlay int

const (
	overlayNone overlay = iota
	overlayHelp
	overlayOutline
	overlaySummary
)

// Model is the one Bubble Tea model of the course. It holds only what is drawn
// and what has to be known to react to a key; it never waits and never reads
// the kernel.
type Model struct {
	*session.Session
	*screen.Look

	keys    keyMap
	help    help.Model
	exit    error // why the program ended by itself
	listing bool  // the list is shown first

	width, height int
	plan          plan
	screen        string // the view, while nothing has changed since
	focus         area
	overlay       overlay
	scroll        [areaCount]screen.Scroll
	whyScroll     screen.Scroll
	moved         session.Cue // what of the session's cues was followed
	reveal        bool        // the conditions of the drill are to be scrolled to
	predictEnd    int         // the line of the lesson where the prediction ends

	console  console
	outline  outline
	summary  summary
	open     bool // Options.Open, until the first key
	turn     int  // of the spinner
	spinning bool // the spinner's clock runs
	counting bool // the countdown's clock runs
}

// newModel makes a model that shows nothing yet. Without desk, feed and ledger
// it can be drawn, but not played.
func newModel(course steps.Course, opts Options) *Model {
	look := screen.NewLook(opts.Lang, opts.ASCII)
	m := &Model{
		Session: session.New(course, look.Lang, opts.Start),
		Look:    look,
		keys:    newKeyMap(),
		help:    help.New(),
		listing: opts.List,
		open:    opts.Open,
	}
	m.help.Styles = help.Styles{
		ShortKey: m.Theme.Key, FullKey: m.Theme.Key,
		ShortDesc: m.Theme.Faint, FullDesc: lipgloss.NewStyle(),
		ShortSeparator: m.Theme.Faint, FullSeparator: m.Theme.Faint,
		Ellipsis: m.Theme.Faint,
	}
	m.help.ShortSeparator = "  "
	m.help.Ellipsis = m.Theme.G.Ellipsis
	m.enableKeys()
	return m
}

// Init reads the memory and brings the lab to the first step.
func (m *Model) Init() tea.Cmd {
	cmd := do(m.Session.Open())
	if m.listing {
		return tea.Batch(cmd, m.openList())
	}
	return cmd
}

// View draws the screen, exactly as large as the terminal.
func (m *Model) View() (screen string) {
	defer m.rescueView(&screen)
	if m.width <= 0 || m.height <= 0 {
		return ""
	}
	if m.screen == "" {
		m.screen = m.draw()
	}
	return m.screen
}

// draw draws the screen anew.
func (m *Model) draw() string {
	p := layout(m.width, m.height, m.focus, m.partner())
	if m.console.open {
		p.makeRoom()
	}
	m.plan = p
	if p.tooSmall {
		return strings.Join(m.smallView(m.width, m.height), "\n")
	}
	lines := []string{m.headerView(m.width)}
	body := rect{0, 1, m.width, m.height - 2}
	switch {
	case m.overlay == overlayHelp:
		lines = append(lines, m.helpView(body)...)
	case m.overlay == overlayOutline:
		lines = append(lines, m.outlineView(body)...)
	case m.overlay == overlaySummary:
		lines = append(lines, m.summaryView(body)...)
	default:
		lines = append(lines, m.bodyView(p)...)
	}
	m.enableKeys()
	lines = append(lines, m.footerView(m.width))
	for i, line := range lines {
		lines[i] = screen.Sealed(line)
	}
	return strings.Join(lines, "\n")
}

// bodyView draws the panes of a plan.
func (m *Model) bodyView(p plan) []string {
	lesson := m.paneView(p, areaLesson)
	var rest []string
	for _, which := range []area{areaLive, areaTopology, areaWire} {
		rest = append(rest, m.paneView(p, which)...)
	}
	if p.typing.shown() {
		rest = append(rest, m.typingView(p.typing)...)
	}
	if p.wide {
		return screen.Beside(lesson, rest, m.Theme.Rule.Render(m.Theme.G.Bar))
	}
	return append(lesson, rest...)
}

func (m *Model) paneView(p plan, which area) []string {
	r := p.panes[which]
	if !r.shown() {
		return nil
	}
	focused := m.focus == which && !m.console.open
	switch which {
	case areaLesson:
		if m.Why.Open {
			return m.whyView(r, focused)
		}
		return m.lessonView(r, focused)
	case areaLive:
		return m.liveView(r, focused)
	case areaWire:
		return m.wireView(r, focused)
	}
	return m.topologyView(r, focused)
}
