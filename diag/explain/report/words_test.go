package report

import (
	"regexp"
	"slices"
	"testing"
)

var verb = regexp.MustCompile(`%[^%]`)

// TestTheReportHasEveryWord: in both languages, with the same verbs.
func TestTheReportHasEveryWord(t *testing.T) {
	for word, texts := range words {
		if texts[0] == "" || texts[1] == "" {
			t.Errorf("word %d lacks a language: %q", word, texts)
		}
		if !slices.Equal(verb.FindAllString(texts[0], -1), verb.FindAllString(texts[1], -1)) {
			t.Errorf("word %d: %q and %q take other arguments", word, texts[0], texts[1])
		}
	}
}
