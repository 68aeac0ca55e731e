package cli

import (
	"io"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"nstutor/internal/progress"
	"nstutor/internal/say"
)

// barWidth is that of a chapter's bar, in cells.
const barWidth = 10

// sheet is a summary drawn for people.
type sheet struct {
	drawing
	signs sheetSigns
}

// sheetSigns tell a state without colour.
type sheetSigns struct{ full, empty, solved, tried, wrong string }

var (
	unicodeSheet = sheetSigns{"█", "░", "✓", "…", "✗"}
	asciiSheet   = sheetSigns{"#", ".", "+", "?", "x"}
)

// drawSummary writes two lines for each chapter, and one for each exercise.
func (d sheet) drawSummary(s summary) error {
	var b strings.Builder
	var all progress.Sum
	for _, c := range s.Chapters {
		sum := c.sum()
		all.AddSum(sum)
		d.drawSum(&b, c.ID+"  "+c.Title, sum, c.hinted())
	}
	d.drawSum(&b, say.T("all chapters", "全部章节").In(d.lang), all, nil)
	d.drawExercises(&b, s.Exercises)
	_, err := io.WriteString(d.w, b.String())
	return err
}

func (c chapterSummary) sum() progress.Sum {
	return progress.Sum{Steps: c.Total, Done: c.Done, Hand: c.Hand, Answered: c.Predictions.Answered, Right: c.Predictions.Right, Hints: c.Hints}
}

// hinted are the steps in which hints were read.
func (c chapterSummary) hinted() []string {
	var ids []string
	for _, step := range c.Steps {
		if step.Hints > 0 {
			ids = append(ids, step.ID)
		}
	}
	return ids
}

// drawSum writes a heading, and below it a bar and the numbers.
func (d sheet) drawSum(b *strings.Builder, heading string, sum progress.Sum, hinted []string) {
	d.behind(b, "", heading, ansi.Style{}.Bold())
	text := sum.Say()
	if len(hinted) > 0 {
		text = say.T("%s (in %s)", "%s（见 %s）", text, strings.Join(hinted, " "))
	}
	d.behind(b, "   "+d.bar(sum.Done, sum.Steps)+"  ", text.In(d.lang), nil)
}

// bar is full where all is done, and not before.
func (d sheet) bar(done, all int) string {
	full := barWidth * done / max(all, 1)
	if done > 0 {
		full = max(full, 1)
	}
	return d.painted(ansi.Style{}.ForegroundColor(ansi.Green), strings.Repeat(d.signs.full, full)) + strings.Repeat(d.signs.empty, barWidth-full)
}

// drawExercises writes a line for each exercise: the sign of a solved one, its
// name, level and group, and the best score.
func (d sheet) drawExercises(b *strings.Builder, exercises []exerciseSummary) {
	if len(exercises) == 0 {
		return
	}
	solved, names, groups := 0, 0, 0
	for _, e := range exercises {
		names = max(names, ansi.StringWidth(e.Name))
		groups = max(groups, ansi.StringWidth(d.group(e)))
		if e.Solved {
			solved++
		}
	}
	d.behind(b, "", say.T("exercises", "练习").In(d.lang), ansi.Style{}.Bold())
	d.behind(b, "   "+d.bar(solved, len(exercises))+"  ", say.T("%d/%d solved", "已解决 %d/%d", solved, len(exercises)).In(d.lang), nil)
	for _, e := range exercises {
		d.behind(b, " "+d.solvedSign(e)+" "+pad(e.Name, names)+"  "+pad(d.group(e), groups)+"  ", d.scoreText(e), nil)
	}
}

// group is where an exercise belongs: "level 2, links".
func (d sheet) group(e exerciseSummary) string {
	return say.T("level %d, %s", "难度 %d，%s", e.Level, progress.Group(e.Group)).In(d.lang)
}

func (d sheet) solvedSign(e exerciseSummary) string {
	switch {
	case e.Solved:
		return d.painted(ansi.Style{}.ForegroundColor(ansi.Green), d.signs.solved)
	case e.Tried:
		return d.signs.tried
	}
	return " "
}

func (d sheet) scoreText(e exerciseSummary) string {
	switch {
	case e.Solved:
		return e.Best.Say().In(d.lang)
	case e.Tried:
		return say.T("tried, not solved yet", "做过，尚未解决").In(d.lang)
	}
	return ""
}
