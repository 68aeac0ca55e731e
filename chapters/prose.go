package chapters

import (
	"embed"
	"slices"
	"strings"

	"nstutor/internal/prose"
	"nstutor/internal/say"
)

//go:embed text
var texts embed.FS

// Prose is what a learner reads about one step, in one language. Look and
// After are Markdown.
type Prose struct {
	Title   string // gives nothing away
	Learned string // the title once the step is done; empty: the same
	Look    string // what to look at before the action, and why it is so
	Task    string // what is to be brought about, but not by which command
	Predict Prediction
	After   string   // what just happened, and why
	Hints   []string // from where to look to the command itself
}

// TitleOnce is the title that fits: what is learned shows once it was.
func (p Prose) TitleOnce(done bool) string {
	if done && p.Learned != "" {
		return p.Learned
	}
	return p.Title
}

// Prediction is a question with one right answer.
type Prediction struct {
	Question string
	Choices  []string
	Right    int // index into Choices
}

// Text returns the prose of the step called id.
func Text(lang, id string) (Prose, error) {
	raw, err := read(lang, id)
	if err != nil {
		return Prose{}, err
	}
	p, err := parse(raw)
	if err != nil {
		return Prose{}, say.Err("text of step %s in %s: %v", "步骤 %s 的 %s 文本：%v", id, lang, err)
	}
	return p, nil
}

// parse reads the text of a step.
func parse(raw string) (p Prose, err error) {
	text := prose.Cut(raw)
	p = Prose{
		Title: text.Title, Learned: text.Section("Learned"), Look: text.Section("Look"), Task: text.Section("Task"),
		After: text.Section("After"), Hints: text.Numbered("Hints"),
	}
	p.Predict, err = prediction(text.Section("Predict"))
	if err == nil && (p.Title == "" || p.Look == "" || p.Task == "" || p.After == "" || len(p.Hints) == 0 || slices.Contains(p.Hints, "")) {
		err = say.Err("title, Look, Task, After or Hints is missing", "缺少标题、Look、Task、After 或 Hints")
	}
	return p, err
}

// ChapterText returns the title and the introduction of a chapter.
func ChapterText(lang, chapterID string) (title, intro string, err error) {
	raw, err := read(lang, "ch"+chapterID)
	if err != nil {
		return "", "", err
	}
	text := prose.Cut(raw)
	return text.Title, text.Section(""), nil
}

func read(lang, name string) (string, error) {
	raw, err := texts.ReadFile("text/" + lang + "/" + name + ".md")
	if err != nil {
		return "", say.Err("no text for %s in language %q", "%s 没有 %q 语言的文本", name, lang)
	}
	return string(raw), nil
}

// prediction reads a question and its choices: "- (x) right", "- ( ) wrong".
func prediction(section string) (Prediction, error) {
	p := Prediction{Right: -1}
	for _, line := range strings.Split(section, "\n") {
		if choice, ok := strings.CutPrefix(line, "- (x) "); ok {
			if p.Right >= 0 {
				return p, say.Err("the prediction has two right answers", "预测题有两个正确答案")
			}
			p.Right = len(p.Choices)
			p.Choices = append(p.Choices, strings.TrimSpace(choice))
			continue
		}
		if choice, ok := strings.CutPrefix(line, "- ( ) "); ok {
			p.Choices = append(p.Choices, strings.TrimSpace(choice))
			continue
		}
		p.Question = strings.TrimSpace(p.Question + " " + line)
	}
	if p.Question == "" || p.Right < 0 || len(p.Choices) < 2 || slices.Contains(p.Choices, "") {
		return p, say.Err("the prediction needs a question, choices, and one right answer", "预测题需要问题、选项和一个正确答案")
	}
	return p, nil
}
