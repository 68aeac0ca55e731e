package cli

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"nstutor/chapters"
	"nstutor/internal/progress"
	"nstutor/internal/say"
	"nstutor/steps"
)

// What can be forgotten besides a chapter.
const (
	resetExercises = "exercises"
	resetAll       = "all"
)

// progressReset forgets a part of what the learner has done.
func (a *app) progressReset() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:   "reset [CHAPTER | exercises | all]",
		Short: a.say("Forget a chapter, all exercises, or everything", "清除一章、所有练习或全部进度"),
		Long: a.say(`Forget what was done: of a chapter its steps, predictions and hints; of the
exercises their scores; or all of it. The language stays.

On a terminal it asks first.`, `清除做过的内容：一章的步骤、预测和提示；练习的成绩；或者全部。语言保留。

在终端上会先确认。`),
		Example: `  nstutor progress reset 2
  nstutor progress reset exercises
  nstutor progress reset all --yes`,
		RunE: func(cmd *cobra.Command, args []string) error {
			what, err := chooseReset(chapters.All(), args)
			if err != nil {
				return err
			}
			memory := progress.Load(progress.Path())
			if err := memory.Unread(); err != nil {
				return err
			}
			a.warn(memory)
			if !yes {
				if !isatty.IsTerminal(os.Stdin.Fd()) {
					return say.Err("nobody can be asked here whether to forget %s: add --yes", "这里无法确认是否清除%s：请加上 --yes", what.name)
				}
				if err := confirm(cmd.Context(), what.name, a.lang); err != nil {
					return err
				}
			}
			if err := what.forget(memory); err != nil {
				return err
			}
			_, err = fmt.Println(say.T("Forgotten: %s.", "已清除：%s。", what.name).In(a.lang))
			return err
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, a.say("do not ask", "不再确认"))
	return cmd
}

// oblivion is a part of the progress that can be forgotten.
type oblivion struct {
	name   say.Text
	forget func(*progress.Progress) error
}

// chooseReset reads the argument.
func chooseReset(course steps.Course, args []string) (oblivion, error) {
	if len(args) != 1 {
		return oblivion{}, say.Err("reset takes one thing to forget: %s", "reset 需要且只需要指定一项要清除的内容：%s", resettable(course))
	}
	switch args[0] {
	case resetExercises:
		return oblivion{say.T("the scores of all exercises", "所有练习的成绩"), func(p *progress.Progress) error { return p.ResetExercises(exerciseNames()...) }}, nil
	case resetAll:
		return oblivion{say.T("all progress", "全部进度"), (*progress.Progress).ResetAll}, nil
	}
	for _, chapter := range course {
		if !strings.EqualFold(chapter.ID, args[0]) {
			continue
		}
		en, _, err := chapters.ChapterText("en", chapter.ID)
		zh, _, err2 := chapters.ChapterText("zh", chapter.ID)
		name := say.T("chapter %s, \"%s\"", "第 %s 章《%s》", chapter.ID, say.Both(en, zh))
		return oblivion{name, func(p *progress.Progress) error { return p.Reset(stepIDs(chapter)...) }}, cmp.Or(err, err2)
	}
	return oblivion{}, say.Err("%q is no chapter: choose %s", "没有 %q 这一章：请从 %s 中选择", args[0], resettable(course))
}

// resettable lists what can be forgotten: "0, 1, 2, exercises or all".
func resettable(course steps.Course) say.Text {
	var names []string
	for _, chapter := range course {
		names = append(names, chapter.ID)
	}
	return enumerated(append(names, resetExercises, resetAll), say.T("or", "或"))
}

// confirm asks on the terminal, and is an error unless the answer is yes. It
// does not wait longer than ctx.
func confirm(ctx context.Context, what say.Text, lang string) error {
	fmt.Fprint(os.Stderr, say.T("Forget %s? This cannot be undone. [y/N] ", "清除%s？此操作无法撤销。[y/N] ", what).In(lang))
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(os.Stdin).ReadString('\n')
		answer <- line
	}()
	select {
	case line := <-answer:
		if line == "" {
			fmt.Fprintln(os.Stderr) // the end of the input leaves the cursor behind the question
		}
		switch strings.ToLower(strings.TrimSpace(line)) {
		case "y", "yes":
			return nil
		}
		fmt.Fprintln(os.Stderr, say.T("Nothing was forgotten.", "没有清除任何内容。").In(lang))
		return status(exitBroken)
	case <-ctx.Done():
		return say.Err("nobody answered", "没有得到回答")
	}
}

func stepIDs(chapter steps.Chapter) []string {
	var ids []string
	for _, step := range chapter.Steps {
		ids = append(ids, step.ID)
	}
	return ids
}
