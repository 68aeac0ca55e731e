package change

import (
	"context"
	"net"
	"slices"
	"strconv"

	"nstutor/internal/say"

	"github.com/vishvananda/netlink"
)

// LinkAdd makes a device, down: `ip link add NAME … type KIND …`. What is zero is
// left to the kernel.
type LinkAdd struct {
	Netns, Name string
	Kind        string // veth, bridge, vxlan, ipvlan, macvlan
	Index       int
	MAC         string
	MTU         int // bytes
	QLen        int // transmit queue, in packets

	Peer, PeerMAC string // of a veth: its other end
	PeerNetns     string // of a veth: where that is; empty: here
	Lower, Mode   string // of an ipvlan or a macvlan: the device below, and how it is shared
	VNI, Port     int    // of a VXLAN
	Local         string // of a VXLAN: the source of the outer packets
}

var _ = register("ip link add", parseLinkAdd)

func parseLinkAdd(netns string, words []string) (Change, error) {
	if len(words) == 0 {
		return nil, say.Err("no device is named", "没有指定网卡")
	}
	a := LinkAdd{Netns: netns, Name: words[0]}
	words = words[1:]
	own, kind := words, []string(nil)
	if i := slices.Index(words, "type"); i >= 0 && i+1 < len(words) {
		own, a.Kind, kind = words[:i], words[i+1], words[i+2:]
	}
	if _, ok := linkKinds[a.Kind]; !ok {
		return nil, say.Err("%q is no kind of device that is known here", "这里不认识网卡类型 %q", a.Kind)
	}
	err := readOptions(own, text("link", &a.Lower), number("index", &a.Index), text("address", &a.MAC), number("mtu", &a.MTU), number("txqueuelen", &a.QLen))
	if err != nil {
		return nil, err
	}
	if a.Kind == "veth" && len(kind) > 0 && kind[0] == "peer" {
		err = readOptions(kind[1:], text("name", &a.Peer), text("address", &a.PeerMAC), text("netns", &a.PeerNetns))
	} else {
		err = readOptions(kind, text("mode", &a.Mode), number("id", &a.VNI), text("local", &a.Local), number("dstport", &a.Port))
	}
	return a, err
}

// Command is `ip link add NAME type KIND`.
func (a LinkAdd) Command() Command {
	argv := slices.Concat([]string{"ip", "link", "add", a.Name},
		given("link", a.Lower), given("index", count(a.Index)), given("address", a.MAC), given("mtu", count(a.MTU)), given("txqueuelen", count(a.QLen)),
		[]string{"type", a.Kind}, given("id", count(a.VNI)), given("local", a.Local), given("dstport", count(a.Port)), given("mode", a.Mode))
	if a.Kind == "veth" {
		argv = slices.Concat(argv, []string{"peer"}, given("name", a.Peer), given("address", a.PeerMAC), given("netns", a.PeerNetns))
	}
	return In(a.Netns, argv...)
}

// given are the words of an option, none where it says nothing.
func given(name, value string) []string {
	if value == "" {
		return nil
	}
	return []string{name, value}
}

// count is a number as a value of an option, empty where it says nothing.
func count(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// linkKinds make what rtnetlink gets for a kind of device.
var linkKinds = map[string]func(a LinkAdd, attrs netlink.LinkAttrs) (netlink.Link, error){
	"bridge": func(_ LinkAdd, attrs netlink.LinkAttrs) (netlink.Link, error) {
		return &netlink.Bridge{LinkAttrs: attrs}, nil
	},
	"veth": func(a LinkAdd, attrs netlink.LinkAttrs) (netlink.Link, error) {
		mac, err := optionalMAC(a.PeerMAC)
		return &netlink.Veth{LinkAttrs: attrs, PeerName: a.Peer, PeerHardwareAddr: mac}, err
	},
	// ip(8) has a VXLAN learn from what it receives unless told otherwise.
	"vxlan": func(a LinkAdd, attrs netlink.LinkAttrs) (netlink.Link, error) {
		return &netlink.Vxlan{LinkAttrs: attrs, VxlanId: a.VNI, Port: a.Port, SrcAddr: net.ParseIP(a.Local), Learning: true}, nil
	},
	"ipvlan": func(a LinkAdd, attrs netlink.LinkAttrs) (netlink.Link, error) {
		mode, ok := ipvlanModes[a.Mode]
		if !ok {
			return nil, say.Err("%q is no mode of an ipvlan", "%q 不是 ipvlan 的模式", a.Mode)
		}
		return &netlink.IPVlan{LinkAttrs: attrs, Mode: mode}, nil
	},
	"macvlan": func(a LinkAdd, attrs netlink.LinkAttrs) (netlink.Link, error) {
		mode, ok := macvlanModes[a.Mode]
		if !ok {
			return nil, say.Err("%q is no mode of a macvlan", "%q 不是 macvlan 的模式", a.Mode)
		}
		return &netlink.Macvlan{LinkAttrs: attrs, Mode: mode}, nil
	},
}

var (
	ipvlanModes = map[string]netlink.IPVlanMode{
		"": netlink.IPVLAN_MODE_L3, "l2": netlink.IPVLAN_MODE_L2, "l3": netlink.IPVLAN_MODE_L3, "l3s": netlink.IPVLAN_MODE_L3S,
	}
	macvlanModes = map[string]netlink.MacvlanMode{
		"": netlink.MACVLAN_MODE_DEFAULT, "private": netlink.MACVLAN_MODE_PRIVATE, "vepa": netlink.MACVLAN_MODE_VEPA,
		"bridge": netlink.MACVLAN_MODE_BRIDGE, "passthru": netlink.MACVLAN_MODE_PASSTHRU,
	}
)

func optionalMAC(text string) (net.HardwareAddr, error) {
	if text == "" {
		return nil, nil
	}
	return net.ParseMAC(text)
}

// Apply makes the device.
func (a LinkAdd) Apply(_ context.Context, s Space) error {
	ns, h, err := Open(s, a.Netns)
	if err != nil {
		return err
	}
	link, err := a.link(h)
	if err != nil {
		return say.Err("%s: add %s %s: %v", "%s：添加 %s %s：%v", a.Netns, a.Kind, a.Name, err)
	}
	veth, isVeth := link.(*netlink.Veth)
	other := ns
	if isVeth && a.PeerNetns != "" {
		if other, err = s.NS(a.PeerNetns); err != nil {
			return err
		}
		veth.PeerNamespace = netlink.NsFd(int(other.FD()))
	}
	if err := h.LinkAdd(link); err != nil {
		return say.Err("%s: add %s %s: %v", "%s：添加 %s %s：%v", a.Netns, a.Kind, a.Name, err)
	}
	if !isVeth {
		return s.PinDevice(ns, a.Name)
	}
	far := make(chan error, 1)
	go func() { far <- s.PinDevice(other, a.Peer) }()
	return say.Join(s.PinDevice(ns, a.Name), <-far)
}

func (a LinkAdd) link(h *netlink.Handle) (netlink.Link, error) {
	make, ok := linkKinds[a.Kind]
	if !ok {
		return nil, say.Err("%q is no kind of device that is known here", "这里不认识网卡类型 %q", a.Kind)
	}
	attrs := netlink.NewLinkAttrs()
	attrs.Name, attrs.Index, attrs.MTU = a.Name, a.Index, a.MTU
	// ip(8) leaves the queue length to the driver: -1 is "not given".
	if attrs.TxQLen = -1; a.QLen != 0 {
		attrs.TxQLen = a.QLen
	}
	var err error
	if attrs.HardwareAddr, err = optionalMAC(a.MAC); err != nil {
		return nil, err
	}
	if a.Lower != "" {
		lower, err := h.LinkByName(a.Lower)
		if err != nil {
			return nil, say.At(a.Lower, err)
		}
		attrs.ParentIndex = lower.Attrs().Index
	}
	return make(a, attrs)
}

// Undo deletes the device. A veth's other end stays where it is longer: that is
// the one to delete.
func (a LinkAdd) Undo(ctx context.Context, s Space, _ Before) error {
	if a.Kind == "veth" && a.PeerNetns == "" {
		return LinkDel{a.Netns, a.Peer}.Apply(ctx, s)
	}
	return LinkDel{a.Netns, a.Name}.Apply(ctx, s)
}

// LinkDel is `ip link del DEV`; a veth's other end goes with it.
type LinkDel struct{ Netns, Dev string }

var _ = register("ip link del", func(netns string, words []string) (Change, error) {
	dev, rest, err := named(words)
	if err == nil && len(rest) > 0 {
		err = say.Err("%q is not understood here", "这里不认识 %q", rest[0])
	}
	return LinkDel{netns, dev}, err
})

// Command is `ip link del DEV`.
func (d LinkDel) Command() Command {
	return In(d.Netns, slices.Concat([]string{"ip", "link", "del"}, device(d.Dev))...)
}

// Apply deletes the device.
func (d LinkDel) Apply(_ context.Context, s Space) error {
	return Dev{d.Netns, d.Dev}.set(s, say.T("delete link %s", "删除网卡 %s", d.Dev), (*netlink.Handle).LinkDel)
}

// Undo fails: what else was on the device is not known.
func (d LinkDel) Undo(context.Context, Space, Before) error {
	return say.Err("%s: %s is gone, and what was on it", "%s：%s 已经没有了，它上面的配置也是", d.Netns, d.Dev)
}
