package verify

import (
	"net/netip"

	"nstutor/internal/replica"
)

// trial is what the inside of a lab is asked, as JSON.
type trial struct {
	Network  replica.Network
	Names    map[string]string // what commands call a namespace, by what its copy is called
	From     string            // as the copy is called
	Dest     netip.Addr
	Size     int
	DF       bool
	Cause    cause // as it was found
	Fix      []line
	LeaveOut int // the place of the command that is not run; none: all are
	Others   []flow
}

// none is the place of no command.
const none = -1

// line is a command of the fix, as a shell gets it.
type line struct{ Netns, Shell string }

// cause is where a ping dies, and of what.
type cause struct{ Code, Netns, Leg string }

// flow is a ping besides the one that was asked about.
type flow struct {
	From string // as the copy is called
	Dest netip.Addr
}

// outcome is what the inside answers.
type outcome struct {
	Cause     cause  // as it is in the copy
	Verdict   string // of the prediction before
	Silent    bool   // the ping was not answered before
	Refused   string // what a command of the fix that failed said
	RefusedAt int    // its place; none: all went well
	LastSpare bool   // it was answered before the last command
	Answered  bool   // it was answered in the end
	Said      string // by the last ping
	Checked   int    // of Others
	Changed   []judged
	Missing   []replica.Omission
}

// judged is one of Others that changed, by its place there.
type judged struct {
	Flow   int
	Change Change
}
