package session

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"nstutor/chapters"
	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/steps"
	"nstutor/steps/claim"
)

// Phase is where the learner is within a step.
type Phase int

const (
	phaseEnter Phase = iota // the lab is being brought to the step
	PhaseLook               // reading, predicting; the action is still to come
	phaseApply              // the action is under way
	PhaseAfter              // the kernel's state says that it is done
)

// Scene is the current step, in the learner's language, and what came of it.
type Scene struct {
	Gen          int // counts the entries into steps: answers to older ones are dropped
	Step         steps.Step
	Chapter      string
	Level        int // of the exercise, which is one of no chapter; 0: it is none
	ChapterTitle string
	Intro        string   // of the chapter, at its first step
	Opened       bool     // and it was read
	NewWords     []string // of the glossary, that are used here for the first time
	Prose        chapters.Prose
	ProseErr     error
	Command      change.Command
	Was          steps.State                // when the step began
	Untouched    map[string]*table.Snapshot // just before the action
	Phase        Phase
	begin        []steps.Condition // how the action's were when the step began
	Judged       Judged

	Elsewhere bool // done by another hand than ours
	Changes   []steps.Change
	Output    []string // what the command printed, if it only looks
	Report    *steps.Report
	Keeping   bool // the promise of what comes after is being tried
	Hints     int
	Passed    bool      // the question was passed over without an answer
	Shown     bool      // the command was shown
	explained bool      // why was asked, which tells a command too
	since     time.Time // when the step began
	Choice    int       // what the learner predicted, from 0
	Guessed   bool
	Broken    []steps.Seen // what does not hold that the step begins with
	Diverged  bool         // and did not when the step was done
	Rebuilt   bool
	Err       error
}

// Setting names a sysctl of a namespace.
type Setting struct{ Netns, Key string }

// Settings are the sysctls that the step's action sets or its promises are
// about, each once.
func (s *Scene) Settings() []Setting { return settings(&s.Step) }

// neighbourSettings are the settings of ARP that steps of a course are about: there are
// too many of them to read all of every device.
func neighbourSettings(course steps.Course) (keys []string) {
	for step := range course.Steps() {
		for _, one := range settings(step) {
			if strings.HasPrefix(one.Key, "net.ipv4.neigh.") && !slices.Contains(keys, one.Key) {
				keys = append(keys, one.Key)
			}
		}
	}
	return keys
}

func settings(step *steps.Step) []Setting {
	var all []Setting
	add := func(netns, key string) {
		if one := (Setting{netns, key}); !slices.Contains(all, one) {
			all = append(all, one)
		}
	}
	if action, ok := step.Action.(steps.Sysctl); ok {
		add(action.Netns, action.Key)
	}
	for _, c := range slices.Concat(step.Before.Claims, step.After.Claims) {
		if claim, ok := c.(claim.SysctlIs); ok {
			add(claim.Netns, claim.Key)
		}
	}
	return all
}

// Kept counts the lines of the report that are as promised.
func (s *Scene) Kept() (ok, all int) {
	for _, line := range s.Report.Lines {
		all++
		if line.OK {
			ok++
		}
	}
	return ok, all
}

// Title is what the step is called: what is learned in it shows once it is done.
func (s *Scene) Title() string {
	return s.Prose.TitleOnce(s.Phase == PhaseAfter && len(s.Unkept()) == 0)
}

// Opening says that the chapter's introduction is to be read, before its first step.
func (s *Scene) Opening() bool { return s.Phase == PhaseLook && s.Intro != "" && !s.Opened }

// Asks says that the question waits for an answer, which comes before the command.
func (s *Scene) Asks() bool {
	return s.Phase == PhaseLook && len(s.Prose.Predict.Choices) > 0 && !s.Guessed && !s.Passed && !s.Shown
}

// Hidden says that the command is still to be found by the learner.
func (s *Scene) Hidden() bool { return s.Phase == PhaseLook && !s.Shown }

// Spoilt says that the step cannot be done in this lab: it has to be built anew.
func (s *Scene) Spoilt() bool { return len(s.Broken) > 0 || s.Err != nil || s.Judged.Lost }

// Unkept are the lines of the report that are not as promised. As long as there are
// any the step does not count.
func (s *Scene) Unkept() []steps.Seen {
	if s.Report == nil {
		return nil
	}
	return unkept(*s.Report)
}

// Graded says that the prediction can be judged: it was about this network, and what
// was to be seen was.
func (s *Scene) Graded() bool {
	return s.Guessed && !s.Diverged && s.Choice < len(s.Prose.Predict.Choices) && s.Report != nil && s.Report.OK()
}

// HintTexts are about what the learner has changed, or else the text's, which
// are about the beginning of the step.
func (s *Scene) HintTexts(lang string) []string {
	if len(s.Judged.Hints) == 0 {
		return s.Prose.Hints
	}
	var texts []string
	for _, hint := range s.Judged.Hints {
		texts = append(texts, hint.In(lang))
	}
	return texts
}

// Told is what of the scene a check may have changed.
func (s *Scene) Told() string {
	return fmt.Sprint(s.Phase, s.Broken) + told(s.Judged.Conditions)
}

// ProseOf reads a step's text, which is built into the program. A text that is
// missing shows its error in the lesson's place.
func ProseOf(lang, id string) (chapters.Prose, error) {
	prose, err := chapters.Text(lang, id)
	if err != nil {
		prose = chapters.Prose{Title: id}
	}
	return prose, err
}
