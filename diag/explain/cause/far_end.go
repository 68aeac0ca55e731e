package cause

import (
	"cmp"
	"net/netip"
	"strings"

	"nstutor/diag/farend"
	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// there is where to ask on.
func (b Beyond) there() say.Text {
	if to, ok := b.To.Said(); ok {
		return say.T("it was handed to %s: ask there", "包已交给 %s，请到那边查", to)
	}
	return say.T("ask there", "请到那边查")
}

// Unpeered is a packet that a WireGuard device refuses (wg_xmit()): no peer is for it.
type Unpeered struct {
	At
	Link table.Link
	Dst  netip.Addr
	End  farend.End
}

// Unhanded is the finding of a packet that the device does not hand to anybody; nil
// where it does, or that is not known.
func Unhanded(where At, link table.Link, dst netip.Addr, end farend.End) Finding {
	if !end.WireGuard || end.Peer.Key != "" && end.Peer.Endpoint.IsValid() {
		return nil
	}
	return Unpeered{where, link, dst, end}
}

// Code is NoPeer.
func (Unpeered) Code() Code { return NoPeer }

// Detail says what is missing.
func (u Unpeered) Detail() say.Text {
	if u.End.Peer.Key != "" {
		return say.T("the WireGuard peer %s that %s is for has no endpoint: it has to speak first, or be given one (wg set)",
			"负责 %[2]s 的 WireGuard 对端 %[1]s 没有 endpoint：要么等它先发包，要么用 wg set 指定", u.End.Peer.Key, u.Dst)
	}
	return say.T("no peer of the WireGuard device %s has %s in its allowed IPs", "WireGuard 网卡 %s 的对端里，没有一个的 allowed-ips 包含 %s", u.Link.Name, u.Dst)
}

// Evidence are the allowed IPs.
func (u Unpeered) Evidence() []say.Text {
	words := make([]string, len(u.End.Allowed))
	for i, p := range u.End.Allowed {
		words[i] = p.String()
	}
	return []say.Text{say.Quote("wg show " + u.Link.Name + " allowed-ips: " + cmp.Or(strings.Join(words, " "), "(none)"))}
}

// Fix is unknown: which peer has the address?
func (Unpeered) Fix() []change.Change { return nil }

// NoPeer: the tunnel's device has nobody to send the packet to.
const NoPeer Code = "no-peer"

var _ = Register(Cause{
	Code:  NoPeer,
	Words: say.T("a WireGuard device has no peer for the address", "WireGuard 网卡没有负责该地址的对端"),
	Table: []string{"wg", "show"},
})

// Unplugged is a device that is on, but whose wire ends nowhere; that of a tun or tap
// device ends in a program.
type Unplugged struct {
	At
	Link table.Link
}

// Code is NoCarrier.
func (Unplugged) Code() Code { return NoCarrier }

// Detail says what would be there.
func (u Unplugged) Detail() say.Text {
	if u.Link.Kind == "tun" {
		return say.T("no program has %s open: what is sent there is thrown away", "没有程序打开 %s：发到那里的包都会被丢弃", u.Link.Name)
	}
	return say.T("%s has no carrier: nothing is plugged in, or the other end is off", "%s 没有载波（NO-CARRIER）：网线没插好，或对端没开", u.Link.Name)
}

// Evidence is the device.
func (u Unplugged) Evidence() []say.Text { return Lines(u.Link.Line()) }

// Fix is done by hand.
func (Unplugged) Fix() []change.Change { return nil }
