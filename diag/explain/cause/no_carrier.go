package cause

import (
	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// NoCarrier: nobody is at the other end of the wire.
const NoCarrier Code = "no-carrier"

var _ = Register(Cause{
	Code:  NoCarrier,
	Words: say.T("nobody is at the other end of the wire", "网线另一端没有设备"),
	Table: []string{"ip", "link"},
})

// PeerDown is a cable whose other end is switched off.
type PeerDown struct {
	At
	Near, Far table.Link // Far is the one that is down
}

// Code is NoCarrier.
func (PeerDown) Code() Code { return NoCarrier }

// Detail names both ends.
func (d PeerDown) Detail() say.Text {
	return say.T("%s has no carrier: the other end, %s, is down", "%s 没有载波（NO-CARRIER）：对端 %s 处于 down 状态", d.Near.Name, d.Far.Name)
}

// Evidence are both ends.
func (d PeerDown) Evidence() []say.Text { return Lines(d.Near.Line(), d.Far.Line()) }

// Fix switches the other end on.
func (d PeerDown) Fix() []change.Change { return raise(d.Netns(), d.Far.Name) }
