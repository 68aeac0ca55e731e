package verify

import (
	"net/netip"

	"nstutor/diag/explain"
	"nstutor/diag/explain/flows"
	"nstutor/diag/netfilter/eval"
	"nstutor/internal/replica"
)

// trial is what the inside of a lab is asked, as JSON.
type trial struct {
	Network  replica.Network
	Names    map[string]string // what commands call a namespace, by what its copy is called
	From     string            // as the copy is called
	Dest     netip.Addr
	Proto    byte   // IPPROTO_TCP or IPPROTO_UDP; 0: it is a ping
	Port     uint16 // of those
	SrcPort  uint16 // of those, where one was asked about
	Size     int
	DF       bool
	Whole    bool  // it is a connection that opens, and full-sized segments are lost
	Lots     int   // how many the rules draw from by lot; 0: they do not
	Cause    cause // as it was found
	Fix      []line
	Handles  []handle // in it
	LeaveOut int      // the place of the command that is not run; none: all are
	Others   []flow
	Calls    []replica.Call // by strangers

	ready *rooms // outside: labs for it
}

// none is the place of no command.
const none = -1

// line is a command of the fix, as a shell gets it.
type line struct{ Netns, Shell string }

// cause is where a ping dies, and of what.
type cause struct {
	Code, Netns string
	Leg         flows.Leg
}

// flow is one besides that which was asked about.
type flow struct {
	From  string // as the copy is called
	Dest  netip.Addr
	Proto byte   // as in a trial
	Port  uint16 // as in a trial
}

// to is where the flow goes, as it is told.
func (f flow) to() string {
	if f.Port == 0 {
		return f.Dest.String()
	}
	return eval.Endpoint(f.Dest, f.Port)
}

// outcome is what the inside answers.
type outcome struct {
	Cause     cause           // as it is in the copy
	Verdict   explain.Verdict // of the prediction before
	Silent    bool            // it was not answered before
	Refused   string          // what a command of the fix that failed said
	RefusedAt int             // its place; none: all went well
	LastSpare bool            // it was answered before the last command
	Answered  bool            // it was answered in the end
	Passing   bool            // it was, but not once neighbours had to be asked for again
	Said      string          // by the last try
	Checked   int             // of Others
	Changed   []judged
	Missing   []replica.Omission
	// Renumbered are the handles of the fix that name other rules in the copy: nothing
	// was changed there.
	Renumbered []handle

	// What the engine says after a fix that did not mend it: how many places the packet
	// and its answer pass, what mends it there, and what it dies of then; Untold: of nothing that
	// can be seen.
	Depth  int
	Then   []typed
	Left   cause
	Untold bool
}

// typed is a command by its words.
type typed struct {
	Netns string // as the copy is called
	Argv  []string
}

// judged is one of Others that changed, by its place there; or a stranger's call.
type judged struct {
	Flow   int
	Change Change
	Call   *call // in the place of Flow
}

// call is what a stranger has asked for.
type call struct {
	From       netip.Addr
	Netns, Dev string // of the uplink, as the copy is called
	To         flow   // without From
}
