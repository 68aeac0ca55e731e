// Package say has sentences that exist in every language of the program.
package say

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Langs are the languages that the program speaks; the first is the default.
var Langs = []string{"en", "zh"}

// Locale is the language of the environment, or none.
func Locale() string {
	for _, variable := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if locale := os.Getenv(variable); locale != "" {
			return locale[:min(len(locale), 2)]
		}
	}
	return ""
}

// Form is what a sentence says, before it is known of what: its format in English
// and in Chinese, which take the same arguments. A word is one without arguments.
type Form struct{ en, zh string }

// F makes a form, for a catalogue of words.
func F(en, zh string) Form { return Form{en, zh} }

// In says it of something, in a language: "en" or "zh". An argument may be a
// Text, or an error that is told in languages.
func (f Form) In(lang string, args ...any) string {
	format := f.en
	if lang == "zh" {
		format = f.zh
	}
	said := make([]any, len(args))
	for i, arg := range args {
		said[i] = told(lang, arg)
	}
	text := fmt.Sprintf(format, said...)
	if lang == "zh" && len(args) > 0 {
		text = joined(text)
	}
	return text
}

// joined is Chinese without the spaces that its format has around names in Latin,
// where a Chinese word has come instead: none stands between two characters.
func joined(text string) string {
	var b strings.Builder
	start, before := 0, rune(0)
	for i, c := range text {
		if c == ' ' && unicode.Is(unicode.Han, before) {
			if next, _ := utf8.DecodeRuneInString(text[i+1:]); unicode.Is(unicode.Han, next) {
				b.WriteString(text[start:i])
				start = i + 1
			}
		}
		before = c
	}
	if start == 0 {
		return text
	}
	b.WriteString(text[start:])
	return b.String()
}

// Text is a sentence in English and in Chinese. The kernel's own words in it
// (names, addresses, lines of tables) are the same in both.
type Text struct {
	form Form
	args []any
}

// T makes a sentence out of its English and its Chinese format. An argument may
// be a Text itself.
func T(en, zh string, args ...any) Text { return Text{Form{en, zh}, args} }

// Of is the sentence with its arguments, as a value.
func (f Form) Of(args ...any) Text { return Text{f, args} }

// Both is a sentence that is complete in either language.
func Both(en, zh string) Text { return Text{Form{"%[1]s", "%[2]s"}, []any{en, zh}} }

// List is a list of words within a sentence.
func List(words ...string) Text { return Both(strings.Join(words, ", "), strings.Join(words, "、")) }

// Quote is something that needs no translation: a line of a table, a command. An
// error is told in the language that it has.
func Quote(line any) Text { return T("%v", "%v", line) }

// String is the sentence in English.
func (t Text) String() string { return t.In("en") }

// In is the sentence in a language: "en" or "zh".
func (t Text) In(lang string) string { return t.form.In(lang, t.args...) }

// IsZero reports whether nothing is said.
func (t Text) IsZero() bool { return t.form.en == "" }

// MarshalJSON gives the English sentence: JSON is for programs.
func (t Text) MarshalJSON() ([]byte, error) { return json.Marshal(t.String()) }
