package cause

import (
	"nstutor/diag/explain/remedy"
	"nstutor/internal/change"
)

// Narrowable is a finding whose Fix lets more pass than the packet, as a careful person
// would write it down.
type Narrowable interface {
	Finding
	// Narrower lets the packet alone pass; nil where Fix does no more.
	Narrower() []change.Change
}

// Elective is a finding that something else than its Fix may mend.
type Elective interface {
	Finding
	// Others are other ways to mend it, the likeliest first.
	Others() [][]change.Change
}

// Narrower lets the packet's own source pass, and no network.
func (s Stopped) Narrower() []change.Change {
	if !s.Net.IsValid() || s.Net.IsSingleIP() {
		return nil
	}
	s.Net = change.Only(s.Flow.Src)
	return s.Fix()
}

// Narrower lets the destination pass for the packet's own source alone.
func (r Rejection) Narrower() []change.Change { return r.Exemption.ForSource() }

// Others let an answer pass by what it is, where no connection is remembered.
func (s Stopped) Others() [][]change.Change {
	if s.Result.MeantApart() || !s.Answer {
		return nil
	}
	s.Answer = false
	return [][]change.Change{s.accept(s.Flow.Kind())}
}

// Others take the check away where the loose mode is not enough, or add the way back.
func (o OtherWayBack) Others() (all [][]change.Change) {
	if way := o.Way.Commands(); len(way) > 0 {
		all = append(all, way)
	}
	if !o.Loose {
		all = append(all, []change.Change{remedy.SetConf(o.Netns(), o.Dev, "rp_filter", "2")})
	}
	return append(all, []change.Change{remedy.SetConf(o.Netns(), o.Dev, "rp_filter", "0")})
}
