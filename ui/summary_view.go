package ui

import (
	"strings"

	"nstutor/chapters"
	"nstutor/internal/progress"
	"nstutor/internal/say"
	"nstutor/steps/exercise"
)

// The width from which a chapter's numbers stand behind its title, not below.
const summaryWide = 110

// summaryView draws the page over the whole body: the part of its lines that
// has the cursor, and below them the question, or the memory's complaint.
func (m *Model) summaryView(r rect) []string {
	s, t := &m.summary, m.theme
	lines, from, to := m.summaryLines(r.w - 2)
	var below []string
	switch {
	case s.asking:
		below = []string{"", t.warn.Render(t.g.warn) + " " + t.strong.Render(m.forgetQuestion())}
	case !m.warning.IsZero():
		below = []string{"", t.warn.Render(t.g.warn + " " + m.warning.In(m.lang))}
	}
	room := r.h - 1 - len(below)
	s.top = min(max(s.top, to-room), from)
	view := scroll{top: s.top}
	view.extent(len(lines), room)
	s.top = view.top
	shown := append(block(window(lines, s.top, room), r.w-2, room, t.g.ellipsis), below...)
	return m.frame(r, true, m.say(wSummary), m.scrollHint(view), indent(shown))
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
			lines = append(lines, "", "  "+m.theme.strong.Render(m.summaryLevel(level)))
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
			lines = append(lines, m.summaryBar(m.tell(sayExercises), solved, len(m.summary.exercises), text, here, titles, w)...)
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
		return m.tell(sayAllChapters)
	}
	title, _, _ := chapters.ChapterText(m.lang, item.chapter.ID)
	return strings.TrimSpace(item.chapter.ID + "  " + title)
}

// summaryLevel is "level 1  One thing is off".
func (m *Model) summaryLevel(level int) string {
	return m.tell(say.T("level %d  %s", "难度 %d  %s", level, exercise.LevelTitle(level)))
}

// summaryWidths are those of the longest name of a chapter and of an exercise.
func (m *Model) summaryWidths() (titles, names int) {
	for _, item := range m.summary.items() {
		if item.kind == summaryExercise {
			names = max(names, width(item.exercise.Name))
		} else if item.kind != summaryExercises {
			titles = max(titles, width(m.chapterName(item)))
		}
	}
	return max(titles, width(m.tell(sayExercises))), names
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
	t := m.theme
	const length = 10
	full := length * done / max(all, 1)
	if done > 0 {
		full = max(full, 1) // and the bar is full when all is done, not before
	}
	bar := t.good.Render(strings.Repeat(t.g.full, full)) + t.faint.Render(strings.Repeat(t.g.empty, length-full))
	if w >= summaryWide {
		return []string{m.summaryHead(name, here, titles) + "   " + bar + "  " + m.tell(text)}
	}
	return []string{m.summaryHead(name, here, width(name)), "     " + bar + "  " + m.tell(text)}
}

// summaryHead is a name with the cursor, if it stands there.
func (m *Model) summaryHead(name string, here bool, w int) string {
	t := m.theme
	if here {
		return t.g.cursor + " " + t.selected.Render(fit(name, w, t.g.ellipsis))
	}
	return "  " + t.strong.Render(fit(name, w, t.g.ellipsis))
}

// exerciseLines are the sign of a solved exercise, its name, its group where
// there is room, and how it went; what does not fit hangs below that.
func (m *Model) exerciseLines(e exercise.Exercise, here bool, names, w int) []string {
	t := m.theme
	tried, known := m.summary.tried[e.Name]
	sign, text := " ", ""
	switch {
	case tried.Best != nil:
		sign, text = t.good.Render(t.g.ok), m.tell(tried.Best.Say())
	case known:
		sign, text = t.g.pending, m.tell(say.T("tried, not solved yet", "做过，尚未解决"))
	}
	cursor, name := " ", fit(e.Name, names, t.g.ellipsis)
	if here {
		cursor, name = t.g.cursor, t.selected.Render(name)
	}
	line := cursor + "   " + sign + " " + name + "  "
	if w >= summaryWide {
		line += t.faint.Render(fit(m.tell(progress.Group(e.Group)), 24, t.g.ellipsis))
	}
	return wrapBehind(line, text, w)
}

// forgetQuestion names what is about to be forgotten.
func (m *Model) forgetQuestion() string {
	item := m.summary.items()[m.summary.cursor]
	switch item.kind {
	case summaryChapter:
		return m.tell(say.T("Forget chapter %s: steps, predictions, hints? y/n", "清除第 %s 章的进度：步骤、预测、提示？y/n", item.chapter.ID))
	case summaryAll:
		return m.tell(say.T("Forget everything, in all chapters and exercises? y/n", "清除全部章节和练习的进度？y/n"))
	}
	return m.tell(say.T("Forget the scores of all exercises? y/n", "清除所有练习的成绩？y/n"))
}

// tell is a text in the learner's language.
func (m *Model) tell(text say.Text) string { return text.In(m.lang) }
