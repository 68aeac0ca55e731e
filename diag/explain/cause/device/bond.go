package device

import (
	"nstutor/diag/explain/cause"
	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// BondIdle is a bond that has no slave to send by, or none that it has chosen although
// they have their carriers: it throws away what it is given (bond_xmit_activebackup()).
type BondIdle struct {
	cause.At
	Link   table.Link
	Slaves []table.Link
}

// Code is NoCarrier.
func (BondIdle) Code() cause.Code { return cause.NoCarrier }

// Detail says which of the two it is.
func (b BondIdle) Detail() say.Text {
	if len(b.Slaves) == 0 {
		return say.T("the bond %s has no slave: what is sent there is thrown away (ip link set DEV master %[1]s)", "bond 网卡 %s 没有从设备：发到那里的包都会被丢弃（ip link set DEV master %[1]s）", b.Link.Name)
	}
	return say.T("the bond %s has no active slave, although %d have a carrier: its own monitoring takes them for dead (cat /proc/net/bonding/%[1]s)",
		"bond 网卡 %s 没有活动的从设备，虽然有 %d 个有载波：它自己的监测认为它们都断了（cat /proc/net/bonding/%[1]s）", b.Link.Name, len(b.Slaves))
}

// Evidence are the bond and its slaves.
func (b BondIdle) Evidence() []say.Text {
	lines := cause.Lines(b.Link.Line())
	for _, s := range b.Slaves {
		lines = append(lines, say.Quote(s.Line()))
	}
	return lines
}

// Fix is unknown: which device belongs to it, or what its monitoring should ask?
func (BondIdle) Fix() []change.Change { return nil }
