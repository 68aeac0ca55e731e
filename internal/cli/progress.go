package cli

import (
	"io"
	"os"

	"github.com/spf13/cobra"

	"nstutor/chapters"
	"nstutor/internal/progress"
	"nstutor/internal/say"
	"nstutor/steps"
)

// progress prints what the learner has done.
func (a *app) progress() *cobra.Command {
	var output, learner string
	cmd := &cobra.Command{
		Use:   "progress",
		Short: a.say("Show what you have done: steps, predictions, hints, exercises", "显示学习进度：步骤、预测、提示和练习"),
		Long: a.say(`Show what is remembered of you on this machine: for each chapter the steps that
are done, the predictions that were right and the hints that were read; for each
exercise whether it was solved, and the best score.

-o json prints the same for a teacher's program, step by step: also how each
step was done, by hand or by the enter key, and how long it took. --learner
puts a name into it.`, `显示本机记住的学习进度：每一章完成的步骤、猜对的预测、看过的提示；每个练习是否
解决，以及最好的成绩。

-o json 把同样的内容逐步输出，供教师的程序读取，还包括每一步是手工完成还是按
enter 完成、用了多长时间。--learner 把名字写进去。`),
		Example: `  nstutor progress
  nstutor progress -o json --learner ann
  nstutor progress reset 2`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			write, ok := progressForms[output]
			if !ok {
				return say.Err("output %q: choose -o text or -o json", "输出格式 %q：请用 -o text 或 -o json", output)
			}
			memory := progress.Read(progress.Path())
			if err := memory.Unread(); err != nil {
				return err
			}
			a.warn(memory)
			d := sheet{a.drawingOn(os.Stdout), unicodeSheet}
			if a.ascii {
				d.signs = asciiSheet
			}
			lang := d.lang
			if output == "json" {
				lang = say.Langs[0] // programs compare texts
			}
			s, err := summarise(memory, chapters.All(), allExercises(lang), lang)
			if err != nil {
				return err
			}
			s.Learner = learner
			return write(d, s)
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "text", a.say("text or json", "text 或 json"))
	cmd.Flags().StringVar(&learner, "learner", "", a.say("a name to put into the JSON", "写进 JSON 的名字"))
	cmd.AddCommand(a.progressReset())
	return cmd
}

// progressForms are the forms the summary can have.
var progressForms = map[string]func(sheet, summary) error{
	"text": sheet.drawSummary,
	"json": func(d sheet, s summary) error { return summaryJSON(d.w, s) },
}

// summary is the whole of a learner's progress. Its JSON is for teachers'
// programs: what it has now stays, with the same meaning, as long as the schema
// has the same number.
type summary struct {
	Schema    int               `json:"schema"`
	Learner   string            `json:"learner,omitempty"`
	Position  string            `json:"position"` // the step where the learner left off, or empty
	Chapters  []chapterSummary  `json:"chapters"`
	Exercises []exerciseSummary `json:"exercises"`
}

type chapterSummary struct {
	ID          string            `json:"id"`
	Title       string            `json:"title"`
	Done        int               `json:"done"`
	Hand        int               `json:"hand"` // of these, by the learner's own commands
	Total       int               `json:"total"`
	Predictions predictionSummary `json:"predictions"`
	Hints       int               `json:"hints"` // that were read, in all steps
	Steps       []stepSummary     `json:"steps"`
}

type predictionSummary struct {
	Asked    int `json:"asked"`    // steps that ask for one
	Answered int `json:"answered"` // of these
	Right    int `json:"right"`    // of those
}

type stepSummary struct {
	ID         string `json:"id"`
	Title      string `json:"title"`
	Done       bool   `json:"done"`
	Hints      int    `json:"hints"`
	Prediction string `json:"prediction"` // the first one: "right", "wrong", "open", or "none": the step asks for none

	How *progress.Way `json:"how"` // null: it is not done, or was before this was looked at
}

type exerciseSummary struct {
	Name   string          `json:"name"`
	Title  string          `json:"title"`
	Level  int             `json:"level"`
	Group  string          `json:"group"`
	Tried  bool            `json:"tried"`
	Solved bool            `json:"solved"`
	Best   *progress.Score `json:"best"` // null: it was never solved
	Last   *progress.Score `json:"last"` // null: it was never tried
}

// summarise counts what is remembered of the course and the exercises. The titles are in that language.
func summarise(memory *progress.Progress, course steps.Course, exercises []exerciseSummary, lang string) (summary, error) {
	s := summary{Schema: 1, Position: memory.Position(), Chapters: []chapterSummary{}, Exercises: []exerciseSummary{}}
	for _, chapter := range course {
		c, err := summariseChapter(memory, chapter, lang)
		if err != nil {
			return s, err
		}
		s.Chapters = append(s.Chapters, c)
	}
	for _, e := range exercises {
		if known, ok := memory.Exercise(e.Name); ok {
			e.Tried, e.Solved, e.Last, e.Best = true, known.Best != nil, &known.Last, known.Best
		}
		s.Exercises = append(s.Exercises, e)
	}
	return s, nil
}

func summariseChapter(memory *progress.Progress, chapter steps.Chapter, lang string) (chapterSummary, error) {
	title, _, err := chapters.ChapterText(lang, chapter.ID)
	c := chapterSummary{ID: chapter.ID, Title: title, Steps: []stepSummary{}}
	if err != nil {
		return c, err
	}
	var sum progress.Sum
	for _, step := range chapter.Steps {
		prose, err := chapters.Text(lang, step.ID)
		if err != nil {
			return c, err
		}
		known := memory.Known(step.ID)
		sum.Add(known)
		asks := len(prose.Predict.Choices) > 0
		if asks {
			c.Predictions.Asked++
		}
		c.Steps = append(c.Steps, stepSummary{step.ID, prose.Title, known.Done, known.Hints, predictionWord(asks, known), known.How})
	}
	c.Total, c.Done, c.Hand, c.Hints = sum.Steps, sum.Done, sum.Hand, sum.Hints
	c.Predictions.Answered, c.Predictions.Right = sum.Answered, sum.Right
	return c, nil
}

// predictionWord says in JSON how a step's question was answered.
func predictionWord(asks bool, known progress.Known) string {
	switch {
	case known.Right:
		return "right"
	case known.Answered:
		return "wrong"
	case asks:
		return "open"
	}
	return "none"
}

func summaryJSON(w io.Writer, s summary) error {
	return writeJSON(w, s)
}
