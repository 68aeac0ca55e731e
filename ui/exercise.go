package ui

import (
	"slices"
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"nstutor/chapters"
	"nstutor/chapters/exercises"
	"nstutor/internal/progress"
	"nstutor/internal/say"
	"nstutor/steps"
	"nstutor/steps/exercise"
	"nstutor/ui/screen"
	"nstutor/ui/words"
)

// Scored is what a memory has for exercises.
type Scored interface {
	SetScore(name string, s progress.Score)
}

// drill is a learner's try at an exercise, from the first sight of the symptom
// until it is solved. Beginning anew with the same fault is the same try, and so
// is coming back to it.
type drill struct {
	task  *exercise.Task
	prose exercises.Prose

	since  time.Time     // when the clock was started last; zero: it stands
	spent  time.Duration // before that
	typed  int           // commands, while the try is not the one on the screen
	base   int           // Model.typed when none had been typed
	tries  int           // that solved nothing, and the one that did
	why    int           // how often the explanation was opened
	warned bool          // that this counts
	hinted int           // how many hints were read
	hints  []say.Text    // these
	fault  string        // what the last ones are about
	solved bool
	score  progress.Score    // once it is solved
	before progress.Exercise // what the memory had of it when it was begun
	knew   bool              // before is known

	conditions []steps.Condition // as they were last checked; nil: never
	reveal     bool              // they have not been on the screen yet
	checking   bool              // they are being checked
	counts     bool              // and the learner asked for it
	again      bool              // and asked once more meanwhile
	hinting    bool              // a hint is being looked for

	looking  bool        // at the lab
	looked   time.Time   // at the lab the last time
	seen     steps.State // then
	same     int         // how often it was the same
	checked  steps.State // at the last check, or at the beginning
	answered bool        // the ping was, at the last check
	ticking  bool
}

// exercising says whether the course is one of exercises.
func (m *Model) exercising() bool {
	if len(m.course) == 0 || len(m.course[0].Steps) == 0 {
		return false
	}
	_, ok := exercise.Of(m.course[0].Steps[0])
	return ok
}

// beginDrill takes it that the lab stands at the beginning of the stage's
// exercise, if it is one.
func (m *Model) beginDrill() {
	task, ok := exercise.Of(m.stage.step)
	if !ok {
		m.drill = nil
		return
	}
	m.stage.command = steps.Command{} // the solution
	old := m.drill
	d := m.drills[task.Exercise.Name]
	if d == nil || d.solved {
		d = &drill{task: task}
		if m.drills == nil {
			m.drills = map[string]*drill{}
		}
		m.drills[task.Exercise.Name] = d
	}
	if old != d {
		m.leaveDrill()
		m.closeWhy() // or the next one's would have cost nothing
		d.base = m.typed - d.typed
	}
	d.conditions, d.checking, d.counts, d.again, d.hinting, d.warned = nil, false, false, false, false, false
	d.seen, d.checked, d.same, d.answered, d.looking, d.looked = m.stage.was, m.stage.was, 0, false, false, m.now()
	m.drill = d
}

// leaveDrill stops the clock of the try on the screen, and keeps how far it
// came.
func (m *Model) leaveDrill() {
	d := m.drill
	if d == nil || d.solved {
		return
	}
	d.spent, d.since = m.spent(), time.Time{}
	d.typed = m.typed - d.base
	m.saveDrill()
}

// spent is how long the learner has been at it.
func (m *Model) spent() time.Duration {
	d := m.drill
	if d.since.IsZero() {
		return d.spent
	}
	return d.spent + m.now().Sub(d.since)
}

// scoreNow is how the try has gone so far, or went.
func (m *Model) scoreNow() progress.Score {
	d := m.drill
	if d.solved {
		return d.score
	}
	return progress.Score{
		Seconds: int(m.spent().Seconds()), Commands: max(m.typed-d.base, 0),
		Hints: d.hinted, Tries: d.tries, Why: d.why, Seed: d.task.Seed, When: m.now(),
	}
}

// saveDrill has the try remembered as it stands, once anything was done.
func (m *Model) saveDrill() {
	name, s := m.drill.task.Exercise.Name, m.scoreNow()
	if s.Commands+s.Hints+s.Tries+s.Why > 0 {
		m.note(func(p Progress) { p.SetScore(name, s) })
	}
}

// drillKnownMsg: what the memory has of an exercise was read.
type drillKnownMsg struct {
	name  string
	known progress.Exercise
}

// readDrill reads what the memory has of the exercise.
func (m *Model) readDrill() tea.Cmd {
	d := m.drill
	if d == nil || d.knew || m.ledger == nil {
		return nil
	}
	name := d.task.Exercise.Name
	read := make(chan drillKnownMsg, 1)
	m.note(func(p Progress) {
		defer close(read)
		known, _ := p.Exercise(name)
		read <- drillKnownMsg{name, known}
	})
	return func() tea.Msg { return <-read }
}

// takeKnown goes on with a try of the same fault that an earlier run of the
// program did not finish: closing the program takes no hint back.
func (m *Model) takeKnown(msg drillKnownMsg) {
	d := m.drills[msg.name]
	if d == nil || d.knew {
		return
	}
	d.before, d.knew = msg.known, true
	last := msg.known.Last
	if last.Solved || last.Seed != d.task.Seed || d.solved {
		return
	}
	d.spent += time.Duration(last.Seconds) * time.Second
	d.base, d.typed = d.base-last.Commands, d.typed+last.Commands
	d.tries, d.hinted, d.why = d.tries+last.Tries, d.hinted+last.Hints, d.why+last.Why
}

// solveDrill: all conditions are met.
func (m *Model) solveDrill() {
	s, d := &m.stage, m.drill
	s.phase, s.err = phaseAfter, nil
	d.tries++
	d.score = m.scoreNow()
	d.score.Solved = true
	d.solved, d.since, d.warned = true, time.Time{}, false
	m.scroll[paneLesson] = screen.Scroll{}
	m.remember(func(r *remembered) { r.done = true })
	name, score := d.task.Exercise.Name, d.score
	m.note(func(p Progress) { p.SetScore(name, score) })
}

// pressWhy shows what the kernel says of the ping. In an exercise that is half
// the solution: it is counted, and the learner is told before the first time.
func (m *Model) pressWhy() tea.Cmd {
	if d := m.drill; d != nil && !d.solved && !m.why.open {
		if d.why == 0 && !d.warned {
			d.warned = true
			return nil
		}
		d.why++
		d.warned = false
		m.saveDrill()
	}
	return m.toggleWhy()
}

// dropWarning takes it that the learner thought better of it.
func (m *Model) dropWarning(msg tea.KeyMsg) {
	if m.drill != nil && !key.Matches(msg, m.keys.Why) {
		m.drill.warned = false
	}
}

// enableDrillKeys lets those keys work that make sense in an exercise.
func (m *Model) enableDrillKeys() {
	d, k := m.drill, &m.keys
	if d == nil || m.overlay != overlayNone {
		return
	}
	idle := m.working == 0
	look := m.stage.phase == phaseLook
	if look {
		k.Enter.SetHelp("enter", m.Say(words.KeyCheck))
	} else if _, more := m.neighbourStep(+1); more {
		k.Enter.SetHelp("enter", m.Say(words.KeyNextUnsolved))
	}
	k.Predict.SetEnabled(false)
	k.Hint.SetEnabled(look && idle && !m.why.open && !d.hinting)
	k.Hint.SetHelp("h", m.Say(words.KeyHint))
	for _, b := range []*key.Binding{&k.Undo, &k.Rebuild} {
		b.SetEnabled(idle && m.stage.step.ID != "")
	}
	k.Undo.SetHelp("u", m.Say(words.KeyAnew))
	k.Rebuild.SetHelp("r", m.Say(words.KeyAnew))
}

// nextUnsolved is the exercise after this one that was never solved, from the
// beginning again behind the last.
func (m *Model) nextUnsolved() (string, bool) {
	all := m.course.Steps()
	at := slices.IndexFunc(all, func(s steps.Step) bool { return s.ID == m.stage.step.ID })
	for i := range all {
		next := all[(at+1+i)%len(all)].ID
		if next != m.stage.step.ID && !m.memory[next].done {
			return next, true
		}
	}
	return "", false
}

// titleOf is the title of a step, in the learner's language.
func (m *Model) titleOf(step steps.Step) string {
	if task, ok := exercise.Of(step); ok {
		prose, err := exercises.Text(m.Lang, step.ID, task.Case.Vars)
		if err != nil {
			return step.ID
		}
		return prose.Title
	}
	prose, _ := proseOf(m.Lang, step.ID)
	return prose.Title
}

// translateDrill reads the exercise's texts in the learner's language.
func (m *Model) translateDrill() {
	s, d := &m.stage, m.drill
	d.prose, s.proseErr = exercises.Text(m.Lang, s.step.ID, d.task.Case.Vars)
	s.prose = chapters.Prose{Title: d.prose.Title}
	if s.proseErr != nil {
		s.prose.Title = s.step.ID
	}
	s.chapter, s.intro = m.levelSigns(d.task.Exercise.Level), ""
	s.chapterTitle = m.Tell(exercise.LevelTitle(d.task.Exercise.Level))
}

// openList shows the list with the cursor where the program begins.
func (m *Model) openList() tea.Cmd {
	cmd := m.openOutline()
	first := m.firstStep()
	if i := slices.IndexFunc(m.outline.rows, func(r outlineRow) bool { return r.step == first }); i >= 0 {
		m.outline.cursor = i
	}
	return cmd
}
