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

// enableKeys lets those keys work that make sense now, and names them.
func (m *Model) enableKeys() {
	k := &m.keys
	s := &m.Scene
	idle := m.Working == 0
	reading := m.overlay == overlayNone
	lesson := reading && !m.Why.Open
	set := func(b *key.Binding, on bool, keys string, w say.Form) {
		b.SetEnabled(on)
		b.SetHelp(keys, m.Say(w))
	}
	enter := words.KeyEnterApply
	more := !m.reading().AtEnd()
	page := m.overlay == overlayPage
	switch {
	case m.overlay == overlayOutline:
		enter = words.KeyJump
	case page && !more:
		enter = words.KeyClose
	case more:
		enter = words.KeyEnterRead
	case s.Phase == session.PhaseAfter:
		enter = words.KeyEnterNext
	case s.Opening():
		enter = words.KeyBegin
	case s.Asks():
		enter = words.KeyEnterPass
	case s.Hidden():
		enter = words.KeyEnterShow
	}
	_, hasNext := m.Stage.Next()
	before, _ := m.Beside()
	look, after := s.Phase == session.PhaseLook, s.Phase == session.PhaseAfter
	set(&k.Enter, m.overlay == overlayOutline || page || reading && idle && (more || look || after && hasNext), "enter", enter)
	set(&k.Predict, lesson && look && !s.Opening() && len(s.Prose.Predict.Choices) > 0, m.Panes.Lesson.ChoiceKeys(), words.KeyPredict)
	undo := words.KeyUndo
	if look {
		undo = words.KeyBack
	}
	set(&k.Undo, reading && idle && (after || look && before != ""), "u", undo)
	set(&k.Hint, lesson && m.Stage.MayHint(), "h", words.KeyHint)
	set(&k.Rebuild, reading && idle, "r", words.KeyRebuild)
	why, whyKeys := words.KeyWhy, "w"
	if m.Why.Open {
		why, whyKeys = words.KeyWhyClose, "w/esc"
	}
	set(&k.Why, reading && (m.Why.Open || m.Network.Log.To != ""), whyKeys, why)
	set(&k.Type, reading && m.Hands != nil, ":", words.KeyType)
	set(&k.Shell, reading && m.Hands != nil && m.Hands.Terminal != nil, "s", words.KeyShell)
	set(&k.Tab, reading, "tab", words.KeyTab)
	set(&k.BackTab, reading, "shift+tab", words.KeyTab)
	set(&k.NextNetns, reading && len(m.Network.Names) > 1, "n/N", words.KeyNetns)
	set(&k.PrevNetns, reading && len(m.Network.Names) > 1, "n/N", words.KeyNetns)
	set(&k.Up, true, "↑/↓", words.KeyScroll)
	_, again := m.Stage.Again()
	set(&k.Again, reading && again, "e", words.KeyAgain)
	there, toCourse := words.KeyExercises, false
	if _, toCourse = m.ToCourse(); toCourse {
		there = words.KeyCourse
	}
	set(&k.Exercises, reading && idle && (toCourse || len(m.Offered()) > 0), "x", there)
	set(&k.Welcome, reading, "i", words.KeyWelcome)
	set(&k.Search, page && m.Panes.Page.Kind == pane.PageHelp && !m.Panes.Page.Searching, "/", words.KeySearch)
	set(&k.Go, reading, "g", words.KeyGo)
	set(&k.Summary, reading, "p", words.KeySummary)
	set(&k.Reset, m.overlay == overlaySummary && !m.Panes.Summary.Asking, "r", words.KeyReset)
	set(&k.Lang, m.overlay != overlayOutline, "L", words.KeyLang)
	set(&k.Help, m.overlay != overlayOutline, "?", words.KeyHelp)
	set(&k.Suspend, true, "ctrl+z", words.KeySuspend)
	quit, closing := words.KeyQuit, "esc/q"
	if m.Why.Open {
		quit = words.KeyWhyClose
	}
	if m.overlay == overlayOutline && m.Panes.Outline.Filtering() || m.Panes.Page.Searching || m.Panes.Console.Open {
		closing = "esc"
	}
	set(&k.Quit, true, "q", quit)
	set(&k.Close, m.overlay != overlayNone || m.Why.Open || m.Panes.Console.Open, closing, words.KeyClose)
	m.enableDrillKeys()
	if m.Theme.ASCII {
		k.Up.SetHelp("up/down", m.Say(words.KeyScroll))
		k.Lang.SetHelp("L", m.Say(words.KeyLangASCII))
	}
}

// ShortHelp is the footer: what to do next first.
func (m *Model) ShortHelp() []key.Binding {
	k := m.keys
	switch {
	case m.overlay != overlayNone:
		return []key.Binding{k.Enter, k.Search, k.Up, k.Reset}
	case m.Panes.Console.Open:
		return m.typingHelp()
	case len(m.Scene.Broken) > 0 || len(m.Scene.Unkept()) > 0 || m.Scene.Err != nil:
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

// enableDrillKeys lets those keys work that make sense in an exercise.
func (m *Model) enableDrillKeys() {
	k := &m.keys
	if _, ok := m.Stage.(*session.Drill); !ok || m.overlay != overlayNone {
		return
	}
	idle := m.Working == 0
	_, next := m.Stage.Next()
	switch {
	case !m.reading().AtEnd():
	case m.Scene.Phase == session.PhaseLook:
		k.Enter.SetHelp("enter", m.Say(words.KeyCheck))
	case next:
		k.Enter.SetHelp("enter", m.Say(words.KeyNextUnsolved))
	}
	k.Predict.SetEnabled(false)
	for _, b := range []*key.Binding{&k.Undo, &k.Rebuild} {
		b.SetEnabled(idle && m.Scene.Step.ID != "")
	}
	undo := words.KeyAnew
	if d := m.Stage.(*session.Drill); d.MayTakeBack() {
		undo = words.KeyUndo
	}
	k.Undo.SetHelp("u", m.Say(undo))
	k.Rebuild.SetHelp("r", m.Say(words.KeyAnew))
}
