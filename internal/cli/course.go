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

// onScreen is without where one of the two is no terminal, or where it is one that can do
// nothing but write on, such as the shell of an editor: there is no place to draw.
func onScreen(in, out *os.File, without error) error {
	switch {
	case !isatty.IsTerminal(in.Fd()) || !isatty.IsTerminal(out.Fd()):
		return without
	case os.Getenv("TERM") == "dumb":
		return say.Err("a terminal that is called dumb has no screen to draw on: %v", "名为 dumb 的终端没有可以绘制的屏幕：%v", without)
	}
	return nil
}

// course opens the course in the terminal.
func (a *app) course(cmd *cobra.Command, _ []string) error {
	if err := onScreen(os.Stdin, os.Stdout, say.Err("the course needs a terminal; `nstutor run` plays it without one", "课程需要在终端中运行；没有终端时可用 `nstutor run`")); err != nil {
		return err
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
		return ui.Run(cmd.Context(), steps.NewPlayer(l, course).InNewLab(), course, memory, ui.Options{
			Lang:  a.lang,
			ASCII: a.ascii,
			Start: memory.Position(),

			Welcome: memory.Position() == "",
			Open:    lab.Open(),
		})
	})
}
