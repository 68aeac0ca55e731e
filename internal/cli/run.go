package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"nstutor/chapters"
	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/say"
	"nstutor/steps"
)

// run plays steps without the TUI.
func (a *app) run() *cobra.Command {
	var output string
	var fast, list, handout, answers bool
	cmd := &cobra.Command{
		Use:   "run [CHAPTER[/STEP]…]",
		Short: a.say("Play steps and print a transcript: promised and seen", "执行步骤并输出记录：预期与实测"),
		Long: a.say(`Play all steps, or the chapters and steps that are named (2, 2/2.7, 2.7), and
print a transcript: the command, the symptom before, what changed in the
kernel's tables, and the symptom after. The exit status is 1 when anything seen
differs from what a step promises.

--handout prints the lessons instead, for a class: what to read, the question
and room for the answers, as Markdown. --answers is the teacher's copy.`, `执行所有步骤，或者指定的章和步骤（2、2/2.7、2.7），并输出记录：命令、执行前的
症状、内核各表的变化、执行后的症状。只要有一处实测与步骤的预期不符，退出码就是
1。

--handout 改为输出课堂讲义（Markdown）：要读的内容、问题和答题的空白。
--answers 是教师用的一份。`),
		Example: `  nstutor run 2/2.7
  nstutor run --handout 0 > handout.md
  nstutor run --handout --answers 0`,
		RunE: func(cmd *cobra.Command, args []string) error {
			course := chapters.All()
			ids, err := choose(course, args)
			if err != nil {
				return err
			}
			write, ok := transcripts[output]
			if !ok {
				return say.Err("output %q: choose -o text or -o json", "输出格式 %q：请用 -o text 或 -o json", output)
			}
			lang := a.lang
			switch {
			case answers && !handout:
				return say.Err("--answers is for the handout: add --handout", "--answers 只用于讲义：请加上 --handout")
			case handout:
				return writeHandout(os.Stdout, course, ids, lang, answers)
			case list:
				return outline(os.Stdout, course, ids, lang)
			}
			return a.inLab(func() error {
				return play(cmd.Context(), course, ids, lab.Options{Fast: fast}, write(os.Stdout, lang))
			})
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "text", a.say("text or json", "text 或 json"))
	cmd.Flags().BoolVar(&fast, "fast", false, a.say("shorten the lab's ARP timers: FAILED after 0.3 s, not 3 s", "缩短实验网络的 ARP 定时器：0.3 秒后 FAILED，而不是 3 秒"))
	cmd.Flags().BoolVar(&handout, "handout", false, a.say("print the lessons for a class, as Markdown, and play nothing", "输出课堂讲义（Markdown），不执行"))
	cmd.Flags().BoolVar(&answers, "answers", false, a.say("with --handout: the commands and the answers too", "与 --handout 合用：连命令和答案一起输出"))
	cmd.Flags().BoolVar(&list, "list", false, a.say("print the outline and play nothing", "只输出目录，不执行"))
	return cmd
}

// choose turns arguments into step IDs, in the course's order for each.
func choose(course steps.Course, args []string) ([]string, error) {
	if len(args) == 0 {
		return course.IDs(), nil
	}
	var ids []string
	for _, arg := range args {
		chosen, err := chooseOne(course, arg)
		if err != nil {
			return nil, err
		}
		ids = append(ids, chosen...)
	}
	return ids, nil
}

func chooseOne(course steps.Course, arg string) ([]string, error) {
	chapterID, stepID, _ := strings.Cut(arg, "/")
	var ids []string
	for _, chapter := range course {
		for _, step := range chapter.Steps {
			same := strings.EqualFold
			whole := same(chapter.ID, chapterID) && stepID == ""
			one := same(chapter.ID, chapterID) && (same(step.ID, stepID) || same(step.ID, chapterID+"."+stepID))
			if whole || one || same(step.ID, arg) {
				ids = append(ids, step.ID)
			}
		}
	}
	if len(ids) == 0 {
		return nil, say.Err("%q is neither a chapter nor a step; `nstutor run --list` prints them", "%q 既不是章也不是步骤；`nstutor run --list` 列出全部", arg)
	}
	return ids, nil
}

// outline prints the chapters and steps that were chosen.
func outline(w io.Writer, course steps.Course, ids []string, lang string) error {
	chosen := map[string]bool{}
	for _, id := range ids {
		chosen[id] = true
	}
	var b strings.Builder
	for _, chapter := range course {
		title, _, err := chapters.ChapterText(lang, chapter.ID)
		if err != nil {
			return err
		}
		headed := false
		for _, step := range chapter.Steps {
			if !chosen[step.ID] {
				continue
			}
			if !headed {
				fmt.Fprintf(&b, "%s  %s\n", chapter.ID, title)
				headed = true
			}
			prose, err := chapters.Text(lang, step.ID)
			if err != nil {
				return err
			}
			fmt.Fprintf(&b, "   %-6s %s\n", step.ID, prose.Title)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// transcript is where played steps go.
type transcript interface {
	step(played) error
	end(ok bool) error
}

// transcripts are the forms a transcript can have.
var transcripts = map[string]func(io.Writer, string) transcript{
	"text": newTextTranscript,
	"json": newJSONTranscript,
}

// played is one step as it went.
type played struct {
	Chapter string
	Step    steps.Step
	Command change.Command
	Before  steps.Report
	Changes []steps.Change
	After   steps.Report
}

func (p played) ok() bool { return p.Before.OK() && p.After.OK() }

// play plays the steps one after the other in a new lab.
func play(ctx context.Context, course steps.Course, ids []string, opts lab.Options, out transcript) error {
	l, err := lab.New(ctx, opts)
	if err != nil {
		return err
	}
	defer l.Close()
	player := steps.NewPlayer(l, course).InNewLab()
	allOK := true
	for _, id := range ids {
		p, err := playStep(ctx, player, course, id)
		if err != nil {
			return say.Err("step %s: %v", "步骤 %s：%v", id, err)
		}
		allOK = allOK && p.ok()
		if err := out.step(p); err != nil {
			return err
		}
	}
	if err := out.end(allOK); err != nil {
		return err
	}
	if !allOK {
		return status(exitBroken)
	}
	return nil
}

func playStep(ctx context.Context, player *steps.Player, course steps.Course, id string) (p played, err error) {
	if err := player.Next(ctx, id); err != nil {
		return p, err
	}
	chapter, _ := course.Chapter(id)
	p = played{Chapter: chapter.ID, Step: player.Step()}
	l := player.Lab()
	p.Command = p.Step.Action.Change(l).Command()
	if p.Before, err = p.Step.Before.Keep(ctx, l); err != nil {
		return p, err
	}
	before, err := steps.ReadState(ctx, l)
	if err != nil {
		return p, err
	}
	if err := player.Apply(ctx); err != nil {
		return p, err
	}
	if p.After, err = p.Step.After.Keep(ctx, l); err != nil {
		return p, err
	}
	after, err := steps.ReadState(ctx, l)
	p.Changes = steps.DiffState(before, after, true)
	return p, err
}
