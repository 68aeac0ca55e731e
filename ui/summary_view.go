package ui

import (
	"strings"

	"nstutor/chapters"
	"nstutor/internal/progress"
	"nstutor/internal/say"
	"nstutor/steps/exercise"
	"nstutor/ui/screen"
	"nstutor/ui/words"
)

// The width from which a chapter's numbers stand behind its title, not below.
const summaryWide = 110

// summaryView draws the page over the whole body: the part of its lines that
// has the cursor, and below them the question, or the memory's complaint.
func (m *Model) summaryView(r rect) []string {
	s, t := &m.summary, m.Theme
	lines, from, to := m.summaryLines(r.w - 2)
	var below []string
	switch {
	case s.asking:
		below = []string{"", t.Warn.Render(t.G.Warn) + " " + t.Strong.Render(m.forgetQuestion())}
	case m.Warning != "":
		below = []string{"", t.Warn.Render(t.G.Warn + " " + m.Warning)}
	}
	room := r.h - 1 - len(below)
	s.top = min(max(s.top, to-room), from)
	view := screen.Scroll{Top: s.top}
	view.Extent(len(lines), room)
	s.top = view.Top
	shown := append(screen.Block(screen.Window(lines, s.top, room), r.w-2, room, t.G.Ellipsis), below...)
	return m.Frame(r.w, r.h, true, m.Say(words.Summary), m.ScrollHint(view), screen.Indent(shown))
}

// summaryLines draws all items, and tells from which to which line the one
// under the cursor goes, with the headings that are above it alone.
func (m *Model) summaryLines(w int) (lines []string, from, to int) {
	if m.summary.known == nil { // it is being read
		return nil, 0, 0
	}
	level := 0
	titles, names := m.summaryWidths()
	for i, item := range m.summary.items() {
		begin := len(lines)
		if item.kind == summaryExercises {
			lines = append(lines, "")
		}
		if item.kind == summaryExercise && item.exercise.Level != level {
			level = item.exercise.Level
			lines = append(lines, "", "  "+m.Theme.Strong.Render(m.summaryLevel(level)))
		}
		here := i == m.summary.cursor
		switch item.kind {
		case summaryExercise:
			lines = append(lines, m.exerciseLines(item.exercise, here, names, w)...)
		case summaryExercises:
			solved := 0
			for _, e := range m.summary.exercises {
				if m.summary.tried[e.Name].Best != nil {
					solved++
				}
			}
			text := say.T("%d/%d solved", "已解决 %d/%d", solved, len(m.summary.exercises))
			lines = append(lines, m.summaryBar(m.Tell(sayExercises), solved, len(m.summary.exercises), text, here, titles, w)...)
		default:
			sum := m.sumOf(item)
			lines = append(lines, m.summaryBar(m.chapterName(item), sum.Done, sum.Steps, sum.Say(), here, titles, w)...)
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
func (m *Model) chapterName(item summaryItem) string {
	if item.kind == summaryAll {
		return m.Tell(sayAllChapters)
	}
	title, _, _ := chapters.ChapterText(m.Lang, item.chapter.ID)
	return strings.TrimSpace(item.chapter.ID + "  " + title)
}

// summaryLevel is "level 1  One thing is off".
func (m *Model) summaryLevel(level int) string {
	return m.Tell(say.T("level %d  %s", "难度 %d  %s", level, exercise.LevelTitle(level)))
}

// summaryWidths are those of the longest name of a chapter and of an exercise.
func (m *Model) summaryWidths() (titles, names int) {
	for _, item := range m.summary.items() {
		if item.kind == summaryExercise {
			names = max(names, screen.Width(item.exercise.Name))
		} else if item.kind != summaryExercises {
			titles = max(titles, screen.Width(m.chapterName(item)))
		}
	}
	return max(titles, screen.Width(m.Tell(sayExercises))), names
}

// sumOf counts the steps of a chapter, or of all.
func (m *Model) sumOf(item summaryItem) progress.Sum {
	all := item.chapter.Steps
	if item.kind == summaryAll {
		all = m.summary.course.Steps()
	}
	var sum progress.Sum
	for _, step := range all {
		sum.Add(m.summary.known[step.ID])
	}
	return sum
}

// summaryBar is a name, a bar and the numbers: in one line, or in two where
// there is little room.
func (m *Model) summaryBar(name string, done, all int, text say.Text, here bool, titles, w int) []string {
	t := m.Theme
	const length = 10
	full := length * done / max(all, 1)
	if done > 0 {
		full = max(full, 1) // and the bar is full when all is done, not before
	}
	bar := t.Good.Render(strings.Repeat(t.G.Full, full)) + t.Faint.Render(strings.Repeat(t.G.Empty, length-full))
	if w >= summaryWide {
		return []string{m.summaryHead(name, here, titles) + "   " + bar + "  " + m.Tell(text)}
	}
	return []string{m.summaryHead(name, here, screen.Width(name)), "     " + bar + "  " + m.Tell(text)}
}

// summaryHead is a name with the cursor, if it stands there.
func (m *Model) summaryHead(name string, here bool, w int) string {
	t := m.Theme
	if here {
		return t.G.Cursor + " " + t.Selected.Render(screen.Fit(name, w, t.G.Ellipsis))
	}
	return "  " + t.Strong.Render(screen.Fit(name, w, t.G.Ellipsis))
}

// exerciseLines are the sign of a solved exercise, its name, its group where
// there is room, and how it went; what does not fit hangs below that.
func (m *Model) exerciseLines(e exercise.Exercise, here bool, names, w int) []string {
	t := m.Theme
	tried, known := m.summary.tried[e.Name]
	sign, text := " ", ""
	switch {
	case tried.Best != nil:
		sign, text = t.Good.Render(t.G.Ok), m.Tell(tried.Best.Say())
	case known:
		sign, text = t.G.Pending, m.Tell(say.T("tried, not solved yet", "做过，尚未解决"))
	}
	cursor, name := " ", screen.Fit(e.Name, names, t.G.Ellipsis)
	if here {
		cursor, name = t.G.Cursor, t.Selected.Render(name)
	}
	line := cursor + "   " + sign + " " + name + "  "
	if w >= summaryWide {
		line += t.Faint.Render(screen.Fit(m.Tell(progress.Group(e.Group)), 24, t.G.Ellipsis))
	}
	return screen.WrapBehind(line, text, w)
}

// forgetQuestion names what is about to be forgotten.
func (m *Model) forgetQuestion() string {
	item := m.summary.items()[m.summary.cursor]
	switch item.kind {
	case summaryChapter:
		return m.Tell(say.T("Forget chapter %s: steps, predictions, hints? y/n", "清除第 %s 章的进度：步骤、预测、提示？y/n", item.chapter.ID))
	case summaryAll:
		return m.Tell(say.T("Forget everything, in all chapters and exercises? y/n", "清除全部章节和练习的进度？y/n"))
	}
	return m.Tell(say.T("Forget the scores of all exercises? y/n", "清除所有练习的成绩？y/n"))
}
