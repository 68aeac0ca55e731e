package pane

import (
	"strings"

	"nstutor/chapters"
	"nstutor/internal/progress"
	"nstutor/internal/say"
	"nstutor/internal/wrap"
	"nstutor/steps"
	"nstutor/steps/exercise"
	"nstutor/ui/screen"
	"nstutor/ui/words"
)

// The width from which a chapter's numbers stand behind its title, not below.
const summaryWide = 110

// View draws the page over the whole body: the part of its lines that
// has the cursor, and below them the question, or the memory's complaint.
func (v *Summary) View() []string {
	s, t := v, v.Theme
	lines, from, to := v.summaryLines(v.w - 2)
	var below []string
	switch {
	case s.Asking:
		below = []string{"", t.Warn.Render(t.G.Warn) + " " + t.Strong.Render(v.forgetQuestion())}
	case !v.Warning.IsZero():
		below = []string{"", t.Warn.Render(t.G.Warn + " " + v.Warning.In(v.Lang))}
	}
	room := v.h - 1 - len(below)
	s.top = min(max(s.top, to-room), from)
	view := screen.Scroll{Top: s.top}
	view.Extent(len(lines), room)
	s.top = view.Top
	shown := append(screen.Block(screen.Window(lines, s.top, room), v.w-2, room, t.G.Ellipsis), below...)
	return v.frame(true, v.Say(words.Summary), v.ScrollHint(view), shown)
}

// summaryLines draws all items, and tells from which to which line the one
// under the cursor goes, with the headings that are above it alone.
func (v *Summary) summaryLines(w int) (lines []string, from, to int) {
	if v.known == nil { // it is being read
		return nil, 0, 0
	}
	level := 0
	titles, names := v.summaryWidths()
	for i, item := range v.Items() {
		begin := len(lines)
		if item.Kind == ItemExercises {
			lines = append(lines, "")
		}
		if item.Kind == ItemExercise && item.Exercise.Level != level {
			level = item.Exercise.Level
			lines = append(lines, "", "  "+v.Theme.Strong.Render(v.summaryLevel(level)))
		}
		here := i == v.Cursor
		switch item.Kind {
		case ItemExercise:
			lines = append(lines, v.exerciseLines(item.Exercise, here, names, w)...)
		case ItemExercises:
			solved := 0
			for _, e := range v.Exercises {
				if v.tried[e.Name].Best != nil {
					solved++
				}
			}
			text := say.T("%d/%d solved", "已解决 %d/%d", solved, len(v.Exercises))
			lines = append(lines, v.summaryBar(v.Tell(sayExercises), solved, len(v.Exercises), text, here, titles, w)...)
		default:
			sum := v.sumOf(item)
			lines = append(lines, v.summaryBar(v.chapterName(item), sum.Done, sum.Steps, sum.Say(), here, titles, w)...)
		}
		if here {
			from, to = begin, len(lines)
		}
	}
	return lines, from, to
}

var (
	sayExercises   = say.T("exercises", "练习")
	sayAllChapters = say.T("all chapters", "全部章节")
)

// chapterName is "2  The node and the pod".
func (v *Summary) chapterName(item Item) string {
	if item.Kind == ItemAll {
		return v.Tell(sayAllChapters)
	}
	title, _, _ := chapters.ChapterText(v.Lang, item.Chapter.ID)
	return strings.TrimSpace(item.Chapter.ID + "  " + title)
}

// summaryLevel is "level 1  One thing is off".
func (v *Summary) summaryLevel(level int) string {
	return v.Tell(say.T("level %d  %s", "难度 %d  %s", level, exercise.LevelTitle(level)))
}

// summaryWidths are those of the longest name of a chapter and of an exercise.
func (v *Summary) summaryWidths() (titles, names int) {
	for _, item := range v.Items() {
		if item.Kind == ItemExercise {
			names = max(names, screen.Width(item.Exercise.Name))
		} else if item.Kind != ItemExercises {
			titles = max(titles, screen.Width(v.chapterName(item)))
		}
	}
	return max(titles, screen.Width(v.Tell(sayExercises))), names
}

// sumOf counts the steps of a chapter, or of all.
func (v *Summary) sumOf(item Item) progress.Sum {
	course := steps.Course{item.Chapter}
	if item.Kind == ItemAll {
		course = v.Chapters
	}
	var sum progress.Sum
	for step := range course.Steps() {
		sum.Add(v.known[step.ID])
	}
	return sum
}

// summaryBar is a name, a bar and the numbers: in one line, or in two where
// there is little room.
func (v *Summary) summaryBar(name string, done, all int, text say.Text, here bool, titles, w int) []string {
	t := v.Theme
	const length = 10
	full := length * done / max(all, 1)
	if done > 0 {
		full = max(full, 1) // and the bar is full when all is done, not before
	}
	bar := t.Good.Render(strings.Repeat(t.G.Full, full)) + t.Faint.Render(strings.Repeat(t.G.Empty, length-full))
	if w >= summaryWide {
		return []string{v.summaryHead(name, here, titles) + "   " + bar + "  " + v.Tell(text)}
	}
	return []string{v.summaryHead(name, here, screen.Width(name)), "     " + bar + "  " + v.Tell(text)}
}

// summaryHead is a name with the cursor, if it stands there.
func (v *Summary) summaryHead(name string, here bool, w int) string {
	t := v.Theme
	if here {
		return t.G.Cursor + " " + t.Selected.Render(screen.Fit(name, w, t.G.Ellipsis))
	}
	return "  " + t.Strong.Render(screen.Fit(name, w, t.G.Ellipsis))
}

// exerciseLines are the sign of a solved exercise, its name, its group where
// there is room, and how it went; what does not fit hangs below that.
func (v *Summary) exerciseLines(e exercise.Exercise, here bool, names, w int) []string {
	t := v.Theme
	tried, known := v.tried[e.Name]
	sign, text := " ", ""
	switch {
	case tried.Best != nil:
		sign, text = t.Good.Render(t.G.Ok), v.Tell(tried.Best.Say())
	case known:
		sign, text = t.G.Pending, v.Tell(say.T("tried, not solved yet", "做过，尚未解决"))
	}
	cursor, name := " ", screen.Fit(e.Name, names, t.G.Ellipsis)
	if here {
		cursor, name = t.G.Cursor, t.Selected.Render(name)
	}
	line := cursor + "   " + sign + " " + name + "  "
	if w >= summaryWide {
		line += t.Faint.Render(screen.Fit(v.Tell(progress.Group(e.Group)), 24, t.G.Ellipsis))
	}
	return wrap.Behind(line, text, w)
}

// forgetQuestion names what is about to be forgotten.
func (v *Summary) forgetQuestion() string {
	item := v.Items()[v.Cursor]
	switch item.Kind {
	case ItemChapter:
		return v.Tell(say.T("Forget chapter %s: steps, predictions, hints? y/n", "清除第 %s 章的进度：步骤、预测、提示？y/n", item.Chapter.ID))
	case ItemAll:
		return v.Tell(say.T("Forget everything, in all chapters and exercises? y/n", "清除全部章节和练习的进度？y/n"))
	}
	return v.Tell(say.T("Forget the scores of all exercises? y/n", "清除所有练习的成绩？y/n"))
}
