package steps

import (
	"iter"
	"slices"

	"nstutor/internal/say"
)

// Course is the chapters in their order.
type Course []Chapter

// Step finds a step by its ID.
func (c Course) Step(id string) (Step, bool) {
	for step := range c.Steps() {
		if step.ID == id {
			return *step, true
		}
	}
	return Step{}, false
}

// Chapter finds the chapter that a step belongs to.
func (c Course) Chapter(stepID string) (Chapter, bool) {
	for _, chapter := range c {
		for _, step := range chapter.Steps {
			if step.ID == stepID {
				return chapter, true
			}
		}
	}
	return Chapter{}, false
}

// Steps are all steps of the course in their order. A screen asks at every message
// which steps stand beside its own, so nothing is copied.
func (c Course) Steps() iter.Seq[*Step] {
	return func(yield func(*Step) bool) {
		for _, chapter := range c {
			for i := range chapter.Steps {
				if !yield(&chapter.Steps[i]) {
					return
				}
			}
		}
	}
}

// IDs are those of all steps, in their order.
func (c Course) IDs() []string {
	var ids []string
	for step := range c.Steps() {
		ids = append(ids, step.ID)
	}
	return ids
}

// Kind is the chapters whose steps are done by hand alone, which are exercises, or
// those whose steps are not.
func (c Course) Kind(byHand bool) Course {
	var kind Course
	for _, chapter := range c {
		if len(chapter.Steps) > 0 && chapter.Steps[0].ByHand == byHand {
			kind = append(kind, chapter)
		}
	}
	return kind
}

// Here leaves out the steps that this kernel cannot make.
func (c Course) Here() Course {
	here := slices.Clone(c)
	for i := range here {
		here[i].Steps = slices.DeleteFunc(slices.Clone(here[i].Steps), func(s Step) bool { return !Possible(s.Needs) })
	}
	return here
}

// Parent is the ID of the step at whose end the step called id begins, or
// empty where it begins with its chapter's start, or by itself (ByHand).
func (c Course) Parent(id string) string {
	for _, chapter := range c {
		for i, step := range chapter.Steps {
			switch {
			case step.ID != id || step.ByHand:
			case step.From != "":
				return step.From
			case i > 0:
				return chapter.Steps[i-1].ID
			}
		}
	}
	return ""
}

// Path lists the actions that bring the starting topology to the beginning of
// a step.
func (c Course) Path(id string) ([]Action, error) {
	step, ok := c.Step(id)
	if !ok {
		return nil, say.Err("no step %q", "没有步骤 %q", id)
	}
	if step.ByHand {
		return step.Setup, nil
	}
	parent := c.Parent(id)
	if parent == "" {
		chapter, _ := c.Chapter(id)
		return concat(chapter.Start, step.Setup), nil
	}
	path, err := c.Path(parent)
	if err != nil {
		return nil, err
	}
	before, _ := c.Step(parent)
	return concat(path, []Action{before.Action}, step.Setup), nil
}

func concat(lists ...[]Action) []Action {
	var all []Action
	for _, list := range lists {
		all = append(all, list...)
	}
	return all
}
