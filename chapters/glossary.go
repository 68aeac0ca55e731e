package chapters

import (
	"strings"
	"unicode/utf8"

	"nstutor/internal/prose"
	"nstutor/internal/say"
	"nstutor/steps"
)

// Word is an entry of the glossary.
type Word struct {
	Term    string
	Aliases []string // other spellings and forms, by which it is found
	Meaning string   // Markdown
}

// Welcome is the page that a learner sees first: a title, and Markdown.
func Welcome(lang string) (title, text string, err error) {
	raw, err := read(lang, "welcome")
	if err != nil {
		return "", "", err
	}
	cut := prose.Cut(raw)
	return cut.Title, cut.Section(""), nil
}

// Glossary is the words of the course in the order in which they build on each
// other.
func Glossary(lang string) ([]Word, error) {
	raw, err := read(lang, "glossary")
	if err != nil {
		return nil, err
	}
	var words []Word
	for _, entry := range prose.Cut(raw).Sections[1:] {
		term, aliases, _ := strings.Cut(entry.Name, " | ")
		w := Word{Term: strings.TrimSpace(term), Meaning: entry.Body}
		for alias := range strings.SplitSeq(aliases, ", ") {
			if alias = strings.TrimSpace(alias); alias != "" {
				w.Aliases = append(w.Aliases, alias)
			}
		}
		if w.Term == "" || w.Meaning == "" {
			return nil, say.Err("glossary in %s: the word %q has no meaning", "%s 词汇表：%q 没有释义", lang, w.Term)
		}
		words = append(words, w)
	}
	return words, nil
}

// NewWords are the words of the glossary that a course uses for the first time in
// what is read before a step is done.
func NewWords(course steps.Course, lang, id string) []string {
	words, err := Glossary(lang)
	if err != nil {
		return nil
	}
	used := map[string]bool{}
	for _, chapter := range course {
		for i, step := range chapter.Steps {
			prose, _ := Text(lang, step.ID)
			text := prose.Look + " " + prose.Task + " " + prose.Predict.Question
			if _, intro, err := ChapterText(lang, chapter.ID); err == nil && i == 0 {
				text = intro + " " + text
			}
			var fresh []string
			for _, w := range words {
				if !used[w.Term] && w.In(text) {
					used[w.Term] = true
					fresh = append(fresh, w.Term)
				}
			}
			if step.ID == id {
				return fresh
			}
		}
	}
	return nil
}

// In says whether a text uses the word: as a whole word where it is a Latin one.
func (w Word) In(text string) bool {
	text = strings.ToLower(text)
	for _, form := range append([]string{w.Term}, w.Aliases...) {
		form = strings.ToLower(form)
		for at := 0; ; {
			i := strings.Index(text[at:], form)
			if i < 0 {
				break
			}
			before, _ := utf8.DecodeLastRuneInString(text[:at+i])
			after, _ := utf8.DecodeRuneInString(text[at+i+len(form):])
			first, _ := utf8.DecodeRuneInString(form)
			last, _ := utf8.DecodeLastRuneInString(form)
			if !(latin(first) && latin(before)) && !(latin(last) && latin(after)) {
				return true
			}
			at += i + len(form)
		}
	}
	return false
}

// latin says whether a character is part of a Latin word or of a name. A word in
// Chinese stands between others without a space.
func latin(r rune) bool {
	return r == '_' || r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z'
}
