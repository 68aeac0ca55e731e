package ui

import (
	"strings"
	"time"

	"github.com/charmbracelet/bubbles/help"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"

	"nstutor/diag/table"
	"nstutor/steps"
	"nstutor/ui/screen"
	"nstutor/ui/words"
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
	course steps.Course
	desk   *desk
	feed   *feed
	ledger *ledger

	*screen.Look
	keys   keyMap
	help   help.Model
	now    func() time.Time
	start  string // where to begin
	exit   error  // why the program ended by itself
	memory map[string]remembered

	width, height int
	plan          plan
	screen        string // the view, while nothing has changed since
	focus         pane
	overlay       overlay
	scroll        [paneCount]screen.Scroll

	stage    stage
	world    world
	why      why
	drill    *drill            // the try at the exercise; nil: the step is none
	drills   map[string]*drill // all tries since the program began
	listing  bool              // the list is shown first
	typing   typing
	typed    int    // how many commands the learner has typed
	hands    *hands // nil: nothing can be typed
	outline  outline
	summary  summary
	warning  string
	open     bool // Options.Open, until the first key
	working  int  // how many jobs of the player keep the learner waiting
	workWord words.Word
	turn     int  // of the spinner
	spinning bool // the spinner's clock runs
	counting bool // the countdown's clock runs

	checking     bool // a check of the step runs
	lookedAt     int  // the version of the world at the last check
	checkTicking bool // the next check is due
}

// newModel makes a model that shows nothing yet. Without desk, feed and ledger
// it can be drawn, but not played.
func newModel(course steps.Course, opts Options) *Model {
	m := &Model{
		course:  course,
		Look:    screen.NewLook(opts.Lang, opts.ASCII),
		keys:    newKeyMap(),
		help:    help.New(),
		now:     time.Now,
		start:   opts.Start,
		listing: opts.List,
		open:    opts.Open,
		memory:  map[string]remembered{},
		world:   world{snaps: map[string]*table.Snapshot{}},
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
	if m.listing {
		return tea.Batch(m.recall(), m.enter(m.firstStep()), m.openList())
	}
	return tea.Batch(m.recall(), m.enter(m.firstStep()))
}

// firstStep is where to begin: where the learner left off, if that is still a
// step.
func (m *Model) firstStep() string {
	if _, ok := m.course.Step(m.start); ok {
		return m.start
	}
	for _, step := range m.course.Steps() {
		return step.ID
	}
	return ""
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
	if m.typing.open {
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
	lesson := m.paneView(p, paneLesson)
	var rest []string
	for _, which := range []pane{paneLive, paneTopology, paneWire} {
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

func (m *Model) paneView(p plan, which pane) []string {
	r := p.panes[which]
	if !r.shown() {
		return nil
	}
	focused := m.focus == which && !m.typing.open
	switch which {
	case paneLesson:
		if m.why.open {
			return m.whyView(r, focused)
		}
		return m.lessonView(r, focused)
	case paneLive:
		return m.liveView(r, focused)
	case paneWire:
		return m.wireView(r, focused)
	}
	return m.topologyView(r, focused)
}
