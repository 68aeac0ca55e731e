package cause

import (
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// Rejection is a route, or a policy rule, that turns a destination away.
type Rejection struct {
	At
	Lookup    []string // what the kernel has said, in the form of the commands that show it
	Exemption Exemption
}

// Evidence is what the kernel has said.
func (r Rejection) Evidence() []say.Text { return Lines(r.Lookup...) }

// Fix lets the destination pass.
func (r Rejection) Fix() []change.Change { return r.Exemption.commands() }
