package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"nstutor/chapters"
	"nstutor/internal/say"
	"nstutor/steps"
)

// handout is a lesson on paper, for a class: what to read, the question, and room
// for the answers, as Markdown. With the answers it is the teacher's.
type handout struct {
	b       strings.Builder
	lang    string
	answers bool
}

// blankLines are those to write what was seen on.
const blankLines = 3

// writeHandout prints the chosen steps of a course. It takes no lab.
func writeHandout(w io.Writer, course steps.Course, ids []string, lang string, answers bool) error {
	h := &handout{lang: lang, answers: answers}
	for _, chapter := range course {
		chosen := slices.DeleteFunc(slices.Clone(chapter.Steps), func(s steps.Step) bool { return !slices.Contains(ids, s.ID) })
		if len(chosen) == 0 {
			continue
		}
		title, intro, err := chapters.ChapterText(lang, chapter.ID)
		if err != nil {
			return err
		}
		h.paragraph("# " + chapter.ID + "  " + title)
		if len(chosen) == len(chapter.Steps) {
			h.paragraph(intro)
		}
		for _, step := range chosen {
			if err := h.step(step); err != nil {
				return err
			}
		}
	}
	_, err := io.WriteString(w, strings.TrimRight(h.b.String(), "\n")+"\n")
	return err
}

func (h *handout) paragraph(text string) { h.b.WriteString(text + "\n\n") }

func (h *handout) say(text say.Text) string { return text.In(h.lang) }

// step is one step: everything that is read before it is done, and with the answers
// what comes of it.
func (h *handout) step(step steps.Step) error {
	prose, err := chapters.Text(h.lang, step.ID)
	if err != nil {
		return err
	}
	h.paragraph("## " + step.ID + "  " + prose.TitleOnce(h.answers))
	h.paragraph(prose.Look)
	h.paragraph("**" + h.say(say.T("To do", "要做")) + "** " + prose.Task)
	h.paragraph("**" + h.say(say.T("Your guess", "你的预测")) + "** " + prose.Predict.Question)
	for i, choice := range prose.Predict.Choices {
		box := "[ ]"
		if h.answers && i == prose.Predict.Right {
			box = "[x]"
		}
		fmt.Fprintf(&h.b, "- %s %s\n", box, choice)
	}
	h.b.WriteString("\n")
	if !h.answers {
		h.room()
		return nil
	}
	h.paragraph("**" + h.say(say.T("The command", "命令")) + "**")
	h.paragraph("```sh\n" + steps.Typed(step.Action.Change(nil).Command()) + "\n```")
	h.paragraph("**" + h.say(say.T("What it shows", "说明")) + "** " + prose.After)
	return nil
}

// room is where to write the command and what was seen.
func (h *handout) room() {
	h.paragraph("**" + h.say(say.T("Your command", "你的命令")) + "**")
	h.paragraph(strings.Repeat(`\_`, 60))
	h.paragraph("**" + h.say(say.T("What you saw, and why", "看到了什么，为什么")) + "**")
	for range blankLines {
		h.paragraph(strings.Repeat(`\_`, 60))
	}
}
