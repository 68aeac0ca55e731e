package ui

import "github.com/charmbracelet/bubbles/key"

// keyMap is every key of the course. Which of them work now is in their
// Enabled state, set by enableKeys; help shows only those.
type keyMap struct {
	Enter, Predict, Undo, Hint, Rebuild     key.Binding
	Why, Type, Shell                        key.Binding
	Tab, BackTab, NextNetns, PrevNetns      key.Binding
	Up, Down, PageUp, PageDown, Top, Bottom key.Binding
	Go, Summary, Reset                      key.Binding
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
	s := &m.stage
	idle := m.working == 0
	reading := m.overlay == overlayNone
	lesson := reading && !m.why.open
	set := func(b *key.Binding, on bool, keys string, w word) {
		b.SetEnabled(on)
		b.SetHelp(keys, m.say(w))
	}
	enter := wKeyEnterApply
	switch {
	case m.overlay == overlayOutline:
		enter = wKeyJump
	case s.phase == phaseAfter:
		enter = wKeyEnterNext
	case m.mustReadOn():
		enter = wKeyEnterRead
	}
	_, hasNext := m.neighbourStep(+1)
	_, hasPrev := m.neighbourStep(-1)
	look, after := s.phase == phaseLook, s.phase == phaseAfter
	set(&k.Enter, m.overlay == overlayOutline || reading && idle && (look || after && hasNext), "enter", enter)
	set(&k.Predict, lesson && look && len(s.prose.Predict.Choices) > 0, s.choiceKeys(), wKeyPredict)
	undo := wKeyUndo
	if look {
		undo = wKeyBack
	}
	set(&k.Undo, reading && idle && (after || look && hasPrev), "u", undo)
	set(&k.Hint, lesson && look && s.hints < len(s.hintTexts(m.lang)), "h", wKeyHint)
	set(&k.Rebuild, reading && idle, "r", wKeyRebuild)
	why, whyKeys := wKeyWhy, "w"
	if m.why.open {
		why, whyKeys = wKeyWhyClose, "w/esc"
	}
	set(&k.Why, reading && (m.why.open || m.world.log.to != ""), whyKeys, why)
	set(&k.Type, reading && m.hands != nil, ":", wKeyType)
	set(&k.Shell, reading && m.hands != nil && m.hands.terminal != nil, "s", wKeyShell)
	set(&k.Tab, reading, "tab", wKeyTab)
	set(&k.BackTab, reading, "shift+tab", wKeyTab)
	set(&k.NextNetns, reading && len(m.world.names) > 1, "n/N", wKeyNetns)
	set(&k.PrevNetns, reading && len(m.world.names) > 1, "n/N", wKeyNetns)
	set(&k.Up, true, "↑/↓", wKeyScroll)
	set(&k.Go, reading, "g", wKeyGo)
	set(&k.Summary, reading, "p", wKeySummary)
	set(&k.Reset, m.overlay == overlaySummary && !m.summary.asking, "r", wKeyReset)
	set(&k.Lang, m.overlay != overlayOutline, "L", wKeyLang)
	set(&k.Help, m.overlay != overlayOutline, "?", wKeyHelp)
	set(&k.Suspend, true, "ctrl+z", wKeySuspend)
	set(&k.Quit, true, "q", wKeyQuit)
	set(&k.Close, m.overlay != overlayNone || m.why.open || m.typing.open, "esc", wKeyClose)
	m.enableDrillKeys()
	if m.theme.ascii {
		k.Up.SetHelp("up/down", m.say(wKeyScroll))
		k.Lang.SetHelp("L", m.say(wKeyLangASCII))
	}
}

// ShortHelp is the footer: what to do next first.
func (m *Model) ShortHelp() []key.Binding {
	k := m.keys
	switch {
	case m.overlay != overlayNone:
		return []key.Binding{k.Enter, k.Up, k.Reset}
	case m.typing.open:
		return m.typingHelp()
	case m.stage.banner != "" || m.stage.err != nil:
		return []key.Binding{k.Rebuild, k.Enter, k.Type, k.Why, k.Shell, k.Tab, k.Go, k.Undo}
	}
	return []key.Binding{k.Enter, k.Predict, k.Hint, k.Type, k.Why, k.Shell, k.Tab, k.Go, k.Undo, k.NextNetns, k.Summary, k.Lang}
}

// alwaysHelp is the right end of the footer.
func (m *Model) alwaysHelp() []key.Binding {
	if m.overlay != overlayNone || m.typing.open {
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
		{k.Tab, k.NextNetns, k.Up},
		{k.Lang, k.Help, k.Suspend, k.Quit},
	}
}
