package device

import (
	"strings"

	"nstutor/diag/explain/cause"
	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// Held is a device that is on, and whose carrier the kernel withholds because somebody
// has asked it to (IFLA_PROTO_DOWN, dev_change_proto_down()).
type Held struct {
	cause.At
	Link table.Link
}

// Code is NoCarrier.
func (Held) Code() cause.Code { return cause.NoCarrier }

// Detail says who holds it.
func (h Held) Detail() say.Text {
	text := say.T("%s has no carrier although it is up: it is held down (protodown)", "%s 已启用，却没有载波（NO-CARRIER）：它被 protodown 按住了", h.Link.Name)
	if h.Link.ProtoDown.Reasons != 0 {
		return say.T("%s, for the reasons %#x of a program that is to let go of it (ip -d link show dev %s)", "%s；按住它的程序给出的理由是 %#x，应由那个程序放开（ip -d link show dev %s）", text, h.Link.ProtoDown.Reasons, h.Link.Name)
	}
	return text
}

// Evidence is the device, as ip shows it in detail.
func (h Held) Evidence() []say.Text {
	return cause.Lines(strings.Join([]string{h.Link.Line(), "protodown", "on"}, " "))
}

// Fix lets go of it, unless a program has its reasons, without which the kernel refuses
// (do_set_proto_down()).
func (h Held) Fix() []change.Change {
	if h.Link.ProtoDown.Reasons != 0 {
		return nil
	}
	return []change.Change{change.ProtoDown(h.Netns(), h.Link.Name, false)}
}
