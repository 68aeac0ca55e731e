package judge

import (
	"net/netip"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/journey"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
)

// Judge judges what is met on a journey.
type Judge struct {
	*journey.Journey
	Net fabric.Network
	// Aside has a packet leave a passage by another route, in a journey of its own, and
	// tells what it meets; not ok: the question goes too deep.
	Aside func(journey.Passage, machine.RouteAnswer) (met []journey.Found, ok bool)
	// Sought is the last search for the next hop of the packet itself; nil before one.
	Sought *Search
}

// Ruling is why a packet has no way from a space.
type Ruling struct {
	Finding cause.Finding
	Next    machine.RouteAnswer // that it takes once that is mended; its Kind is empty: none is known
	// Source and By are the source that the request should have had, and who should have given it
	// that: the reply goes there then. Invalid: it had the right one.
	Source netip.Addr
	By     *machine.Space
	// Before is what is to be mended before that, on FirstDev; nil: nothing.
	Before   cause.Finding
	FirstDev string
}

// Outcome is what becomes of a search for a next hop.
type Outcome struct {
	Finding cause.Finding  // why it fails; nil: it does not
	Station fabric.Station // whom the frame comes to, or would once that is mended; its Space is nil: nobody
	Left    bool           // the frame leaves the device, for the table has a MAC address
	Used    bool           // … and comes to the station by it
	Via     netip.Addr     // the next hop to look for instead; invalid: none
	Out     table.Link     // the device to look for it by instead, without a name: none
	Unseen  bool           // the frame comes to where it cannot be followed
}

// at is a space as the place of a finding.
func at(n *machine.Space) cause.At { return cause.At(n.Name) }
