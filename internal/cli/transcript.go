package cli

import (
	"bytes"
	"fmt"
	"io"

	"nstutor/chapters"
	"nstutor/internal/say"
	"nstutor/steps"
)

// textTranscript is for people: it prints each step as soon as it was played.
type textTranscript struct {
	w       io.Writer
	lang    string
	chapter string
	steps   int
	failed  []string
}

// The headings of a transcript.
var (
	headBefore  = say.T("before", "之前")
	headChanged = say.T("changed", "变化")
	headAfter   = say.T("after", "之后")
)

// tableWords are the tables that a step changes.
var tableWords = map[string]say.Text{
	"link": say.T("link", "网卡"), "addr": say.T("addr", "地址"), "route": say.T("route", "路由"), "neigh": say.T("neigh", "邻居"), "rule": say.T("rule", "规则"),
	"sysctl": say.T("sysctl", "内核参数"), "netns": say.T("netns", "命名空间"), "process": say.T("process", "进程"),
}

func newTextTranscript(w io.Writer, lang string) transcript {
	return &textTranscript{w: w, lang: lang}
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
	t.report(&b, headBefore, p.Before)
	fmt.Fprintf(&b, "  # %s\n", steps.Typed(p.Command))
	for _, same := range p.Command.Same {
		fmt.Fprintf(&b, "  = %s\n", same)
	}
	fmt.Fprintf(&b, "  %s\n", headChanged.In(t.lang))
	if len(p.Changes) == 0 {
		fmt.Fprintf(&b, "    %s\n", say.T("nothing", "无").In(t.lang))
	}
	for _, c := range p.Changes {
		for _, line := range changeLines(c) {
			fmt.Fprintf(&b, "    %s\n", line.In(t.lang))
		}
	}
	t.report(&b, headAfter, p.After)
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
func changeLines(c steps.Change) []say.Text {
	table, ok := tableWords[c.Table]
	if !ok {
		table = say.Quote(c.Table) // a file
	}
	var lines []say.Text
	if c.Before != "" {
		lines = append(lines, say.T("- %s %s: %s", "- %s %s：%s", c.Netns, table, c.Before))
	}
	if c.After != "" {
		lines = append(lines, say.T("+ %s %s: %s", "+ %s %s：%s", c.Netns, table, c.After))
	}
	return lines
}

func (t *textTranscript) report(w io.Writer, heading say.Text, r steps.Report) {
	if len(r.Lines) == 0 {
		return
	}
	fmt.Fprintf(w, "  %s\n", heading.In(t.lang))
	for _, line := range r.Lines {
		mark := "ok  "
		switch {
		case line.Err != nil:
			mark = "?   "
		case !line.OK:
			mark = "FAIL"
		}
		fmt.Fprintf(w, "    %s %s\n", mark, line.Promised.In(t.lang))
		if seen := seenText(line).In(t.lang); seen != "" {
			fmt.Fprintf(w, "         %s\n", seen)
		}
	}
}

func seenText(s steps.Seen) say.Text {
	if s.Err != nil {
		return say.Quote(s.Err)
	}
	return s.Seen
}

func (t *textTranscript) end(ok bool) error {
	played := say.T("%d steps", "共 %d 步", t.steps)
	if t.steps == 1 {
		played = say.T("1 step", "共 1 步")
	}
	last := say.T("%s, every promise kept", "%s，全部符合预期", played)
	if !ok {
		last = say.T("%s; promises not kept in: %v", "%s；以下步骤不符合预期：%v", played, t.failed)
	}
	_, err := fmt.Fprintln(t.w, last.In(t.lang))
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
		seen := jsonSeen{Promised: l.Promised.String(), Seen: l.Seen.String(), OK: l.OK}
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
