package chapters_test

import (
	"slices"
	"testing"

	"nstutor/chapters"
	"nstutor/internal/lab/labtest"
	"nstutor/internal/say"
)

func TestEveryLanguageExplainsTheSameWords(t *testing.T) {
	var sizes []int
	for _, lang := range say.Langs {
		title, text, err := chapters.Welcome(lang)
		if err != nil || title == "" || text == "" {
			t.Errorf("welcome in %s: %q, %v", lang, title, err)
		}
		words, err := chapters.Glossary(lang)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, w := range words {
			if seen[w.Term] {
				t.Errorf("%s: %s is explained twice", lang, w.Term)
			}
			seen[w.Term] = true
		}
		sizes = append(sizes, len(words))
	}
	if sizes[0] != sizes[1] {
		t.Errorf("the languages explain %v words", sizes)
	}
}

// TestAWordIsNewOnce: where the course uses it first.
func TestAWordIsNewOnce(t *testing.T) {
	labtest.Slow(t)
	course := chapters.All()
	for lang, want := range map[string][]string{"en": {"route", "prefix"}, "zh": {"路由", "前缀"}} {
		var all []string
		for step := range course.Steps() {
			for _, word := range chapters.NewWords(course, lang, step.ID) {
				if slices.Contains(all, word) {
					t.Errorf("%s: %s is new again in %s", lang, word, step.ID)
				}
				all = append(all, word)
			}
		}
		if len(all) < 20 {
			t.Errorf("%s: only %q are ever new", lang, all)
		}
		first := chapters.NewWords(course, lang, "0.1")
		for _, word := range want {
			if !slices.Contains(first, word) {
				t.Errorf("%s: %s is not new in 0.1: %q", lang, word, first)
			}
		}
		t.Logf("%s: %q", lang, first)
	}
}

func TestAWordIsFoundAsAWord(t *testing.T) {
	w := chapters.Word{Term: "ARP", Aliases: []string{"帧", "/24"}}
	for text, want := range map[string]bool{
		"It asks by ARP.": true, "proxy_arp": false, "a carpet": false, "arp,": true, "一个帧里": true, "192.168.6.0/24": true, "/240": false,
	} {
		if w.In(text) != want {
			t.Errorf("in %q: %v", text, !want)
		}
	}
}
