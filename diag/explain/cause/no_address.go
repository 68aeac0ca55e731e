package cause

import (
	"fmt"
	"net/netip"

	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// NoAddress: a device, or the sender, has no address to speak with.
const NoAddress Code = "no-address"

var _ = Register(Cause{
	Code:  NoAddress,
	Words: say.T("a device, or the sender, has no address to speak with", "网卡或发送方没有可用的地址"),
	Table: []string{"ip", "addr"},
})

// Addressless is a sender none of whose devices but lo has an address.
type Addressless struct {
	At
	Lookup Lookup
	Free   remedy.Address // that the device could have, where its wire tells
	Down   bool           // the device is
	// Default is the default route that is missing as well, if it is.
	Default remedy.Way
	// Awaits is where an address of IPv6 was to come from; its zero value: that is not known.
	Awaits Awaited
}

// Awaited is a device that has its addresses from what routers advertise.
type Awaited struct {
	Dev          string
	Told, Heeds  bool // to heed them, and whether it does
	Asked, Heard int64
	Settings     []string
}

// Said is why no address has come.
func (a Awaited) Said() say.Text {
	switch {
	case !a.Told:
		return say.T("%s is told to heed no router's advertisement (accept_ra is 0)", "%s 被设为不理会路由器通告（accept_ra 是 0）", a.Dev)
	case !a.Heeds:
		return say.T("%s heeds no router's advertisement, for forwarding is on and accept_ra is 1 (2 has it heeded)", "%s 不理会路由器通告，因为 forwarding 已打开而 accept_ra 是 1（设为 2 才会理会）", a.Dev)
	case a.Heard > 0:
		return say.T("%[2]d advertisements of routers have come to %[1]s, and none gave it an address: they leave that to DHCPv6, or have no prefix for it", "%[1]s 收到过 %[2]d 个路由器通告，却没有一个带来地址：它们把地址交给 DHCPv6，或者没有可用的前缀", a.Dev, a.Heard)
	}
	return say.T("%[1]s waits for a router to advertise itself, and none has (it has asked %[2]d times): see whether one there does (radvd, or the like)", "%[1]s 在等路由器通告自己，却一个也没有收到（已询问 %[2]d 次）：请查那边有没有路由器在通告（radvd 之类）", a.Dev, a.Asked)
}

// Code is NoAddress.
func (Addressless) Code() Code { return NoAddress }

// Detail says so.
func (a Addressless) Detail() say.Text {
	none := say.T("no device but lo has an address", "除了 lo，没有一块网卡有地址")
	if a.Lookup.Dst.Is6() {
		none = say.T("no device but lo has an IPv6 address that is good beyond its own wire", "除了 lo，没有一块网卡有能用到链路之外的 IPv6 地址")
	}
	if a.Free.Shut != 0 {
		return say.T("%s: IPv6 is switched off on %s (%s)", "%s：%s 上关掉了 IPv6（%s）", none, a.Free.Dev, a.Free.Shut.Said())
	}
	if a.Down && a.Free.Dev != "" {
		return say.T("%s, and %s is down", "%s，而且 %s 处于 down 状态", none, a.Free.Dev)
	}
	if a.Awaits.Dev != "" {
		return say.T("%s: %s", "%s：%s", none, a.Awaits.Said())
	}
	return none
}

// Evidence is that there is no route, and what routers are heeded.
func (a Addressless) Evidence() []say.Text {
	return append(a.Lookup.Lines(), Lines(a.Awaits.Settings...)...)
}

// Fix gives the device the address, and what the sender lacks besides.
func (a Addressless) Fix() []change.Change {
	fix := a.Free.Add()
	if a.Down && len(fix) > 0 {
		fix = append(fix, remedy.Raise(a.Netns(), a.Free.Dev)...)
	}
	if len(fix) > 0 {
		fix = append(fix, a.Free.Then(a.Default)...)
	}
	return fix
}

// Sourceless is a tunnel whose own end is no address of its namespace: then the
// kernel has no route for its packets.
type Sourceless struct {
	At
	Flow    flows.Flow     // of the carrying packet
	Err     error          // what the kernel says of it
	Address remedy.Address // that is missing
}

// Code is NoAddress.
func (Sourceless) Code() Code { return NoAddress }

// Detail names the address.
func (s Sourceless) Detail() say.Text {
	return say.T("the tunnel sends from %s, which is no address of %s", "隧道的源地址是 %s，%s 却没有这个地址", s.Flow.Src, machine.Called(s.Netns()))
}

// Evidence is what the kernel says.
func (s Sourceless) Evidence() []say.Text {
	return Lines(fmt.Sprintf("ip route get %s from %s: %v", s.Flow.Dst, s.Flow.Src, errnoOf(s.Err)))
}

// Fix adds the address.
func (s Sourceless) Fix() []change.Change { return s.Address.Add() }

// Nameless is a device without an address that a packet comes to, for an address
// that it should have.
type Nameless struct {
	At
	Link table.Link
	Own  netip.Prefix // the address, with the network of whoever asks for it
}

// Code is NoAddress.
func (Nameless) Code() Code { return NoAddress }

// Detail names the device.
func (a Nameless) Detail() say.Text {
	return say.T("the frame comes to %s in %s, which has no address at all", "帧到了 %s（%s），这块网卡没有任何地址", a.Link.Name, machine.Called(a.Netns()))
}

// Evidence is the device.
func (a Nameless) Evidence() []say.Text { return Lines(a.Link.AddressLine()) }

// Fix adds the address.
func (a Nameless) Fix() []change.Change {
	return remedy.Address{Netns: a.Netns(), Prefix: a.Own, Dev: a.Link.Name}.Add()
}

// GatewayNameless is a device without an address of the network of those on its wire, who have that for
// their gateway: they know its MAC address still, but what is for them goes elsewhere, or nowhere.
type GatewayNameless struct {
	At
	Link    table.Link
	Address remedy.Address
	Has     netip.Prefix // an address of another network; invalid without
}

// Code is NoAddress.
func (GatewayNameless) Code() Code { return NoAddress }

// Detail names the device, and the address.
func (g GatewayNameless) Detail() say.Text {
	if g.Has.IsValid() {
		return say.T("%s has %s and no address of %s, and so no route to those who are on it; they have %s for their gateway",
			"%s 有 %s，却没有 %s 里的地址，因此没有到它上面各主机的路由；它们的网关写的是 %s", g.Link.Name, g.Has, g.Address.Prefix.Masked(), g.Address.Prefix.Addr())
	}
	return say.T("%s has no address, and so no route to those who are on it; they have %s for their gateway",
		"%s 没有地址，因此没有到它上面各主机的路由；它们的网关写的是 %s", g.Link.Name, g.Address.Prefix.Addr())
}

// Evidence is the device.
func (g GatewayNameless) Evidence() []say.Text { return Lines(g.Link.AddressLine()) }

// Fix gives the device the address.
func (g GatewayNameless) Fix() []change.Change { return g.Address.Add() }

// hostAddress is an address with no network around it.
func hostAddress(netns string, addr netip.Addr, dev string) remedy.Address {
	return remedy.Address{Netns: netns, Prefix: netip.PrefixFrom(addr, addr.BitLen()), Dev: dev}
}
