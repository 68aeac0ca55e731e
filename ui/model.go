package ui

import (
	"strings"

	"github.com/charmbracelet/bubbles/help"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"

	"nstutor/internal/session"
	"nstutor/steps"
	"nstutor/ui/pane"
	"nstutor/ui/screen"
)

// overlay is what covers the panes.
type overlay int

const (
	overlayNone overlay = iota
	overlayPage
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
	moved         session.Cue // what of the session's cues was followed

	Panes    *pane.Panes
	spinning bool // the spinner's clock runs
	counting bool // the countdown's clock runs
}

// New makes a model that shows nothing yet. Before Connect
// it can be drawn, but not played.
func New(course steps.Course, opts Options) *Model {
	look := screen.NewLook(opts.Lang, opts.ASCII)
	m := &Model{
		Session: session.New(course, look.Lang, opts.Start),
		Look:    look,
		keys:    newKeyMap(),
		help:    help.New(),
		listing: opts.List,
	}
	m.Panes = pane.New(m.Session, look)
	m.Panes.Lesson.OpenLab = opts.Open
	if opts.Welcome {
		m.openPage(pane.PageWelcome)
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
	if m.Panes.Console.Open {
		p.makeRoom()
	}
	m.plan = p
	if p.tooSmall {
		return strings.Join(m.smallView(m.width, m.height), "\n")
	}
	lines := []string{m.headerView(m.width)}
	body := rect{0, 1, m.width, m.height - 2}
	switch {
	case m.overlay == overlayPage:
		m.Panes.Page.SetSize(body.w, body.h)
		m.Panes.Page.Keys = m.helpLines(body.w - 4)
		lines = append(lines, m.Panes.Page.View()...)
	case m.overlay == overlayOutline:
		m.Panes.Outline.SetSize(body.w, body.h)
		lines = append(lines, m.Panes.Outline.View()...)
	case m.overlay == overlaySummary:
		m.Panes.Summary.SetSize(body.w, body.h)
		lines = append(lines, m.Panes.Summary.View()...)
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
		m.Panes.Console.SetSize(p.typing.w, p.typing.h)
		m.Panes.Console.Alone = !p.wide
		rest = append(rest, m.Panes.Console.View()...)
	}
	if p.wide {
		return screen.Beside(lesson, rest, m.Theme.Rule.Render(m.Theme.G.Bar))
	}
	return append(lesson, rest...)
}

// drawn is a pane that can stand anywhere on the screen. Its view is exactly as
// large as it was told to be.
type drawn interface {
	SetSize(w, h int)
	SetTabs(tabs string)
	View(focused bool) []string
}

// paneAt is the pane that stands in an area, and how far it is scrolled.
func (m *Model) paneAt(which area) (drawn, *screen.Scroll) {
	switch which {
	case areaLesson:
		if m.Why.Open {
			return &m.Panes.Why, &m.Panes.Why.Scroll
		}
		return &m.Panes.Lesson, &m.Panes.Lesson.Scroll
	case areaLive:
		return &m.Panes.Live, &m.Panes.Live.Scroll
	case areaWire:
		return &m.Panes.Wire, &m.Panes.Wire.Scroll
	}
	return &m.Panes.Topology, &m.Panes.Topology.Scroll
}

func (m *Model) paneView(p plan, which area) []string {
	r := p.panes[which]
	if !r.shown() {
		return nil
	}
	pane, _ := m.paneAt(which)
	pane.SetSize(r.w, r.h)
	pane.SetTabs(m.tabs(which))
	m.Panes.Lesson.Typed = m.Panes.Console.Open
	return pane.View(m.focus == which && !m.Panes.Console.Open)
}
