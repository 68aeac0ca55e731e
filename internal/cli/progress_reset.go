package cli

import (
	"bufio"
	"cmp"
	"context"
	"errors"
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
		Short: "Forget a chapter, all exercises, or everything",
		Long: `Forget what was done: of a chapter its steps, predictions and hints; of the
exercises their scores; or all of it. The language stays.

On a terminal it asks first.`,
		Example: `  nstutor progress reset 2
  nstutor progress reset exercises
  nstutor progress reset all --yes`,
		RunE: func(cmd *cobra.Command, args []string) error {
			what, err := chooseReset(chapters.All(), args)
			if err != nil {
				return err
			}
			memory := progress.Load(progress.Path())
			lang := a.language(memory.Lang())
			if err := memory.Unread(); err != nil {
				return inLanguage(err, lang)
			}
			warn(memory, lang)
			if !yes {
				if !isatty.IsTerminal(os.Stdin.Fd()) {
					return fmt.Errorf("nobody can be asked here whether to forget %s: add --yes", what.name)
				}
				if err := confirm(cmd.Context(), what.name, lang); err != nil {
					return err
				}
			}
			if err := what.forget(memory); err != nil {
				return inLanguage(err, lang)
			}
			_, err = fmt.Println(say.T("Forgotten: %s.", "已清除：%s。", what.name).In(lang))
			return err
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
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
		return oblivion{}, fmt.Errorf("reset takes one thing to forget: %s", resettable(course))
	}
	switch args[0] {
	case resetExercises:
		return oblivion{say.T("the scores of all exercises", "所有练习的成绩"), func(p *progress.Progress) error { return p.ResetExercises(exerciseNames()...) }}, nil
	case resetAll:
		return oblivion{say.T("all progress", "全部进度"), (*progress.Progress).ResetAll}, nil
	}
	for _, chapter := range course {
		if chapter.ID != args[0] {
			continue
		}
		en, _, err := chapters.ChapterText("en", chapter.ID)
		zh, _, err2 := chapters.ChapterText("zh", chapter.ID)
		name := say.T("chapter %s, \"%s\"", "第 %s 章《%s》", chapter.ID, say.Both(en, zh))
		return oblivion{name, func(p *progress.Progress) error { return p.Reset(stepIDs(chapter)...) }}, cmp.Or(err, err2)
	}
	return oblivion{}, fmt.Errorf("%q is no chapter: choose %s", args[0], resettable(course))
}

// resettable lists what can be forgotten: "0, 1, 2, exercises or all".
func resettable(course steps.Course) string {
	var names []string
	for _, chapter := range course {
		names = append(names, chapter.ID)
	}
	return strings.Join(append(names, resetExercises), ", ") + " or " + resetAll
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
		return errors.New("nobody answered")
	}
}

func stepIDs(chapter steps.Chapter) []string {
	var ids []string
	for _, step := range chapter.Steps {
		ids = append(ids, step.ID)
	}
	return ids
}
