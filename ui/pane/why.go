package pane

import (
	"cmp"
	"errors"

	"nstutor/diag/explain"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/report"
	"nstutor/diag/resolve"
	"nstutor/internal/say"
	"nstutor/internal/session"
	"nstutor/internal/wrap"
	"nstutor/ui/screen"
	"nstutor/ui/words"
)

// Why is the answer to why the ping hangs.
type Why struct {
	base
	lesson *Lesson // whose lower end stays
}

// View draws the answer in the lesson's place. What enter does stays below
// it, as it does below the lesson.
func (v *Why) View(focused bool) []string {
	pinned := v.lesson.pinned(v.w-2, 0)
	room := max(0, v.h-1-len(pinned))
	lines := v.whyLines(v.w - 2)
	answered := len(lines)
	lines = append(lines, v.stampLines(v.w-2)...)
	view := &v.Scroll
	view.Extent(len(lines), room)
	v.lesson.unread = view.Top+room < answered // nobody waits for the stamp
	pinned = v.lesson.pinned(v.w-2, 0)
	body := screen.Block(screen.Window(lines, view.Top, room), v.w-2, room, v.Theme.G.Ellipsis)
	return v.frame(focused, v.whyTitle(), v.ScrollHint(*view), append(body, pinned...))
}

func (v *Why) whyTitle() string {
	q := v.Why.About
	if q.To == "" {
		return v.Say(words.Why)
	}
	return v.Say(words.Why) + " " + v.Theme.G.Dot + " " + q.Netns + " " + q.Command()
}

// whyLines is the answer, w cells wide, or why there is none.
func (v *Why) whyLines(w int) []string {
	t := v.Theme
	switch {
	case v.Why.About.To == "":
		return wrap.Text(t.Faint.Render(v.Say(words.WhyNoPing)), w)
	case v.Network.Gone(v.Why.About.Netns):
		return wrap.Behind(v.verdictSign(hop.Fail)+" ", t.Bad.Render(v.Say(words.WhyGone, say.Clean(v.Why.About.Netns))), w)
	case v.Why.Err != nil:
		return wrap.Behind(v.verdictSign(hop.Fail)+" ", t.Bad.Render(v.whyNot()), w)
	case v.Why.Answer == nil:
		return wrap.Text(t.Faint.Render(t.G.Wait+" "+v.Say(words.WhyLooking)), w)
	}
	column := 0
	for _, line := range v.Why.Lines {
		column = max(column, screen.Width(line.Netns))
	}
	var lines []string
	for _, line := range v.Why.Lines {
		lines = append(lines, v.reportLines(line, column, w)...)
		if line.Kind == report.Verdict {
			lines = append(lines, v.pingAgainst(w)...)
		}
	}
	return lines
}

// stampLines are what came of trying the fix.
func (v *Why) stampLines(w int) (lines []string) {
	for _, line := range v.Why.Stamp {
		lines = append(lines, v.reportLines(line, 0, w)...)
	}
	return lines
}

// whyNot says in one sentence why there is no answer.
func (v *Why) whyNot() string {
	said := v.Trouble(v.Why.Err)
	var name *resolve.Error
	if errors.As(v.Why.Err, &name) {
		return v.Say(words.WhyNoName, said)
	}
	return v.Say(words.WhyFailed, said)
}

// pingAgainst is what the ping says itself, and a warning when that is not
// what was predicted.
func (v *Why) pingAgainst(w int) []string {
	lines := wrap.Behind("  ", v.pingWords(), w)
	if v.Why.Odds >= session.OddsToTell {
		t := v.Theme
		lines = append(lines, wrap.Behind(t.Warn.Render(t.G.Warn)+" ", t.Warn.Render(v.Say(words.WhyDisagree)), w)...)
	}
	return lines
}

// reportLines draws one line of the report; the names of namespaces take
// column cells.
func (v *Why) reportLines(line report.Line, column, w int) []string {
	t := v.Theme
	switch line.Kind {
	case report.Blank:
		return []string{""}
	case report.Verdict:
		return wrap.Behind(v.verdictSign(v.whyVerdict())+" ", t.Strong.Render(line.Text), w)
	case report.Heading:
		text := t.Strong.Render(line.Text)
		if line.Leg == flows.LegRequest {
			text += t.Faint.Render("  " + v.Say(words.WhySigns))
		}
		return wrap.Text(text, w)
	case report.Hop, report.Behind:
		observed := " "
		if line.Observed != hop.Unknown {
			observed = v.verdictSign(line.Observed)
		}
		lead := v.verdictSign(line.Predicted) + observed + " "
		if line.Netns != "" {
			lead += screen.Fit(line.Netns, column, "") + "  "
		}
		return wrap.Behind(lead, line.Text, w)
	case report.Fix:
		return v.ShellLines(t.Faint.Render("$ "), line.Text, w)
	case report.Trial:
		if line.Predicted == "" {
			break
		}
		return wrap.Behind(v.verdictSign(line.Predicted)+" ", line.Text, w)
	case report.Unseen:
		return wrap.Behind("? ", t.Faint.Render(line.Text), w)
	}
	return wrap.Behind("  ", line.Text, w)
}

// whyVerdict is the answer in a word.
func (v *Why) whyVerdict() hop.Disposition {
	return cmp.Or(map[explain.Verdict]hop.Disposition{explain.Delivered: hop.OK, explain.Broken: hop.Fail}[v.Why.Answer.Verdict], hop.Unknown)
}

// verdictSign is a word of the answer as a sign, in its colour.
func (v *base) verdictSign(word hop.Disposition) string {
	t := v.Theme
	switch word {
	case hop.OK:
		return t.Good.Render(t.G.Ok)
	case hop.Fail:
		return t.Bad.Render(t.G.Bad)
	}
	return t.Warn.Render("?")
}
