package verify

import (
	"encoding/json"

	"nstutor/internal/change"
	"nstutor/internal/say"
)

// Verified is what came of trying a fix in a copy. Its JSON form is a contract.
type Verified struct {
	Passed bool     `json:"passed"` // the fix mends the copy, and nothing of it can be left out
	Copied []string `json:"copied"` // namespaces, as commands call them
	Before string   `json:"before"` // SameCause where the copy is broken as the original
	// After is one of Delivered…; NotTried where Before is not SameCause, and where the
	// commands would mean something else in the copy.
	After   string `json:"after"`
	Minimal bool   `json:"minimal"`
	// Dropped are commands that were found, and that the copy does not need.
	Dropped []change.Command `json:"dropped,omitempty"`
	// Instead is the fix that was found, where another one passed and it did not, or
	// where another one opens less.
	Instead []change.Command `json:"instead_of,omitempty"`
	// Tried is how many fixes were tried, where none passed.
	Tried int `json:"tried,omitempty"`
	// Drawn is set where the rules draw by lot whom a packet goes to.
	Drawn     *Drawn     `json:"drawn,omitempty"`
	Others    Others     `json:"others"`
	Differs   *say.Text  `json:"differs,omitempty"` // why it is not Passed
	NotCopied []say.Text `json:"not_copied"`

	Fix   []change.Command `json:"-"` // what was tried: what was found but for Dropped
	spare []int            // places in Fix that can be left out

	changed []judged         // Others.Flows
	depth   int              // how far the packet gets with a fix that does not mend it
	then    []change.Command // what mends it there
	refused int              // the place in Fix of a command that failed; none: all went well
}

// What Before can be.
const (
	SameCause      = "same cause"
	DifferentCause = "different cause"
	NotBroken      = "delivered"
)

// What After can be.
const (
	Delivered    = "delivered"
	NotDelivered = "not delivered"
)

// NotTried is what both can be: the copy was not asked.
const NotTried = "not tried"

// Drawn says of how many the rules draw one, and how often it was sent after the fix, and
// answered each time: by far often enough to have met each of them, if their lots are equal.
type Drawn struct {
	From int `json:"from"`
	Sent int `json:"sent"`
}

// Others are the flows that were judged before and after, besides the one that was
// asked about.
type Others struct {
	Checked int       `json:"checked"`
	Changed int       `json:"changed"`
	Flows   []Changed `json:"flows,omitempty"` // those that changed
}

// Changed is a flow of which the fix makes something else.
type Changed struct {
	From   string `json:"from"`
	To     string `json:"to"`
	Change Change `json:"change"`
	// Stranger is the address of somebody outside, beyond Dev of From, whose flow it is.
	Stranger string `json:"stranger,omitempty"`
	Dev      string `json:"device,omitempty"`
}

// Change is what becomes of a flow.
type Change string

// The changes of a flow.
const (
	Opened   Change = "opened"
	Closed   Change = "closed"
	Rerouted Change = "rerouted"
)

// MarshalJSON gives empty lists as such.
func (v Verified) MarshalJSON() ([]byte, error) {
	type plain Verified
	if v.NotCopied == nil {
		v.NotCopied = []say.Text{}
	}
	return json.Marshal(plain(v))
}
