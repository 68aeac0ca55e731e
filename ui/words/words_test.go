package words

import (
	"strings"
	"testing"

	"nstutor/chapters"
)

func TestEveryWordIsInBothLanguages(t *testing.T) {
	for w := range count {
		en, zh := texts[w][0], texts[w][1]
		if en == "" || zh == "" {
			t.Errorf("word %d: en %q, zh %q", w, en, zh)
		}
		if strings.Count(en, "%") != strings.Count(zh, "%") {
			t.Errorf("word %d: the languages take different arguments: %q, %q", w, en, zh)
		}
	}
}

func TestTheInterfaceSpeaksTheLanguagesOfTheCourse(t *testing.T) {
	if got, want := strings.Join(Langs, " "), strings.Join(chapters.Langs, " "); got != want {
		t.Errorf("interface %q, course %q", got, want)
	}
}
