package ui

import (
	"github.com/charmbracelet/bubbles/key"

	"nstutor/internal/say"
	"nstutor/internal/session"
	"nstutor/ui/pane"
	"nstutor/ui/words"
)

// keyMap is every key of the course. Which of them work now is in their
// Enabled state, set by enableKeys; help shows only those.
type keyMap struct {
	Enter, Predict, Undo, Hint, Rebuild     key.Binding
	Why, Type, Shell                        key.Binding
	Tab, BackTab, NextNetns, PrevNetns      key.Binding
	Up, Down, PageUp, PageDown, Top, Bottom key.Binding
	Go, Summary, Reset                      key.Binding
	Again, Welcome, Search, Exercises       key.Binding
	Lang, Help, Suspend, Quit, Close        key.Binding
}

func newKeyMap() keyMap {
	bind := func(keys ...string) key.Binding { return key.NewBinding(key.WithKeys(keys...)) }
	return keyMap{
		Enter:     bind("enter"),
		Predict:   bind("1", "2", "3", "4"),
		Undo:      bind("u"),
		Hint:      bind("h"),
		Rebuild:   bind("r"),
		Why:       bind("w"),
		Type:      bind(":", "："),
		Shell:     bind("s"),
		Tab:       bind("tab"),
		BackTab:   bind("shift+tab"),
		NextNetns: bind("n"),
		PrevNetns: bind("N"),
		Up:        bind("up", "k"),
		Down:      bind("down", "j"),
		PageUp:    bind("pgup", "b"),
		PageDown:  bind("pgdown", " "),
		Top:       bind("home"),
		Bottom:    bind("end"),
		Go:        bind("g"),
		Summary:   bind("p"),
		Reset:     bind("r"), // on the summary
		Again:     bind("e"),
		Welcome:   bind("i"),
		Exercises: bind("x"),
		Search:    bind("/"), // on the help page
		Lang:      bind("L"),
		Help:      bind("?"),
		Suspend:   bind("ctrl+z"),
		Quit:      bind("q", "ctrl+c"),
		Close:     bind("esc"),
	}
}

// moves is what the keys are called that have the step go on, or back.
var moves = map[session.Move]say.Form{
	session.MoveBegin: words.KeyBegin, session.MovePass: words.KeyEnterPass, session.MoveShow: words.KeyEnterShow,
	session.MoveApply: words.KeyEnterApply, session.MoveNext: words.KeyEnterNext,
	session.MoveCheck: words.KeyCheck, session.MoveUnsolved: words.KeyNextUnsolved,
	session.MoveUndo: words.KeyUndo, session.MoveBack: words.KeyBack,
	session.MoveRebuild: words.KeyRebuild, session.MoveAnew: words.KeyAnew,
}

// set lets a key work or not, and names it.
func (m *Model) set(b *key.Binding, on bool, keys string, w say.Form) {
	b.SetEnabled(on)
	if on {
		b.SetHelp(keys, m.Say(w))
	}
}

// enableKeys lets those keys work that make sense now, and names them.
func (m *Model) enableKeys() {
	k := &m.keys
	m.enableStep()
	m.enableWays()
	m.enableOverlay()
	m.set(&k.Up, true, "↑/↓", words.KeyScroll)
	m.set(&k.Lang, m.overlay != overlayOutline, "L", words.KeyLang)
	m.set(&k.Help, m.overlay != overlayOutline, "?", words.KeyHelp)
	m.set(&k.Suspend, true, "ctrl+z", words.KeySuspend)
	if m.Theme.ASCII {
		k.Up.SetHelp("up/down", m.Say(words.KeyScroll))
		k.Lang.SetHelp("L", m.Say(words.KeyLangASCII))
	}
}

// enableStep is about the keys of the step that is played.
func (m *Model) enableStep() {
	k, s := &m.keys, &m.Scene
	reading, idle := m.overlay == overlayNone, m.Working == 0
	lesson := reading && !m.Why.Open
	offer := m.Stage.Offer()
	may := func(b *key.Binding, keys string, move session.Move) {
		m.set(b, reading && idle && move != session.Nothing, keys, moves[move])
	}
	may(&k.Enter, "enter", offer.GoOn)
	may(&k.Undo, "u", offer.GoBack)
	may(&k.Rebuild, "r", offer.Anew)
	if reading && !m.reading().AtEnd() {
		m.set(&k.Enter, idle, "enter", words.KeyEnterRead)
	}
	asks := s.Phase == session.PhaseLook && !s.Opening() && len(s.Prose.Predict.Choices) > 0
	m.set(&k.Predict, lesson && asks, m.Panes.Lesson.ChoiceKeys(), words.KeyPredict)
	m.set(&k.Hint, lesson && m.Stage.MayHint(), "h", words.KeyHint)
	_, again := m.Stage.Again()
	m.set(&k.Again, reading && again, "e", words.KeyAgain)
	why, whyKeys := words.KeyWhy, "w"
	if m.Why.Open {
		why, whyKeys = words.KeyWhyClose, "w/esc"
	}
	m.set(&k.Why, reading && (m.Why.Open || m.Network.Log.To != ""), whyKeys, why)
	m.set(&k.Type, reading && m.Hands != nil, ":", words.KeyType)
	m.set(&k.Shell, reading && m.Hands != nil && m.Hands.Terminal != nil, "s", words.KeyShell)
}

// enableWays is about the keys that lead elsewhere: to another pane, namespace or step.
func (m *Model) enableWays() {
	k := &m.keys
	reading := m.overlay == overlayNone
	m.set(&k.Tab, reading, "tab", words.KeyTab)
	m.set(&k.BackTab, reading, "shift+tab", words.KeyTab)
	m.set(&k.NextNetns, reading && len(m.Network.Names) > 1, "n/N", words.KeyNetns)
	m.set(&k.PrevNetns, reading && len(m.Network.Names) > 1, "n/N", words.KeyNetns)
	there, toCourse := words.KeyExercises, false
	if _, toCourse = m.ToCourse(); toCourse {
		there = words.KeyCourse
	}
	m.set(&k.Exercises, reading && m.Working == 0 && (toCourse || len(m.Offered()) > 0), "x", there)
	m.set(&k.Welcome, reading, "i", words.KeyWelcome)
	m.set(&k.Go, reading, "g", words.KeyGo)
	m.set(&k.Summary, reading, "p", words.KeySummary)
}

// enableOverlay is about the keys of what lies over the panes, and of leaving it.
func (m *Model) enableOverlay() {
	k := &m.keys
	page := m.overlay == overlayPage
	switch {
	case m.overlay == overlayOutline:
		m.set(&k.Enter, true, "enter", words.KeyJump)
	case page && m.reading().AtEnd():
		m.set(&k.Enter, true, "enter", words.KeyClose)
	case page:
		m.set(&k.Enter, true, "enter", words.KeyEnterRead)
	}
	m.set(&k.Search, page && m.Panes.Page.Kind == pane.PageHelp && !m.Panes.Page.Searching, "/", words.KeySearch)
	m.set(&k.Reset, m.overlay == overlaySummary && !m.Panes.Summary.Asking, "r", words.KeyReset)
	quit, closing := words.KeyQuit, "esc/q"
	if m.Why.Open {
		quit = words.KeyWhyClose
	}
	if m.overlay == overlayOutline && m.Panes.Outline.Filtering() || m.Panes.Page.Searching || m.Panes.Console.Open {
		closing = "esc"
	}
	m.set(&k.Quit, true, "q", quit)
	m.set(&k.Close, m.overlay != overlayNone || m.Why.Open || m.Panes.Console.Open, closing, words.KeyClose)
}

// ShortHelp is the footer: what to do next first.
func (m *Model) ShortHelp() []key.Binding {
	k := m.keys
	switch {
	case m.overlay != overlayNone:
		return []key.Binding{k.Enter, k.Search, k.Up, k.Reset}
	case m.Panes.Console.Open:
		return m.typingHelp()
	case m.Scene.Spoilt() || len(m.Scene.Unkept()) > 0:
		return []key.Binding{k.Rebuild, k.Enter, k.Type, k.Why, k.Shell, k.Tab, k.Go, k.Undo}
	}
	return []key.Binding{k.Enter, k.Predict, k.Hint, k.Type, k.Why, k.Shell, k.Tab, k.Go, k.Undo, k.Again, k.Exercises, k.NextNetns, k.Summary, k.Lang}
}

// alwaysHelp is the right end of the footer.
func (m *Model) alwaysHelp() []key.Binding {
	if m.overlay != overlayNone || m.Panes.Console.Open {
		return []key.Binding{m.keys.Close}
	}
	return []key.Binding{m.keys.Help, m.keys.Quit}
}

// FullHelp is the help overlay, in columns.
func (m *Model) FullHelp() [][]key.Binding {
	k := m.keys
	return [][]key.Binding{
		{k.Enter, k.Predict, k.Hint, k.Undo, k.Rebuild},
		{k.Type, k.Shell, k.Why, k.Go, k.Summary},
		{k.Tab, k.NextNetns, k.Up, k.Again, k.Exercises},
		{k.Lang, k.Help, k.Welcome, k.Suspend, k.Quit},
	}
}
