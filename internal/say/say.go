// Package say has sentences that exist in every language of the program.
package say

import (
	"encoding/json"
	"fmt"
)

// Text is a sentence in English and in Chinese. The kernel's own words in it
// (names, addresses, lines of tables) are the same in both.
type Text struct {
	en, zh string // formats that take the same arguments
	args   []any
}

// T makes a sentence out of its English and its Chinese format. An argument may
// be a Text itself.
func T(en, zh string, args ...any) Text { return Text{en, zh, args} }

// Quote is something that needs no translation: a line of a table, a command.
func Quote(line any) Text { return Text{"%v", "%v", []any{line}} }

// String is the sentence in English.
func (t Text) String() string { return t.In("en") }

// In is the sentence in a language: "en" or "zh".
func (t Text) In(lang string) string {
	format := t.en
	if lang == "zh" {
		format = t.zh
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
func (t Text) IsZero() bool { return t.en == "" }

// MarshalJSON gives the English sentence: JSON is for programs.
func (t Text) MarshalJSON() ([]byte, error) { return json.Marshal(t.String()) }
