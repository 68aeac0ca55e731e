package device

import (
	"math/bits"
	"net/netip"
	"strconv"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// TunnelMismatch: the other end of a tunnel opens none of its packets.
const TunnelMismatch cause.Code = "tunnel-mismatch"

var _ = cause.Register(cause.Cause{
	Code:  TunnelMismatch,
	Words: say.T("the two ends of a tunnel do not name each other", "隧道两端的 local、remote 或 key 对不上"),
	Table: []string{"ip", "-d", "link"},
})

// TunnelUnmatched is a packet of a tunnel that nobody opens where it has come.
type TunnelUnmatched struct {
	cause.At
	Link     table.Link // the end that sends
	Sender   string     // the namespace of that
	From, To netip.Addr // of the packet
	Carrier  string     // what kind of packet it is
	There    []table.Link
	Virtual  bool // a virtual service of ip_vs sends it, and there is no device
}

// Code is TunnelMismatch.
func (TunnelUnmatched) Code() cause.Code { return TunnelMismatch }

// Detail says what does not fit.
func (t TunnelUnmatched) Detail() say.Text {
	here, who := machine.Called(t.Netns()), machine.Called(t.Sender)
	switch {
	case t.Virtual && len(t.There) == 0:
		return say.T("the %s packets of ip_vs (%s) come to %s, which has no %s device to open them: each server has to (ip link add tunl1 type ipip, and ip link set tunl1 up)",
			"ip_vs（%[2]s）的 %[1]s 包到了 %[3]s，那里却没有 %[4]s 设备来解封装：每个后端服务器都要有（ip link add tunl1 type ipip，再 ip link set tunl1 up）", t.Carrier, who, here, t.Link.Kind)
	case len(t.There) == 0:
		return say.T("the %s packets of %s (%s) come to %s, which has no %s device to open them", "%[2]s（%[3]s）的 %[1]s 包到了 %[4]s，那里却没有 %[5]s 设备来解封装",
			t.Carrier, t.Link.Name, who, here, t.Link.Kind)
	}
	for _, far := range t.There {
		f := far.Tunnel
		switch {
		case f == nil || f.External:
		case f.Remote.IsValid() && f.Remote != t.From && (!f.Local.IsValid() || f.Local == t.To):
			return say.T("the %s packets of %s (%s) come from %s, but %s of %s takes only those from %s (its remote)", "%[2]s（%[3]s）的 %[1]s 包来自 %[4]s，%[6]s 的 %[5]s 却只收来自 %[7]s（它的 remote）的包",
				t.Carrier, t.Link.Name, who, t.From, far.Name, here, f.Remote)
		case f.Local.IsValid() && f.Local != t.To && (!f.Remote.IsValid() || f.Remote == t.From):
			return say.T("the %s packets of %s (%s) go to %s, but %s of %s takes only those to %s (its local)", "%[2]s（%[3]s）的 %[1]s 包发往 %[4]s，%[6]s 的 %[5]s 却只收发往 %[7]s（它的 local）的包",
				t.Carrier, t.Link.Name, who, t.To, far.Name, here, f.Local)
		case f.Port != t.Link.Tunnel.Port:
			return say.T("%s of %s sends to UDP port %d, but %s of %s takes packets on port %d", "%[2]s 的 %[1]s 发往 UDP 端口 %[3]d，%[5]s 的 %[4]s 却在端口 %[6]d 上收",
				t.Link.Name, who, t.Link.Tunnel.Port, far.Name, here, f.Port)
		case f.InKey != t.Link.Tunnel.Key && f.Port != 0:
			return say.T("%s of %s sends packets of the network (VNI) %d, but %s of %s takes only those of %d", "%[2]s 的 %[1]s 发出的包 VNI 是 %[3]d，%[5]s 的 %[4]s 却只收 VNI 为 %[6]d 的包",
				t.Link.Name, who, t.Link.Tunnel.Key, far.Name, here, f.InKey)
		case f.InKey != t.Link.Tunnel.Key:
			return say.T("%s of %s sends key %s, but %s of %s takes only packets with key %s", "%[2]s 的 %[1]s 发出的 key 是 %[3]s，%[5]s 的 %[4]s 却只收 key 为 %[6]s 的包",
				t.Link.Name, who, key(t.Link.Tunnel.Key), far.Name, here, key(f.InKey))
		}
	}
	return say.T("the %s packets of %s (%s) from %s to %s come to %s, and none of its devices is the other end of that", "%[2]s（%[3]s）的 %[1]s 包（%[4]s 到 %[5]s）到了 %[6]s，那里没有设备与之对应",
		t.Carrier, t.Link.Name, who, t.From, t.To, here)
}

// key is a key of GRE as ip(8) shows it: as an address.
func key(k uint32) say.Text {
	if k == 0 {
		return say.T("none", "无")
	}
	return say.Quote(netip.AddrFrom4([4]byte{byte(k), byte(k >> 8), byte(k >> 16), byte(k >> 24)}).String())
}

// Evidence are the devices of both ends.
func (t TunnelUnmatched) Evidence() []say.Text {
	var lines []say.Text
	if !t.Virtual {
		lines = cause.Lines(t.Link.Line(), t.Link.AddressLine())
	} else {
		lines = cause.Lines(t.Carrier + " " + t.From.String() + " > " + t.To.String())
	}
	for _, far := range t.There {
		lines = append(lines, cause.Lines(far.Line(), far.AddressLine())...)
	}
	return lines
}

// Fix gives the end that does not open the packets the key that they have, where nothing but
// that is the matter. Of addresses it is unknown: which end is wrong? A device of GENEVE keeps
// the numbers that it was made with.
func (t TunnelUnmatched) Fix() []change.Change {
	if len(t.There) != 1 || t.There[0].Tunnel == nil || t.Virtual {
		return nil
	}
	far, sent := t.There[0], t.Link.Tunnel.Key
	fits := func(is, want netip.Addr) bool { return !is.IsValid() || is == want }
	if far.Kind != t.Link.Kind || far.Tunnel.External || far.Tunnel.Port != 0 || !fits(far.Tunnel.Remote, t.From) || !fits(far.Tunnel.Local, t.To) || far.Tunnel.InKey == sent {
		return nil
	}
	return set(t.Netns(), far, keyed(sent), keyed(far.Tunnel.InKey))
}

// keyed are the words by which ip(8) gives a tunnel a key both ways.
func keyed(k uint32) []string {
	if k == 0 {
		return []string{"nokey"}
	}
	return []string{"key", strconv.FormatUint(uint64(bits.ReverseBytes32(k)), 10)}
}

// set gives a tunnel another setting, by ip(8): what is not said stays.
func set(netns string, link table.Link, to, from []string) []change.Change {
	line := func(words []string) []string {
		return append([]string{"ip", "link", "set", link.Name, "type", link.Kind}, words...)
	}
	return []change.Change{change.Program{Netns: netns, Argv: line(to), Back: line(from)}}
}

// TunnelRefused is a packet whose tunnel's other end, out of sight, says that it opens no
// such packets.
type TunnelRefused struct {
	cause.Beyond
	Carrier string // what kind of packet it is
	By      netip.Addr
	Port    int    // of UDP, that they go to; 0: they have none
	Proof   string // the answer as it was seen
}

// Detail says what there is to compare.
func (t TunnelRefused) Detail() say.Text {
	if t.Port == 0 {
		return say.T("%[1]s refuses the %[2]s packets of the tunnel: nothing there opens those from this address; see there whether that end of the tunnel is up, with this one's addresses and key",
			"%[1]s 拒绝了隧道的 %[2]s 包：那边没有设备接收来自本机地址的这种包；请到那边查隧道设备是否启用，local、remote 和 key 是否与这边对得上", t.By, t.Carrier)
	}
	return say.T("%[1]s refuses the %[2]s packets of the tunnel: nothing there opens UDP port %[3]d; see there whether that end of the tunnel is up, and with which port: both need the same (ip -d link)",
		"%[1]s 拒绝了隧道的 %[2]s 包：那边没有设备接收 UDP 端口 %[3]d；请到那边查隧道设备是否启用、用的是哪个端口：两端要一致（ip -d link）", t.By, t.Carrier, t.Port)
}

// Evidence is the answer.
func (t TunnelRefused) Evidence() []say.Text {
	return append([]say.Text{say.T("seen into %s: %s", "进入 %s 的帧：%s", t.Dev, t.Proof)}, t.Seen...)
}

// RouteSpent is a route that has packets begin with too few hops to live.
type RouteSpent struct {
	cause.At
	Entry table.Route // with a metric hoplimit
	Spent string      // the namespace where they end
}

// Code is RouteLoop, as of any TTL that is spent.
func (RouteSpent) Code() cause.Code { return cause.RouteLoop }

// Detail names the route's metric, and the place.
func (r RouteSpent) Detail() say.Text {
	return say.T("the packet's TTL is spent in %s, although it goes in no circle: its route has hoplimit %d", "包的 TTL 在 %s 耗尽，但并无环路：它的路由带有 hoplimit %d", machine.Called(r.Spent), r.Entry.HopLimit())
}

// Evidence is the route.
func (r RouteSpent) Evidence() []say.Text { return cause.Lines(r.Entry.Line()) }

// Fix puts the route in its own place without that metric.
func (r RouteSpent) Fix() []change.Change {
	return []change.Change{change.Route{Netns: r.Netns(), Verb: change.RouteReplace, Route: r.Entry.WithoutHopLimit()}}
}

// TunnelSpent is a tunnel whose packets begin with too small a TTL to get to its other
// end.
type TunnelSpent struct {
	cause.At
	Link  table.Link
	Spent string // the namespace where they end
}

// Code is RouteLoop, as of any TTL that is spent.
func (TunnelSpent) Code() cause.Code { return cause.RouteLoop }

// Detail names the device, and the place.
func (t TunnelSpent) Detail() say.Text {
	return say.T("the packets of the tunnel %s begin with the TTL %d, which is spent in %s; 64 is enough for any way",
		"隧道 %s 的外层包初始 TTL 是 %d，到 %s 就耗尽了；64 足够走任何路径", t.Link.Name, t.Link.Tunnel.TTL, machine.Called(t.Spent))
}

// Evidence is the device.
func (t TunnelSpent) Evidence() []say.Text { return cause.Lines(t.Link.Line(), t.Link.AddressLine()) }

// Fix gives the tunnel a larger one.
func (t TunnelSpent) Fix() []change.Change {
	return set(t.Netns(), t.Link, []string{"ttl", "64"}, []string{"ttl", strconv.Itoa(int(t.Link.Tunnel.TTL))})
}

// MarkUnknown is a packet that came through VXLAN with a mark (Group Based Policy), at an end
// that knows of none.
type MarkUnknown struct {
	cause.At
	Link   table.Link // that end
	Sender cause.Device
	Mark   uint32
}

// Code is TunnelMismatch.
func (MarkUnknown) Code() cause.Code { return TunnelMismatch }

// Detail names both ends.
func (m MarkUnknown) Detail() say.Text {
	return say.T("%s in %s was made with gbp and sends the packet's mark (%#x) along, but %s in %s was made without, and drops what has one: both ends need the same",
		"%[2]s 的 %[1]s 建的时候带 gbp，会把包的 mark（%#[3]x）一起发出去，而 %[5]s 的 %[4]s 没带 gbp，会丢弃带 mark 的包：两端要一致",
		m.Sender.Link.Name, machine.Called(m.Sender.Netns), m.Mark, m.Link.Name, machine.Called(m.Netns()))
}

// Evidence are both ends.
func (m MarkUnknown) Evidence() []say.Text {
	return cause.Lines(m.Sender.Link.Line(), m.Link.Line())
}

// Fix is unknown: which end is wrong?
func (MarkUnknown) Fix() []change.Change { return nil }
