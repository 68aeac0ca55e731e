package device

import (
	"net/netip"

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
	if other, is := by.(OtherVLAN); is {
		n, stopped := f.(NotCarried)
		return stopped && other.Netns() == n.Netns() && other.Bridge == n.Bridge
	}
	lacking, lacks := by.(NoPVID)
	switch bare, _ := by.(NotCarried); f := f.(type) {
	case NotCarried:
		return by.Netns() == f.Netns() && (bare.Bare && bare.Bridge == f.Bridge || lacks && lacking.Port == f.Port)
	case NoPVID:
		return by.Netns() == f.Netns() && f.Self && bare.Bare && bare.Bridge == f.Bridge
	}
	return false
}

// OtherVLAN is a port of a bridge that filters by VLAN, whose frames without a tag are of another
// VLAN than that in which the bridge has heard of their next hop.
type OtherVLAN struct {
	cause.At
	NextHop      netip.Addr
	Port, Bridge string
	Self         bool   // the port is the bridge itself
	Has, VLAN    int    // its own, and that of the next hop
	Out          string // the port behind which that is
	Proof        []string
}

// Code is Filtered.
func (OtherVLAN) Code() cause.Code { return cause.Filtered }

// Detail names both VLANs.
func (o OtherVLAN) Detail() say.Text {
	return say.T("%[1]s filters by VLAN: what comes in by %[2]s is in VLAN %[3]d, and %[4]s is known in VLAN %[5]d, behind %[6]s, which does not carry %[3]d",
		"%[1]s 按 VLAN 过滤：从 %[2]s 进来的帧属于 VLAN %[3]d，而 %[4]s 在 VLAN %[5]d 里，位于 %[6]s 那一侧，%[6]s 不承载 VLAN %[3]d", o.Bridge, o.Port, o.Has, o.NextHop, o.VLAN, o.Out)
}

// Evidence is what is known of the next hop.
func (o OtherVLAN) Evidence() []say.Text {
	return append(cause.Lines(o.Proof...), say.T("bridge vlan show dev %[1]s: its PVID is %[2]d", "bridge vlan show dev %[1]s：PVID 是 %[2]d", o.Port, o.Has))
}

// Fix puts the port into the VLAN of the next hop.
func (o OtherVLAN) Fix() []change.Change {
	return []change.Change{change.VLANAdd{Netns: o.Netns(), Dev: o.Port, VID: o.VLAN, PVID: true, Self: o.Self}}
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
