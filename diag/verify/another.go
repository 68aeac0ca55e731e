package verify

import (
	"context"
	"slices"
	"time"

	"nstutor/diag/explain"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// The bounds of looking for another fix than the one that was found.
const (
	mostTries = 6
	tryingFor = 3 * time.Second
)

// best is the answer's fix, if it passes and nothing narrower does; else the first of
// the others that passes; else the nearest.
func (t trial) best(ctx context.Context, c copies, a explain.Answer) (*Verified, error) {
	v, err := t.smallest(ctx, c, a.Fix)
	switch {
	case err != nil:
		return nil, err
	case v.Passed:
		return t.narrowest(ctx, c, a.Swaps(), v)
	case v.After == NotDelivered:
		return t.another(ctx, c, a, v)
	}
	return v, nil
}

// narrowest is what passes and lets less pass than a fix that opens other flows as
// well.
func (t trial) narrowest(ctx context.Context, c copies, swaps []explain.Swap, v *Verified) (*Verified, error) {
	if !slices.ContainsFunc(v.changed, func(j judged) bool { return j.Change == Opened }) {
		return v, nil
	}
	fix := v.Fix
	for _, s := range swaps {
		if other := s.In(fix); s.Narrower && other != nil {
			fix = other
		}
	}
	if slices.EqualFunc(fix, v.Fix, change.Command.Equal) {
		return v, nil
	}
	w, err := t.smallest(ctx, c, fix)
	if err != nil {
		return nil, err
	}
	if !w.Passed || !w.changesLess(v) {
		return v, nil
	}
	w.Instead = v.Fix
	return w, nil
}

// changesLess reports whether fewer flows change, of those that were judged for both.
func (v *Verified) changesLess(w *Verified) bool {
	both := min(v.Others.Checked, w.Others.Checked)
	among := func(changed []judged) (n int) {
		for _, j := range changed {
			if j.Call != nil || j.Flow < both {
				n++
			}
		}
		return n
	}
	return among(v.changed) < among(w.changed)
}

// hope is a fix that may pass, and how far the packet got with the one that led to it.
type hope struct {
	fix   []change.Command
	depth int
}

// another looks for a fix that passes, where the answer's does not: other ways to mend
// the same faults, each alone and then together with what the copy died of after it. What
// follows from the fix with which the packet got farthest comes first.
func (t trial) another(ctx context.Context, c copies, a explain.Answer, v *Verified) (*Verified, error) {
	var waiting []hope
	var seen [][]change.Command
	try := func(fix []change.Command, depth int) {
		same := func(other []change.Command) bool { return slices.EqualFunc(fix, other, change.Command.Equal) }
		if len(fix) > 0 && !slices.ContainsFunc(seen, same) {
			waiting, seen = append(waiting, hope{fix, depth}), append(seen, fix)
		}
	}
	seen = append(seen, a.Fix)
	for _, s := range a.Swaps() {
		if !s.Narrower {
			try(s.In(a.Fix), v.depth)
		}
	}
	more := func(v *Verified) {
		if v.refused != none {
			try(slices.Delete(slices.Clone(v.Fix), v.refused, v.refused+1), v.depth)
		}
		if len(v.then) > 0 {
			try(joined(v.Fix, v.then), v.depth)
			try(v.then, v.depth)
		}
	}
	more(v)
	nearest, tries, begun := v, 1, time.Now()
	for len(waiting) > 0 && tries < mostTries && time.Since(begun) < tryingFor {
		best := 0
		for i, h := range waiting {
			if h.depth > waiting[best].depth {
				best = i
			}
		}
		fix := waiting[best].fix
		waiting = slices.Delete(waiting, best, best+1)
		w, err := t.smallest(ctx, c, fix)
		if err != nil {
			return nil, err
		}
		tries++
		if w.Passed {
			w.Instead = a.Fix
			return t.narrowest(ctx, c, a.Swaps(), w)
		}
		if w.depth > nearest.depth {
			nearest = w
		}
		more(w)
	}
	nearest.Tried = tries
	if tries > 1 && nearest.Differs != nil {
		why := say.T("none of the %d fixes that were tried mends it; the nearest is %s: %s", "试过的 %d 种修复都修不好；最接近的是 %s：%s",
			tries, quotedLines(nearest.Fix), *nearest.Differs)
		nearest.Differs = &why
	}
	return nearest, nil
}

// joined are the commands of both, each once.
func joined(fix, then []change.Command) []change.Command {
	all := slices.Clone(fix)
	for _, command := range then {
		if !slices.ContainsFunc(all, command.Equal) {
			all = append(all, command)
		}
	}
	return all
}

func quotedLines(fix []change.Command) (line string) {
	for i, command := range fix {
		if i > 0 {
			line += "; "
		}
		line += command.String()
	}
	return line
}
