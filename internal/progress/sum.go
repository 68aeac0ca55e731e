package progress

// Known is what is remembered of one step.
type Known struct {
	Done            bool
	Hints           int  // how many were read
	Answered, Right bool // the question about what will be seen
	How             *Way // nil: not done, or done before anybody looked how
}

// Known is what is remembered of the step.
func (p *Progress) Known(id string) Known {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.data.Steps[id]
	if s == nil {
		return Known{}
	}
	k := Known{Done: s.Done, Hints: s.Hints}
	if s.Prediction != nil {
		k.Answered, k.Right = true, s.Prediction.Right
	}
	if s.How != nil {
		how := s.How.Way
		k.How = &how
	}
	return k
}

// Sum counts what is remembered of many steps.
type Sum struct{ Steps, Done, Hand, Answered, Right, Hints int }

// Add counts one step more.
func (s *Sum) Add(k Known) {
	s.Steps++
	s.Hints += k.Hints
	for _, count := range []struct {
		n  *int
		on bool
	}{{&s.Done, k.Done}, {&s.Hand, k.How != nil && k.How.Hand}, {&s.Answered, k.Answered}, {&s.Right, k.Right}} {
		if count.on {
			*count.n++
		}
	}
}

// AddSum counts other steps too.
func (s *Sum) AddSum(other Sum) {
	s.Steps += other.Steps
	s.Done += other.Done
	s.Hand += other.Hand
	s.Answered += other.Answered
	s.Right += other.Right
	s.Hints += other.Hints
}
