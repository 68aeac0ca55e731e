package cli

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/spf13/cobra"

	"nstutor/chapters/exercises"
	"nstutor/internal/lab"
	"nstutor/internal/lab/door"
	"nstutor/internal/progress"
	"nstutor/internal/say"
	"nstutor/steps"
	"nstutor/steps/exercise"
	"nstutor/ui"
)

// seeds is how many seeds there are to choose from when nobody names one: few
// enough to be typed again.
const seeds = 10000

// exercise opens the break-and-fix exercises.
func (a *app) exercise() *cobra.Command {
	var output, file string
	var list, check bool
	var seed uint64
	cmd := &cobra.Command{
		Use:   a.say("exercise [NAME | FOLDER]", "exercise [名称 | 文件夹]"),
		Short: a.say("Repair a broken network with your own hands", "亲手修好一个出了故障的网络"),
		Long: a.say(`Open an exercise: a network that somebody broke, and what a colleague says of
it. Repair it with commands of your own. It is solved when the kernel passes
all checks, and nothing that worked before is broken.

Without a name the list of all exercises is shown, with the first one that you
have not solved chosen. Names, addresses, and sometimes the fault itself vary
with the seed, which the exercise shows.

--from opens a network that `+"`nstutor capture`"+` wrote: what did not get through
is the goal, and what did must stay. A FOLDER, such as ./mine, is an exercise
of your own; docs/exercises.md says what is in it, and --check proves it:
broken as stated, mended by its fix, refused for its wrong ideas.`, `打开一个练习：网络被人弄坏了，同事描述了症状。用你自己的命令修好它。
内核通过了所有检查，并且原来能用的都没有坏，就算解决。

不给名称时显示所有练习的列表，光标停在第一个还没解决的练习上。名称、地址，
有时连故障本身都随种子变化；种子会显示出来。

--from 打开 `+"`nstutor capture`"+` 写的网络：当初不通的就是目标，当初能通的必须保
持。文件夹（例如 ./mine）是你自己的练习，里面有什么见 docs/exercises.md；
--check 证明它：确实是坏的，用它的修复能修好，用错误的办法修不好。`),
		Example: `  nstutor exercise
  nstutor exercise dead-veth
  nstutor exercise dead-veth --seed 7
  nstutor exercise --list -o json
  nstutor exercise --from broken.txt
  nstutor exercise --check ./mine`,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return exerciseNames(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			one, err := a.given(args, file, check)
			if err != nil {
				return err
			}
			if check {
				return a.inLab(func() error { return a.prove(cmd.Context(), one) })
			}
			name := ""
			if one == nil {
				if name, err = chooseExercise(args); err != nil {
					return err
				}
			}
			write, ok := exerciseForms[output]
			switch {
			case !ok:
				return say.Err("output %q: choose -o text or -o json", "输出格式 %q：请用 -o text 或 -o json", output)
			case list:
				return a.listExercises(name, output == "json", write)
			case cmd.Flags().Changed("output"):
				return say.Err("-o is for the list: add --list", "-o 只用于列表：请加上 --list")
			}
			if err := onScreen(os.Stdin, os.Stdout, say.Err("an exercise needs a terminal; `nstutor exercise --list` prints them without one", "练习需要在终端中进行；没有终端时可用 `nstutor exercise --list` 查看列表")); err != nil {
				return err
			}
			if !cmd.Flags().Changed("seed") {
				seed = 1 + rand.Uint64N(seeds-1)
			}
			if one != nil {
				return a.inLab(func() error { return a.openGiven(cmd.Context(), one) })
			}
			return a.inLab(func() error { return a.exercises(cmd.Context(), name, seed) })
		},
	}
	cmd.Flags().StringVar(&file, "from", "", a.say("open the network in `FILE`, which nstutor capture wrote", "打开 `FILE` 里的网络，它由 nstutor capture 写成"))
	cmd.Flags().BoolVar(&check, "check", false, a.say("prove the exercise in a folder, and open none", "证明文件夹里的练习，不打开"))
	cmd.Flags().BoolVar(&list, "list", false, a.say("print the exercises and open none", "列出练习，不打开"))
	cmd.Flags().StringVarP(&output, "output", "o", "text", a.say("form of the list: text or json", "列表的格式：text 或 json"))
	cmd.Flags().Uint64Var(&seed, "seed", 0, a.say("which variation (default: a random one, which is shown)", "选定变化（默认：随机，并显示出来）"))
	return cmd
}

// exercises opens the exercise of that name, or the list.
func (a *app) exercises(ctx context.Context, name string, seed uint64) error {
	l, err := a.openLab(ctx, theExercises)
	if err != nil {
		return err
	}
	defer l.Close()
	memory := progress.Load(progress.Path())
	course := exercise.Course(exercises.All(), seed)
	opts := ui.Options{Lang: a.lang, ASCII: a.ascii, Start: name, List: name == "", Open: lab.Open()}
	if opts.List {
		opts.Start = firstUnsolved(memory)
	}
	return ui.Run(ctx, steps.NewPlayer(l, course).InNewLab(), course, memory, opts)
}

func theExercises() say.Text { return say.T("the exercises", "练习") }

// openLab is a lab with its door, which tells whoever looks for one what it is of. A lab
// without a door is a lab all the same.
func (a *app) openLab(ctx context.Context, of func() say.Text) (*lab.Lab, error) {
	l, err := lab.New(ctx, lab.Options{})
	if err != nil {
		return nil, err
	}
	if err := door.Serve(ctx, l, of); err != nil {
		a.complain(say.T("`nstutor shell` will not find this lab: %v", "`nstutor shell` 将找不到这个实验网络：%v", err))
	}
	return l, nil
}

// firstUnsolved is the first exercise in the list that was never solved.
func firstUnsolved(memory *progress.Progress) string {
	for _, e := range exercises.All() {
		if known, _ := memory.Exercise(e.Name); known.Best == nil {
			return e.Name
		}
	}
	return ""
}

// chooseExercise reads the argument: a name, or none.
func chooseExercise(args []string) (string, error) {
	switch {
	case len(args) == 0:
		return "", nil
	case len(args) > 1:
		return "", say.Err("one exercise at a time, not %d: `nstutor exercise %s`", "一次只能做一个练习，给了 %d 个：`nstutor exercise %s`", len(args), args[0])
	}
	if _, ok := exercises.Find(args[0]); ok {
		return args[0], nil
	}
	near := nearNames(args[0], exerciseNames())
	if len(near) == 0 {
		return "", say.Err("there is no exercise %q; `nstutor exercise --list` prints them", "没有练习 %q；`nstutor exercise --list` 列出所有练习", args[0])
	}
	return "", say.Err("there is no exercise %q: did you mean %s?", "没有练习 %q：是不是 %s？", args[0], enumerated(near, say.T("or", "或者")))
}

// nearNames are at most three names that somebody may have meant: one that
// contains what was typed, or a word of it, or is few letters away from it.
func nearNames(typed string, names []string) []string {
	const most, slips = 3, 2
	typed = strings.ToLower(typed)
	distance := func(name string) int {
		if typed != "" && strings.Contains(name, typed) {
			return 0
		}
		return editDistance(typed, name)
	}
	shares := func(name string) bool {
		return slices.ContainsFunc(strings.Split(name, "-"), func(word string) bool {
			return len(word) > 2 && slices.Contains(strings.FieldsFunc(typed, func(r rune) bool { return r == '-' || r == '_' || r == ' ' }), word)
		})
	}
	var near []string
	for _, name := range names {
		if distance(name) <= max(slips, len(typed)/3) || shares(name) {
			near = append(near, name)
		}
	}
	slices.SortStableFunc(near, func(a, b string) int { return distance(a) - distance(b) })
	return near[:min(len(near), most)]
}

// editDistance counts the letters to add, drop or change (Levenshtein).
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// listedExercise is an exercise in the list. Its JSON is for programs: what it
// has now stays, as long as the schema has the same number.
type listedExercise struct {
	Name   string `json:"name"`
	Level  int    `json:"level"`
	Group  string `json:"group"`
	Title  string `json:"title"`
	Solved bool   `json:"solved"`
}

// listExercises prints all exercises, or the one of that name, in the learner's
// language unless a program reads it.
func (a *app) listExercises(name string, english bool, write func(sheet, []listedExercise) error) error {
	memory := progress.Read(progress.Path())
	a.warn(memory)
	d := sheet{a.drawingOn(os.Stdout), unicodeSheet}
	if a.ascii {
		d.signs = asciiSheet
	}
	d.lang = a.lang
	if english {
		d.lang = "en" // programs compare texts
	}
	list := []listedExercise{}
	for _, e := range exercises.All() {
		if name != "" && name != e.Name {
			continue
		}
		known, _ := memory.Exercise(e.Name)
		c := e.Make(exercise.NewSeed(1, e.Name))
		prose, err := exercises.Text(d.lang, e, c.Vars)
		if err != nil {
			return err
		}
		list = append(list, listedExercise{e.Name, e.Level, e.Group, prose.Title, known.Best != nil})
	}
	return write(d, list)
}

// exerciseForms are the forms the list can have.
var exerciseForms = map[string]func(sheet, []listedExercise) error{
	"text": sheet.drawExerciseList,
	"json": func(d sheet, list []listedExercise) error {
		return writeJSON(d.w, struct {
			Schema    int              `json:"schema"`
			Exercises []listedExercise `json:"exercises"`
		}{1, list})
	},
}

// drawExerciseList writes a line for each exercise below the heading of its
// level.
func (d sheet) drawExerciseList(list []listedExercise) error {
	names, groups := 0, 0
	for _, e := range list {
		names = max(names, len(e.Name))
		groups = max(groups, ansi.StringWidth(progress.Group(e.Group).In(d.lang)))
	}
	var b strings.Builder
	level := 0
	for _, e := range list {
		if e.Level != level {
			level = e.Level
			fmt.Fprintf(&b, "%d  %s\n", level, exercise.LevelTitle(level).In(d.lang))
		}
		sign := " "
		if e.Solved {
			sign = d.signs.solved
		}
		group := progress.Group(e.Group).In(d.lang)
		fmt.Fprintf(&b, "   %s %-*s  %s%s  %s\n", sign, names, e.Name, group, strings.Repeat(" ", groups-ansi.StringWidth(group)), e.Title)
	}
	_, err := io.WriteString(d.w, b.String())
	return err
}
