package cli

import (
	"bytes"
	"fmt"
	"io"

	"nstutor/chapters"
	"nstutor/steps"
)

// textTranscript is for people: it prints each step as soon as it was played.
type textTranscript struct {
	w       io.Writer
	lang    string
	words   transcriptWords
	chapter string
	steps   int
	failed  []string
}

// transcriptWords are the headings of a transcript in one language.
type transcriptWords struct{ before, changed, after, nothing, all, failed string }

var transcriptLangs = map[string]transcriptWords{
	"en": {"before", "changed", "after", "nothing", "%d steps, every promise kept\n", "%d steps; promises not kept in: %v\n"},
	"zh": {"之前", "变化", "之后", "无", "共 %d 步，全部符合承诺\n", "共 %d 步；以下步骤与承诺不符：%v\n"},
}

func newTextTranscript(w io.Writer, lang string) transcript {
	return &textTranscript{w: w, lang: lang, words: transcriptLangs[lang]}
}

func (t *textTranscript) step(p played) error {
	var b bytes.Buffer
	if p.Chapter != t.chapter {
		title, _, err := chapters.ChapterText(t.lang, p.Chapter)
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "== %s  %s ==\n\n", p.Chapter, title)
		t.chapter = p.Chapter
	}
	prose, err := chapters.Text(t.lang, p.Step.ID)
	if err != nil {
		return err
	}
	fmt.Fprintf(&b, "%s  %s\n", p.Step.ID, prose.TitleOnce(true))
	t.report(&b, t.words.before, p.Before)
	fmt.Fprintf(&b, "  # %s\n", steps.Typed(p.Command))
	for _, same := range p.Command.Same {
		fmt.Fprintf(&b, "  = %s\n", same)
	}
	fmt.Fprintf(&b, "  %s\n", t.words.changed)
	if len(p.Changes) == 0 {
		fmt.Fprintf(&b, "    %s\n", t.words.nothing)
	}
	for _, c := range p.Changes {
		for _, line := range changeLines(c) {
			fmt.Fprintf(&b, "    %s\n", line)
		}
	}
	t.report(&b, t.words.after, p.After)
	fmt.Fprintln(&b)
	t.steps++
	if !p.ok() {
		t.failed = append(t.failed, p.Step.ID)
	}
	_, err = t.w.Write(b.Bytes())
	return err
}

// changeLines print a change as a diff does; something that changed in place
// is one line gone and one come.
func changeLines(c steps.Change) []string {
	var lines []string
	if c.Before != "" {
		lines = append(lines, fmt.Sprintf("- %s %s: %s", c.Netns, c.Table, c.Before))
	}
	if c.After != "" {
		lines = append(lines, fmt.Sprintf("+ %s %s: %s", c.Netns, c.Table, c.After))
	}
	return lines
}

func (t *textTranscript) report(w io.Writer, heading string, r steps.Report) {
	if len(r.Lines) == 0 {
		return
	}
	fmt.Fprintf(w, "  %s\n", heading)
	for _, line := range r.Lines {
		mark := "ok  "
		switch {
		case line.Err != nil:
			mark = "?   "
		case !line.OK:
			mark = "FAIL"
		}
		fmt.Fprintf(w, "    %s %s\n", mark, line.Promised)
		if seen := seenText(line); seen != "" {
			fmt.Fprintf(w, "         %s\n", seen)
		}
	}
}

func seenText(s steps.Seen) string {
	if s.Err != nil {
		return s.Err.Error()
	}
	return s.Seen
}

func (t *textTranscript) end(ok bool) error {
	if ok {
		_, err := fmt.Fprintf(t.w, t.words.all, t.steps)
		return err
	}
	_, err := fmt.Fprintf(t.w, t.words.failed, t.steps, t.failed)
	return err
}

// The JSON form: schema 1, one document.
type (
	jsonRun struct {
		Schema int        `json:"schema"`
		OK     bool       `json:"ok"`
		Steps  []jsonStep `json:"steps"`
	}
	jsonStep struct {
		Chapter string       `json:"chapter"`
		Step    string       `json:"step"`
		Title   string       `json:"title"`
		OK      bool         `json:"ok"`
		Netns   string       `json:"netns"`
		Command string       `json:"command"`
		Same    []string     `json:"same"`
		Before  []jsonSeen   `json:"before"`
		Changes []jsonChange `json:"changes"`
		After   []jsonSeen   `json:"after"`
	}
	jsonSeen struct {
		Promised string `json:"promised"`
		Seen     string `json:"seen"`
		OK       bool   `json:"ok"`
		Error    string `json:"error,omitempty"`
	}
	jsonChange struct {
		Netns  string `json:"netns"`
		Table  string `json:"table"`
		Before string `json:"before,omitempty"`
		After  string `json:"after,omitempty"`
	}
)

type jsonTranscript struct {
	w    io.Writer
	lang string
	run  jsonRun
}

func newJSONTranscript(w io.Writer, lang string) transcript {
	return &jsonTranscript{w: w, lang: lang, run: jsonRun{Schema: 1, Steps: []jsonStep{}}}
}

func (t *jsonTranscript) step(p played) error {
	prose, err := chapters.Text(t.lang, p.Step.ID)
	if err != nil {
		return err
	}
	s := jsonStep{
		Chapter: p.Chapter, Step: p.Step.ID, Title: prose.TitleOnce(true), OK: p.ok(),
		Netns: p.Command.Netns, Command: steps.Typed(p.Command), Same: append([]string{}, p.Command.Same...),
		Before: jsonReport(p.Before), Changes: []jsonChange{}, After: jsonReport(p.After),
	}
	for _, c := range p.Changes {
		s.Changes = append(s.Changes, jsonChange{c.Netns, c.Table, c.Before, c.After})
	}
	t.run.Steps = append(t.run.Steps, s)
	return nil
}

func jsonReport(r steps.Report) []jsonSeen {
	lines := []jsonSeen{}
	for _, l := range r.Lines {
		seen := jsonSeen{Promised: l.Promised, Seen: l.Seen, OK: l.OK}
		if l.Err != nil {
			seen.Error = l.Err.Error()
		}
		lines = append(lines, seen)
	}
	return lines
}

func (t *jsonTranscript) end(ok bool) error {
	t.run.OK = ok
	return writeJSON(t.w, t.run)
}
