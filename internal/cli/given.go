package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"nstutor/chapters/given"
	"nstutor/internal/lab"
	"nstutor/internal/progress"
	"nstutor/internal/say"
	"nstutor/steps"
	"nstutor/steps/exercise"
	"nstutor/ui"
)

// giving makes an exercise of what somebody handed over, in a lab.
type giving func(ctx context.Context, l *lab.Lab) (exercise.Exercise, error)

// given is what the arguments of exercise hand over: the network of --from, or a
// folder; nil: nothing. Both are read before there is a lab, so that what is wrong
// with them is told at once.
func (a *app) given(args []string, file string, check bool) (giving, error) {
	folder := ""
	if len(args) == 1 && (check || isFolder(args[0])) {
		folder = args[0]
	}
	switch {
	case file != "" && (len(args) > 0 || check):
		return nil, say.Err("--from opens the network of a file: it goes with neither a name nor --check", "--from 打开的是文件里的网络：不能再给名称，也不能加 --check")
	case check && folder == "":
		return nil, say.Err("--check proves the exercise in a folder, such as `nstutor exercise --check ./mine`", "--check 证明文件夹里的练习，例如 `nstutor exercise --check ./mine`")
	case file != "":
		f, err := readNetwork(file)
		return func(ctx context.Context, l *lab.Lab) (exercise.Exercise, error) {
			// It takes some seconds until there is anything else to see.
			fmt.Fprintln(os.Stderr, a.say("Building the network, and trying what works in it.", "正在搭建网络，并试出其中哪些是通的。"))
			return given.Captured(ctx, l, file, f)
		}, err
	case folder != "":
		e, err := given.Folder(folder)
		return func(context.Context, *lab.Lab) (exercise.Exercise, error) { return e, nil }, err
	}
	return nil, nil
}

// isFolder reports whether an argument is a folder and no exercise's name: it has a
// slash in it, or is the folder one stands in.
func isFolder(arg string) bool {
	return strings.ContainsRune(arg, filepath.Separator) || arg == "." || arg == ".."
}

// openGiven opens an exercise that was handed over. What is done there is no part of
// the learner's progress: it is kept in the lab, and goes with it.
func (a *app) openGiven(ctx context.Context, give giving) error {
	l, err := a.openLab(ctx, theExercises)
	if err != nil {
		return err
	}
	defer l.Close()
	e, err := give(ctx, l)
	if err != nil {
		return err
	}
	course := exercise.Course([]exercise.Exercise{e}, 1)
	opts := ui.Options{Lang: a.lang, ASCII: a.ascii, Start: e.Name, Open: lab.Open()}
	return ui.Run(ctx, steps.NewPlayer(l, course), course, progress.Load(filepath.Join(forgotten, "progress.json")), opts)
}

// forgotten is a place that a lab has of its own.
const forgotten = "/run/nstutor"

// prove plays an exercise that was handed over, and says which promises it keeps.
func (a *app) prove(ctx context.Context, give giving) error {
	l, err := lab.New(ctx, lab.Options{Fast: true})
	if err != nil {
		return err
	}
	defer l.Close()
	e, err := give(ctx, l)
	if err != nil {
		return err
	}
	proofs, err := given.Prove(ctx, l, e)
	if err != nil {
		return err
	}
	d := sheet{a.drawingOn(os.Stdout), unicodeSheet}
	if a.ascii {
		d.signs = asciiSheet
	}
	kept := true
	var b strings.Builder
	for _, p := range proofs {
		sign := d.signs.solved
		if !p.Kept {
			sign, kept = d.signs.wrong, false
		}
		fmt.Fprintf(&b, "%s %s\n", sign, p.Text.In(a.lang))
		for _, seen := range p.Seen {
			if !p.Kept {
				fmt.Fprintf(&b, "    %s\n", say.Clean(seen.In(a.lang)))
			}
		}
	}
	if _, err := io.WriteString(os.Stdout, b.String()); err != nil {
		return err
	}
	if !kept {
		return status(exitBroken)
	}
	return nil
}
