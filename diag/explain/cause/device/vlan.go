package device

import (
	"nstutor/diag/explain/cause"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// NotCarried is a port of a bridge that filters by VLAN, which does not carry the
// VLAN of a frame.
type NotCarried struct {
	cause.At
	Port, Bridge string
	VLAN         int
	Self         bool // the port is the bridge itself
	Bare         bool // … on which no VLAN device is for it: frames have to come up without a tag
	Shared       bool // … and whose own VLAN is that of others
}

// Code is Filtered.
func (NotCarried) Code() cause.Code { return cause.Filtered }

// Detail names both.
func (c NotCarried) Detail() say.Text {
	return say.T("%s filters by VLAN, and its port %s does not carry VLAN %d", "%s 按 VLAN 过滤，端口 %s 不承载 VLAN %d", c.Bridge, c.Port, c.VLAN)
}

// Evidence is where it would stand.
func (c NotCarried) Evidence() []say.Text {
	return []say.Text{say.T("bridge vlan show dev %s: no %d", "bridge vlan show dev %s：没有 %d", c.Port, c.VLAN)}
}

// Fix has the port carry it; not where others would lose the bridge by that.
func (c NotCarried) Fix() []change.Change {
	if c.Shared {
		return nil
	}
	return []change.Change{change.VLANAdd{Netns: c.Netns(), Dev: c.Port, VID: c.VLAN, Self: c.Self, PVID: c.Bare}}
}

// SameVLAN reports whether the fix of another finding about the VLANs of a port mends this one.
func SameVLAN(f, by cause.Finding) bool {
	lacking, lacks := by.(NoPVID)
	switch bare, _ := by.(NotCarried); f := f.(type) {
	case NotCarried:
		return by.Netns() == f.Netns() && (bare.Bare && bare.Bridge == f.Bridge || lacks && lacking.Port == f.Port)
	case NoPVID:
		return by.Netns() == f.Netns() && f.Self && bare.Bare && bare.Bridge == f.Bridge
	}
	return false
}

// NoPVID is a port of a bridge that filters by VLAN, which has none for frames
// without a tag.
type NoPVID struct {
	cause.At
	Port, Bridge string
	VLAN         int  // of all other ports; 0: they have several
	Self         bool // the port is the bridge itself
}

// Code is Filtered.
func (NoPVID) Code() cause.Code { return cause.Filtered }

// Detail names both.
func (p NoPVID) Detail() say.Text {
	return say.T("%s filters by VLAN, and its port %s has no VLAN for frames without a tag", "%s 按 VLAN 过滤，端口 %s 没有给无标签帧用的 VLAN（PVID）", p.Bridge, p.Port)
}

// Evidence is where it would stand.
func (p NoPVID) Evidence() []say.Text {
	return []say.Text{say.T("bridge vlan show dev %s: no PVID", "bridge vlan show dev %s：没有 PVID", p.Port)}
}

// Fix has the port be in the VLAN of all others. Where they have several, its owner has to say
// which is meant.
func (p NoPVID) Fix() []change.Change {
	if p.VLAN == 0 {
		return nil
	}
	return []change.Change{change.VLANAdd{Netns: p.Netns(), Dev: p.Port, VID: p.VLAN, PVID: true, Self: p.Self}}
}
