package cli

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"nstutor/chapters"
	"nstutor/chapters/exercises"
	"nstutor/internal/lab"
	"nstutor/internal/lab/door"
	"nstutor/internal/progress"
	"nstutor/internal/say"
	"nstutor/steps"
	"nstutor/steps/exercise"
	"nstutor/ui"
)

// course opens the course in the terminal.
func (a *app) course(cmd *cobra.Command, _ []string) error {
	if !isatty.IsTerminal(os.Stdin.Fd()) || !isatty.IsTerminal(os.Stdout.Fd()) {
		return errors.New("the course needs a terminal; `nstutor run` plays it without one")
	}
	return a.inLab(func() error {
		l, err := lab.New(cmd.Context(), lab.Options{})
		if err != nil {
			return err
		}
		defer l.Close()
		memory := progress.Load(progress.Path())
		// A lab without a door is a lab all the same.
		if err := door.Serve(cmd.Context(), l, func() string { return strings.TrimSpace("step " + memory.Position()) }); err != nil {
			fmt.Fprintln(os.Stderr, "nstutor: "+say.T("`nstutor shell` will not find this lab: %v",
				"`nstutor shell` 将找不到这个实验环境：%v", err).In(a.language(memory.Lang())))
		}
		course := append(chapters.All(), exercise.Course(exercises.All(), 1+rand.Uint64N(seeds-1))...)
		return ui.Run(cmd.Context(), steps.NewPlayer(l, course), course, memory, ui.Options{
			Lang:  a.language(memory.Lang()),
			ASCII: a.ascii,
			Start: memory.Position(),

			Welcome: memory.Position() == "",
			Open:    lab.Open(),
		})
	})
}
