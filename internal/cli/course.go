package cli

import (
	"math/rand/v2"
	"os"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"nstutor/chapters"
	"nstutor/chapters/exercises"
	"nstutor/internal/lab"
	"nstutor/internal/progress"
	"nstutor/internal/say"
	"nstutor/steps"
	"nstutor/steps/exercise"
	"nstutor/ui"
)

// course opens the course in the terminal.
func (a *app) course(cmd *cobra.Command, _ []string) error {
	if !isatty.IsTerminal(os.Stdin.Fd()) || !isatty.IsTerminal(os.Stdout.Fd()) {
		return say.Err("the course needs a terminal; `nstutor run` plays it without one", "课程需要在终端中运行；没有终端时可用 `nstutor run`")
	}
	return a.inLab(func() error {
		made := make(chan steps.Course, 1) // while the kernel makes the lab
		go func() {
			made <- append(chapters.All(), exercise.Course(exercises.All(), 1+rand.Uint64N(seeds-1))...)
		}()
		memory := progress.Load(progress.Path())
		l, err := a.openLab(cmd.Context(), func() say.Text { return say.T("step %s", "步骤 %s", memory.Position()) })
		if err != nil {
			return err
		}
		defer l.Close()
		course := <-made
		return ui.Run(cmd.Context(), steps.NewPlayer(l, course), course, memory, ui.Options{
			Lang:  a.lang,
			ASCII: a.ascii,
			Start: memory.Position(),

			Welcome: memory.Position() == "",
			Open:    lab.Open(),
		})
	})
}
