package change

import (
	"context"
	"net"
	"slices"
	"strconv"
	"strings"

	"nstutor/internal/say"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"nstutor/diag/table"
)

// LinkSet is `ip link set DEV ATTR VALUE`: one attribute of a device. Up, Down,
// MTU and so on make one.
type LinkSet struct {
	Netns, Dev  string
	Attr, Value string // the value is empty where the attribute stands alone
}

// Up switches a device on.
func Up(netns, dev string) LinkSet { return LinkSet{Netns: netns, Dev: dev, Attr: "up"} }

// Down switches a device off, which takes its routes away (fib_netdev_event in
// net/ipv4/fib_frontend.c).
func Down(netns, dev string) LinkSet { return LinkSet{Netns: netns, Dev: dev, Attr: "down"} }

// MTU sets the largest packet of a device, in bytes.
func MTU(netns, dev string, bytes int) LinkSet {
	return LinkSet{Netns: netns, Dev: dev, Attr: "mtu", Value: strconv.Itoa(bytes)}
}

// MAC gives a device another MAC address. The kernel flushes the device's
// neighbour table with it, permanent entries included (neigh_changeaddr).
func MAC(netns, dev, mac string) LinkSet {
	return LinkSet{Netns: netns, Dev: dev, Attr: "address", Value: mac}
}

// Master makes a device a port of a bridge; the bridge "" takes it off.
func Master(netns, dev, bridge string) LinkSet {
	if bridge == "" {
		return LinkSet{Netns: netns, Dev: dev, Attr: "nomaster"}
	}
	return LinkSet{Netns: netns, Dev: dev, Attr: "master", Value: bridge}
}

// ARP has a device ask for addresses again.
func ARP(netns, dev string) LinkSet {
	return LinkSet{Netns: netns, Dev: dev, Attr: "arp", Value: "on"}
}

// Promisc has a device show captures the frames for other stations, too.
func Promisc(netns, dev string) LinkSet {
	return LinkSet{Netns: netns, Dev: dev, Attr: "promisc", Value: "on"}
}

// NoSTP has a bridge leave its ports' states to whoever sets them.
func NoSTP(netns, bridge string) LinkSet { return STP(netns, bridge, false) }

// STP has a bridge decide about its ports' states by the spanning tree protocol, or
// not. A port that waits for it (listening, learning) goes on waiting where it is
// switched off (br_stp_stop in net/bridge/br_stp_if.c).
func STP(netns, bridge string, on bool) LinkSet {
	value := "0"
	if on {
		value = "1"
	}
	return LinkSet{Netns: netns, Dev: bridge, Attr: "type bridge stp_state", Value: value}
}

// ProtoDown withholds a device's carrier, or gives it back.
func ProtoDown(netns, dev string, on bool) LinkSet {
	return LinkSet{Netns: netns, Dev: dev, Attr: "protodown", Value: onOff(on)}
}

// MacvlanMode has a macvlan share the device below it in another way.
func MacvlanMode(netns, dev, mode string) LinkSet {
	return LinkSet{Netns: netns, Dev: dev, Attr: "type macvlan mode", Value: mode}
}

// linkAttr is what the kernel has under one word of `ip link set`.
type linkAttr struct {
	alone bool     // no value belongs to it
	means say.Form // of the device and the value
	set   func(h *netlink.Handle, link netlink.Link, value string) error
	// within sets what package netlink has no words for, on a thread inside the namespace.
	within func(link netlink.Link, value string) error
	// back is what brings a device as it was back.
	back func(a LinkSet, was table.Link) LinkSet
}

var linkAttrs = map[string]linkAttr{
	"up": {alone: true, means: say.F("set %s up", "启用 %s"),
		set:  func(h *netlink.Handle, link netlink.Link, _ string) error { return h.LinkSetUp(link) },
		back: func(a LinkSet, _ table.Link) LinkSet { return Down(a.Netns, a.Dev) }},
	"down": {alone: true, means: say.F("set %s down", "停用 %s"),
		set:  func(h *netlink.Handle, link netlink.Link, _ string) error { return h.LinkSetDown(link) },
		back: func(a LinkSet, _ table.Link) LinkSet { return Up(a.Netns, a.Dev) }},
	"mtu": {means: say.F("set %s mtu %s", "把 %s 的 MTU 设为 %s"),
		set: func(h *netlink.Handle, link netlink.Link, value string) error {
			bytes, err := strconv.Atoi(value)
			if err != nil {
				return err
			}
			return h.LinkSetMTU(link, bytes)
		},
		back: func(a LinkSet, was table.Link) LinkSet { return MTU(a.Netns, a.Dev, was.MTU) }},
	"address": {means: say.F("set %s address %s", "把 %s 的 MAC 地址设为 %s"),
		set: func(h *netlink.Handle, link netlink.Link, value string) error {
			mac, err := net.ParseMAC(value)
			if err != nil {
				return err
			}
			return h.LinkSetHardwareAddr(link, mac)
		},
		back: func(a LinkSet, was table.Link) LinkSet { return MAC(a.Netns, a.Dev, was.MAC.String()) }},
	"master": {means: say.F("set %s master %s", "把 %s 接到网桥 %s"),
		set: func(h *netlink.Handle, link netlink.Link, value string) error {
			master, err := h.LinkByName(value)
			if err != nil {
				return err
			}
			return h.LinkSetMaster(link, master)
		},
		back: func(a LinkSet, was table.Link) LinkSet { return Master(a.Netns, a.Dev, was.Master) }},
	"nomaster": {alone: true, means: say.F("set %s nomaster", "把 %s 从网桥上取下"),
		set:  func(h *netlink.Handle, link netlink.Link, _ string) error { return h.LinkSetNoMaster(link) },
		back: func(a LinkSet, was table.Link) LinkSet { return Master(a.Netns, a.Dev, was.Master) }},
	"arp": {means: say.F("set %s arp %s", "把 %s 的 ARP 设为 %s"),
		set: func(h *netlink.Handle, link netlink.Link, value string) error {
			if value == "off" {
				return h.LinkSetARPOff(link)
			}
			return h.LinkSetARPOn(link)
		},
		back: func(a LinkSet, was table.Link) LinkSet {
			a.Value = onOff(!was.Has("NOARP"))
			return a
		}},
	"promisc": {means: say.F("set %s promisc %s", "把 %s 的混杂模式设为 %s"),
		set: func(h *netlink.Handle, link netlink.Link, value string) error {
			if value == "off" {
				return h.SetPromiscOff(link)
			}
			return h.SetPromiscOn(link)
		},
		back: func(a LinkSet, was table.Link) LinkSet {
			a.Value = onOff(was.Has("PROMISC"))
			return a
		}},
	"protodown": {means: say.F("set %s protodown %s", "把 %s 的 protodown 设为 %s"),
		within: func(link netlink.Link, value string) error {
			return setAttr(link, nl.NewRtAttr(unix.IFLA_PROTO_DOWN, map[string][]byte{"off": {0}, "on": {1}}[value]))
		},
		back: func(a LinkSet, was table.Link) LinkSet { return ProtoDown(a.Netns, a.Dev, was.ProtoDown.On) }},
	"type macvlan mode": {means: say.F("set %s type macvlan mode %s", "把 macvlan %s 的模式设为 %s"),
		within: setMacvlanMode,
		back: func(a LinkSet, was table.Link) LinkSet {
			a.Value = was.Sharing
			return a
		}},
	"type bridge stp_state": {means: say.F("set %s type bridge stp_state %s", "把网桥 %s 的 stp_state 设为 %s"),
		within: setSTP,
		back: func(a LinkSet, was table.Link) LinkSet {
			a.Value = "0"
			if was.Bridge != nil && was.Bridge.STP {
				a.Value = "1"
			}
			return a
		}},
}

// told is what is done to a device.
func (attr linkAttr) told(a LinkSet) say.Text {
	args := []any{a.Dev, a.Value}
	if attr.alone {
		args = args[:1]
	}
	return say.Both(attr.means.In("en", args...), attr.means.In("zh", args...))
}

// onOff is a switch as ip(8) and bridge(8) write it.
func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// setSTP switches a bridge's spanning tree protocol (IFLA_BR_STP_STATE), for
// which netlink.Bridge has no field.
func setSTP(link netlink.Link, value string) error {
	on, err := strconv.ParseUint(value, 10, 32)
	if err != nil {
		return err
	}
	return setOfKind(link, nl.IFLA_BR_STP_STATE, uint32(on))
}

// setOfKind sets an attribute that a kind of device has.
func setOfKind(link netlink.Link, attr int, value uint32) error {
	info := nl.NewRtAttr(unix.IFLA_LINKINFO, nil)
	info.AddRtAttr(nl.IFLA_INFO_KIND, nl.NonZeroTerminated(link.Type()))
	info.AddRtAttr(nl.IFLA_INFO_DATA, nil).AddRtAttr(attr, nl.Uint32Attr(value))
	return setAttr(link, info)
}

func setAttr(link netlink.Link, attr *nl.RtAttr) error {
	message := nl.NewIfInfomsg(unix.AF_UNSPEC)
	message.Index = int32(link.Attrs().Index)
	return ask(unix.RTM_NEWLINK, message, attr)
}

// ask sends a message in the namespace of the calling thread.
func ask(kind int, data ...nl.NetlinkRequestData) error {
	request := nl.NewNetlinkRequest(kind, unix.NLM_F_ACK)
	for _, part := range data {
		request.AddData(part)
	}
	_, err := request.Execute(unix.NETLINK_ROUTE, 0)
	return err
}

var _ = register("ip link set", parseLinkSet)

func parseLinkSet(netns string, words []string) (Change, error) {
	dev, rest, err := named(words)
	if err != nil {
		return nil, err
	}
	for attr, known := range linkAttrs {
		names := strings.Fields(attr)
		if len(rest) < len(names) || !slices.Equal(rest[:len(names)], names) {
			continue
		}
		values := rest[len(names):]
		switch {
		case known.alone && len(values) == 0:
			return LinkSet{Netns: netns, Dev: dev, Attr: attr}, nil
		case !known.alone && len(values) == 1:
			return LinkSet{Netns: netns, Dev: dev, Attr: attr, Value: values[0]}, nil
		}
	}
	if len(rest) > 0 && rest[0] == "netns" {
		return parseLinkMove(netns, dev, rest)
	}
	return nil, say.Err("%s is not understood here", "这里不认识 %s", strings.Join(rest, " "))
}

// Command is `ip link set DEV ATTR VALUE`.
func (a LinkSet) Command() Command {
	argv := slices.Concat([]string{"ip", "link", "set"}, device(a.Dev), strings.Fields(a.Attr))
	if a.Value != "" {
		argv = append(argv, a.Value)
	}
	return In(a.Netns, argv...)
}

// Apply sets the attribute.
func (a LinkSet) Apply(_ context.Context, s Space) error {
	attr, ok := linkAttrs[a.Attr]
	if !ok {
		return say.Err("%s: set %s %s: not understood here", "%s：把 %s 设为 %s：这里不认识", a.Netns, a.Dev, a.Attr)
	}
	return Dev{a.Netns, a.Dev}.set(s, attr.told(a), func(h *netlink.Handle, link netlink.Link) error {
		if attr.within == nil {
			return attr.set(h, link, a.Value)
		}
		ns, err := s.NS(a.Netns)
		if err != nil {
			return err
		}
		return ns.Do(func() error { return attr.within(link, a.Value) })
	})
}

// Undo gives the device what it had, and puts back what the kernel has changed
// along with it.
func (a LinkSet) Undo(ctx context.Context, s Space, was Before) error {
	old, known := was.Link(a.Netns, a.Dev)
	attr := linkAttrs[a.Attr]
	if !known && !attr.alone && a.Attr != "master" {
		return say.Err("%s: the %s that %s had is not known", "%s：不知道 %[3]s 原来的 %[2]s", a.Netns, a.Attr, a.Dev)
	}
	if err := attr.back(a, old).Apply(ctx, s); err != nil {
		return err
	}
	switch a.Attr {
	case "up":
		return a.undoLoopback(s, was)
	case "down":
		return restoreRoutes(ctx, s, Dev{a.Netns, a.Dev}, was)
	case "master":
		return a.undoBridge(ctx, s, was)
	}
	return nil
}

// undoLoopback takes away the addresses that coming up gave a loopback
// (127.0.0.1/8, inetdev_event in net/ipv4/devinet.c): they stay with it when it
// goes down.
func (a LinkSet) undoLoopback(s Space, was Before) error {
	h, link, err := Dev{a.Netns, a.Dev}.Find(s)
	if err != nil {
		return err
	}
	if link.Attrs().Flags&net.FlagLoopback == 0 {
		return nil
	}
	addrs, err := h.AddrList(link, netlink.FAMILY_V4)
	if err != nil {
		return say.Err("%s: list addresses of %s: %v", "%s：列出 %s 的地址：%v", a.Netns, a.Dev, err)
	}
	for _, addr := range addrs {
		if was.hasAddr(a.Netns, a.Dev, addr.IPNet.String()) {
			continue
		}
		if err := h.AddrDel(link, &addr); err != nil {
			return say.Err("%s: delete address %s: %v", "%s：删除地址 %s：%v", a.Netns, addr.IPNet, err)
		}
	}
	return nil
}

// undoBridge gives the bridge its MAC address back. It takes the lowest one of
// its ports, and none when the last one goes (br_stp_recalculate_bridge_id).
func (a LinkSet) undoBridge(ctx context.Context, s Space, was Before) error {
	bridge, ok := was.Link(a.Netns, a.Value)
	if !ok {
		return nil
	}
	_, now, err := Dev{a.Netns, a.Value}.Find(s)
	if err == nil && now.Attrs().HardwareAddr.String() == bridge.MAC.String() {
		return nil
	}
	return MAC(a.Netns, a.Value, bridge.MAC.String()).Apply(ctx, s)
}
