package cause

import (
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// NotCarried is a port of a bridge that filters by VLAN, which does not carry the
// VLAN of a frame.
type NotCarried struct {
	At
	Port, Bridge string
	VLAN         int
	Self         bool // the port is the bridge itself
}

// Code is Filtered.
func (NotCarried) Code() Code { return Filtered }

// Detail names both.
func (c NotCarried) Detail() say.Text {
	return say.T("%s filters by VLAN, and its port %s does not carry VLAN %d", "%s 按 VLAN 过滤，端口 %s 不承载 VLAN %d", c.Bridge, c.Port, c.VLAN)
}

// Evidence is where it would stand.
func (c NotCarried) Evidence() []say.Text {
	return []say.Text{say.T("bridge vlan show dev %s: no %d", "bridge vlan show dev %s：没有 %d", c.Port, c.VLAN)}
}

// Fix has the port carry it.
func (c NotCarried) Fix() []change.Change {
	return []change.Change{change.VLANAdd{Netns: c.Netns(), Dev: c.Port, VID: c.VLAN, Self: c.Self}}
}

// NoPVID is a port of a bridge that filters by VLAN, which has none for frames
// without a tag.
type NoPVID struct {
	At
	Port, Bridge string
}

// Code is Filtered.
func (NoPVID) Code() Code { return Filtered }

// Detail names both.
func (p NoPVID) Detail() say.Text {
	return say.T("%s filters by VLAN, and its port %s has no VLAN for frames without a tag", "%s 按 VLAN 过滤，端口 %s 没有给无标签帧用的 VLAN（PVID）", p.Bridge, p.Port)
}

// Evidence is where it would stand.
func (p NoPVID) Evidence() []say.Text {
	return []say.Text{say.T("bridge vlan show dev %s: no PVID", "bridge vlan show dev %s：没有 PVID", p.Port)}
}

// Fix is unknown: which VLAN is meant is for its owner to say.
func (NoPVID) Fix() []change.Change { return nil }
