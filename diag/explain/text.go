package explain

import (
	"cmp"
	"encoding/json"
	"fmt"
)

// Text is a sentence that exists in every language of the program. The kernel's
// own words in it (names, addresses, lines of tables) are the same in all.
type Text struct {
	format string // the English one, which is also its name in the catalogue
	args   []any
}

// say makes a sentence. An argument may be a Text itself.
func say(format string, args ...any) Text { return Text{format, args} }

// String is the sentence in English.
func (t Text) String() string { return t.In("en") }

// In is the sentence in a language: "en" or "zh".
func (t Text) In(lang string) string {
	format := t.format
	if lang == "zh" {
		format = cmp.Or(chinese[t.format], t.format)
	}
	args := make([]any, len(t.args))
	for i, arg := range t.args {
		if inner, ok := arg.(Text); ok {
			arg = inner.In(lang)
		}
		args[i] = arg
	}
	return fmt.Sprintf(format, args...)
}

// IsZero reports whether nothing is said.
func (t Text) IsZero() bool { return t.format == "" }

// MarshalJSON gives the English sentence: JSON is for programs.
func (t Text) MarshalJSON() ([]byte, error) { return json.Marshal(t.String()) }

// quote is a line of the kernel's tables, or an error of its, as a sentence.
func quote(line any) Text { return say("%s", line) }

// title is what a sentence calls the namespace.
func (n *Node) title() Text {
	if n.Name == "" {
		return say("this namespace")
	}
	return quote(n.Name)
}
