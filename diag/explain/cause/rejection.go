package cause

import (
	"nstutor/diag/explain/remedy"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// Rejection is a route, or a policy rule, that turns a destination away.
type Rejection struct {
	At
	Lookup    []string // what the kernel has said, in the form of the commands that show it
	Exemption remedy.Exemption
}

// Rejects reports whether it is a route, or a policy rule, that turns the packet away.
func Rejects(f Finding) bool {
	switch f.(type) {
	case Swallowed, Refused, Forbidden, Thrown:
		return true
	}
	return false
}

// Evidence is what the kernel has said.
func (r Rejection) Evidence() []say.Text { return Lines(r.Lookup...) }

// Fix lets the destination pass.
func (r Rejection) Fix() []change.Change { return r.Exemption.Commands() }
