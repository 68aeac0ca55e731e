package ui

import (
	"github.com/charmbracelet/bubbles/key"

	"nstutor/internal/say"
	"nstutor/ui/words"
)

// typingKeyMap is every key of the command line that is not for editing it.
type typingKeyMap struct {
	Run, Complete, Stop, Close, Leave, Clear key.Binding
	NextNetns, PrevNetns, Older, Newer       key.Binding
	PageUp, PageDown, LessonUp, LessonDown   key.Binding
	Suspend                                  key.Binding
}

var typingKeys = func() typingKeyMap {
	bind := func(keys ...string) key.Binding { return key.NewBinding(key.WithKeys(keys...)) }
	return typingKeyMap{
		Run:        bind("enter"),
		Complete:   bind("tab"),
		Stop:       bind("ctrl+c"),
		Close:      bind("esc"),
		Leave:      bind("ctrl+d"), // on an empty line
		Clear:      bind("ctrl+l"),
		NextNetns:  bind("ctrl+n"),
		PrevNetns:  bind("ctrl+p"),
		Older:      bind("up"),
		Newer:      bind("down"),
		PageUp:     bind("pgup"),
		PageDown:   bind("pgdown"),
		LessonUp:   bind("ctrl+up"),
		LessonDown: bind("ctrl+down"),
		Suspend:    bind("ctrl+z"),
	}
}()

// typingHelp is the footer while the command line is open, what matters most
// first.
func (m *Model) typingHelp() []key.Binding {
	k := typingKeys
	named := func(b key.Binding, keys string, w say.Form) key.Binding {
		b.SetHelp(keys, m.Say(w))
		return b
	}
	arrows := "↑/↓"
	if m.Theme.ASCII {
		arrows = "up/down"
	}
	run := named(k.Run, "enter", words.KeyEnterApply)
	if m.Typing.Run != nil {
		run = named(k.Stop, "ctrl+c", words.KeyStop)
	}
	return []key.Binding{
		run,
		named(k.NextNetns, "ctrl+n/p", words.KeyNetns),
		named(k.Complete, "tab", words.KeyComplete),
		named(k.Older, arrows, words.KeyHistory),
		named(k.PageUp, "pgup/pgdn", words.KeyScroll),
		named(k.LessonUp, "ctrl+"+arrows, words.Lesson),
		named(k.Clear, "ctrl+l", words.KeyClear),
	}
}
