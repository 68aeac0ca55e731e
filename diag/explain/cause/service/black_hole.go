package service

import (
	"nstutor/diag/explain/cause"
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
	Tested say.Text // how it was tried; empty where it was not
}

// Code is MTUExceeded.
func (BlackHole) Code() cause.Code { return cause.MTUExceeded }

// Detail says what is lost, and why that shows only once the connection is open.
func (b BlackHole) Detail() say.Text {
	return say.T("the connection opens, for its first segments are small, and then hangs: the ends agree on packets of up to %d bytes. %s, but that answer does not get back: %s",
		"连接能建立（最初的段很小），随后卡住：两端约定的包最长 %d 字节。%s，但这个应答回不去：%s", b.Length, b.Lost.Detail(), b.Why)
}

// Evidence is the device or the route, what stops the answer, and how it was tried.
func (b BlackHole) Evidence() []say.Text {
	all := append(b.Lost.Evidence(), cause.Lines(b.Proof...)...)
	if b.Tested.String() != "" {
		all = append(all, b.Tested)
	}
	return all
}

// Fix makes room on the way.
func (b BlackHole) Fix() []change.Change { return b.Mends }
