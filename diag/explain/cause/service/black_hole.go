package service

import (
	"strings"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// BlackHole is a connection that opens and then carries nothing: its full-sized
// segments are too long for a wire on their way, and their sender is not told.
type BlackHole struct {
	cause.At
	Length int           // of such a segment in bytes, with the IP header
	Lost   cause.Finding // what they are too long for
	Why    say.Text      // the sender is not told
	Proof  []string      // of that
	Mends  []change.Change
	Clamp  change.Change // has the ends agree on less; nil where no rule there does
	Tested say.Text      // how it was tried; empty where it was not
}

// Code is MTUExceeded.
func (BlackHole) Code() cause.Code { return cause.MTUExceeded }

// Detail says what is lost, and why that shows only once the connection is open.
func (b BlackHole) Detail() say.Text {
	return say.T("the connection opens, for its first segments are small, and then hangs: the ends agree on packets of up to %d bytes; %s, but that answer does not get back: %s",
		"连接能建立（最初的段很小），随后卡住：两端约定的包最长 %d 字节。%s，但这个应答回不去：%s", b.Length, b.Lost.Detail(), b.Why)
}

// Evidence is the device or the route, what stops the answer, and how it was tried.
func (b BlackHole) Evidence() []say.Text {
	all := append(b.Lost.Evidence(), cause.Lines(b.Proof...)...)
	if b.Tested.String() != "" {
		all = append(all, b.Tested)
	}
	if b.Clamp == nil || len(b.Mends) == 0 {
		return all
	}
	var lines []string
	for _, command := range change.Here(b.Clamp) {
		lines = append(lines, command.String())
	}
	return append(all, say.T("where the wire is to stay as it is, a rule in %s has both ends agree on less: %s",
		"若不改这段链路，可在 %s 加一条规则，让两端约定更小的段：%s", machine.Called(b.Netns()), strings.Join(lines, "; ")))
}

// Fix makes room on the way, or has the ends agree on less where no command does.
func (b BlackHole) Fix() []change.Change {
	if len(b.Mends) == 0 && b.Clamp != nil {
		return []change.Change{b.Clamp}
	}
	return b.Mends
}

// Others have the ends agree on less.
func (b BlackHole) Others() [][]change.Change {
	if b.Clamp == nil || len(b.Mends) == 0 {
		return nil
	}
	return [][]change.Change{{b.Clamp}}
}
