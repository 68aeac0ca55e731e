// Package exercises are the break-and-fix exercises of the course, and their
// prose.
package exercises

import (
	"embed"
	"slices"
	"strings"
	"text/template"

	"nstutor/internal/prose"
	"nstutor/internal/say"
	"nstutor/steps"
	"nstutor/steps/exercise"
)

// registry is filled by the files of this package, a group each.
var registry []exercise.Exercise

// add puts exercises into the registry:
//
//	var _ = add(deadVeth, …)
func add(list ...exercise.Exercise) bool {
	registry = append(registry, list...)
	return true
}

// groups are the groups in the order in which they are learned.
var groups = []string{"links", "arp", "routes", "return", "forwarding", "nat", "services", "mtu", "challenge"}

// All is every exercise that this kernel can make: by level, then by group.
func All() []exercise.Exercise {
	all := slices.DeleteFunc(slices.Clone(registry), func(e exercise.Exercise) bool { return !steps.Possible(e.Needs) })
	slices.SortStableFunc(all, func(a, b exercise.Exercise) int {
		if a.Level != b.Level {
			return a.Level - b.Level
		}
		return slices.Index(groups, a.Group) - slices.Index(groups, b.Group)
	})
	return all
}

// Find is the exercise of a name.
func Find(name string) (exercise.Exercise, bool) {
	i := slices.IndexFunc(registry, func(e exercise.Exercise) bool { return e.Name == name })
	if i < 0 {
		return exercise.Exercise{}, false
	}
	return registry[i], true
}

//go:embed text
var texts embed.FS

// Prose is what a learner reads about one exercise. Symptom and Solved are
// Markdown.
type Prose struct {
	Title   string
	Symptom string   // as a colleague reports it
	Solved  string   // what it was, and why; only after it is solved
	Hints   []string // may be empty: then the kernel's state gives them
}

// Text is the prose of an exercise in a language, with the names and addresses
// of this variation.
func Text(lang string, e exercise.Exercise, vars map[string]string) (Prose, error) {
	name := e.Name
	raw, ok := e.Texts[lang]
	if e.Texts == nil {
		text, err := texts.ReadFile("text/" + lang + "/" + name + ".md")
		raw, ok = string(text), err == nil
	}
	if !ok {
		return Prose{}, say.Err("no text for the exercise %s in language %q", "练习 %s 没有 %q 语言的文本", name, lang)
	}
	if e.Texts == nil { // a stranger's text is no template
		var err error
		if raw, err = fill(lang+"/"+name, raw, vars); err != nil {
			return Prose{}, err
		}
	}
	p, err := parse(raw)
	if err != nil {
		return Prose{}, say.Err("text of the exercise %s in %s: %v", "练习 %s 的 %s 文本：%v", name, lang, err)
	}
	return p, nil
}

// parse reads the text of an exercise.
func parse(text string) (Prose, error) {
	cut := prose.Cut(text)
	p := Prose{Title: cut.Title, Symptom: cut.Section("Symptom"), Solved: cut.Section("Solved"), Hints: cut.Numbered("Hints")}
	if p.Title == "" || p.Symptom == "" || p.Solved == "" || slices.Contains(p.Hints, "") {
		return Prose{}, say.Err("title, Symptom, Solved or a hint is missing", "缺少标题、Symptom、Solved 或提示")
	}
	return p, nil
}

// fill puts the variation's words in. A word that the variation does not have
// is an error.
func fill(name, text string, vars map[string]string) (string, error) {
	t, err := template.New(name).Option("missingkey=error").Parse(text)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	if err := t.Execute(&b, vars); err != nil {
		return "", err
	}
	return b.String(), nil
}
