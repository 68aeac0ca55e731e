package device

import (
	"fmt"
	"net"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// What is in this file is cause.NeighbourUnanswered by devices that stand on others.

// Untagged is a frame with a VLAN tag that comes to where no device has that tag.
type Untagged struct {
	cause.Sure
	cause.NextHop
	There   cause.Device
	Tag     int
	Service bool   // the tag is one of 802.1ad
	Other   string // a VLAN device there that has the same number in the other kind of tag
}

// Code is NeighbourUnanswered.
func (Untagged) Code() cause.Code { return cause.NeighbourUnanswered }

// Detail names the place and the tag.
func (u Untagged) Detail() say.Text {
	if u.Other != "" {
		sent, taken := "802.1Q", "802.1ad"
		if u.Service {
			sent, taken = taken, sent
		}
		return say.T("the frame comes to %[1]s in %[2]s with the VLAN tag %[3]d of %[4]s, and %[5]s there takes that of %[6]s: both ends have to tag by the same protocol",
			"帧带着 %[4]s 的 VLAN 标签 %[3]d 到了 %[1]s（%[2]s），而那里的 %[5]s 只收 %[6]s 的：两端的标签协议必须一致",
			u.There.Link.Name, machine.Called(u.There.Netns), u.Tag, sent, u.Other, taken)
	}
	return say.T("the frame comes to %s in %s with the VLAN tag %d, and no VLAN device there has that tag",
		"帧带着 VLAN 标签 %[3]d 到了 %[1]s（%[2]s），那里没有这个标签的 VLAN 网卡", u.There.Link.Name, machine.Called(u.There.Netns), u.Tag)
}

// Evidence are the entry and the device.
func (u Untagged) Evidence() []say.Text { return u.With(u.There.Link.Line()) }

// Fix is unknown: which end has the wrong tag?
func (Untagged) Fix() []change.Change { return nil }

// BelowIPvlan is an address of an ipvlan in a mode in which nobody answers ARP
// for it.
type BelowIPvlan struct {
	cause.Sure
	cause.NextHop
	Owner cause.Device // the ipvlan
	Lower string       // the device that it stands on
	Way   remedy.Way   // through the namespace of that
}

// Code is NeighbourUnanswered.
func (BelowIPvlan) Code() cause.Code { return cause.NeighbourUnanswered }

// Detail names both devices and the mode.
func (b BelowIPvlan) Detail() say.Text {
	return say.T("%[1]s is an address of %[2]s in %[3]s, an ipvlan in mode %[4]s on %[5]s: in this mode nobody answers ARP for it; it takes a route through the namespace of %[5]s",
		"%[1]s 是 %[3]s 中 %[2]s 的地址，那是 %[5]s 上 %[4]s 模式的 ipvlan：这种模式下没有谁应答 ARP，要经 %[5]s 所在的命名空间路由过去",
		b.Addr, b.Owner.Link.Name, machine.Called(b.Owner.Netns), b.Owner.Link.Sharing, b.Lower)
}

// Evidence are the entry and the ipvlan.
func (b BelowIPvlan) Evidence() []say.Text { return b.With(b.Owner.Link.Line()) }

// Fix is the route.
func (b BelowIPvlan) Fix() []change.Change { return b.Way.Commands() }

// KeptApart is an address of a macvlan beside the one that asks, on the same device: the
// mode of one of them lets no frame pass between the two.
type KeptApart struct {
	cause.Sure
	cause.NextHop
	Link  table.Link // that asks
	Other cause.Device
}

// Code is NeighbourUnanswered.
func (KeptApart) Code() cause.Code { return cause.NeighbourUnanswered }

// Detail names both and their modes.
func (k KeptApart) Detail() say.Text {
	return say.T("%[1]s is an address of %[2]s in %[3]s, a macvlan in mode %[4]s on the device that %[5]s is on, in mode %[6]s: the kernel passes frames between two of them only where both are in mode bridge",
		"%[1]s 是 %[3]s 中 %[2]s 的地址：它是 %[4]s 模式的 macvlan，与 %[5]s（%[6]s 模式）建在同一块网卡上；只有两者都是 bridge 模式，内核才在它们之间传帧",
		k.Addr, k.Other.Link.Name, machine.Called(k.Other.Netns), k.Other.Link.Sharing, k.Link.Name, k.Link.Sharing)
}

// Evidence are the entry and both devices.
func (k KeptApart) Evidence() []say.Text { return k.With(k.Link.Line(), k.Other.Link.Line()) }

// Fix has both pass frames to each other.
func (k KeptApart) Fix() (fix []change.Change) {
	for _, end := range []cause.Device{{Netns: k.Netns(), Link: k.Link}, k.Other} {
		if end.Link.Sharing != "bridge" {
			fix = append(fix, change.MacvlanMode(end.Netns, end.Link.Name, "bridge"))
		}
	}
	return fix
}

// Unlisted is a frame for a macvlan in mode source, which takes those of some senders alone.
type Unlisted struct {
	cause.At
	Owner  cause.Device // the macvlan
	Sender net.HardwareAddr
}

// AskedBy is the finding for one who asks.
func (u Unlisted) AskedBy(netns string) cause.Finding { u.At = cause.At(netns); return u }

// Code is NeighbourUnanswered.
func (Unlisted) Code() cause.Code { return cause.NeighbourUnanswered }

// Detail names the list.
func (u Unlisted) Detail() say.Text {
	return say.T("%[1]s in %[2]s is a macvlan in mode source, which takes frames from the MAC addresses of its list alone, and %[3]s is not among them",
		"%[2]s 里的 %[1]s 是 source 模式的 macvlan，只收名单上的 MAC 地址发来的帧，而 %[3]s 不在其中", u.Owner.Link.Name, machine.Called(u.Owner.Netns), u.Sender)
}

// Evidence is the list.
func (u Unlisted) Evidence() []say.Text {
	return append(cause.Lines(u.Owner.Link.Line()), say.T("its list: %s", "它的名单：%s", fmt.Sprint(u.Owner.Link.Sources)))
}

// Fix puts the sender on the list.
func (u Unlisted) Fix() []change.Change {
	listed := func(verb string) []string {
		return []string{"ip", "link", "set", u.Owner.Link.Name, "type", u.Owner.Link.Kind, "macaddr", verb, u.Sender.String()}
	}
	return []change.Change{change.Program{Netns: u.Owner.Netns, Argv: listed("add"), Back: listed("del")}}
}
