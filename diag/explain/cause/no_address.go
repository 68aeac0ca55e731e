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
	return none
}

// Evidence is that there is no route.
func (a Addressless) Evidence() []say.Text { return a.Lookup.Lines() }

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
