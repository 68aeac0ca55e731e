package exercise

import (
	"net"

	"nstutor/internal/change"
	"nstutor/internal/say"

	"github.com/vishvananda/netlink"
)

// attrs are those of the next device. Its index is none that the kernel gives:
// the two ends of a cable must not have the same, or their carrier is told up to
// a second late (linkwatch_urgent_event).
func (w *World) attrs(name string) netlink.LinkAttrs {
	w.made++
	attrs := netlink.NewLinkAttrs()
	attrs.Name, attrs.Index, attrs.HardwareAddr = name, 100+w.made, w.mac()
	return attrs
}

func (w *World) mac() net.HardwareAddr {
	w.made++
	return net.HardwareAddr{0x02, 0x6e, 0x73, 0, byte(w.made >> 8), byte(w.made)}
}

// add makes a device, and a veth's other end in the namespace far.
func (w *World) add(netns string, link netlink.Link, far string) {
	w.change(func(s change.Space) error { return change.AddLink(s, netns, link, far) })
}

func at(netns, dev string) change.Dev { return change.Dev{Netns: netns, Name: dev} }

// Veth connects two namespaces; both ends are down.
func (w *World) Veth(a, devA, b, devB string) {
	attrs := w.attrs(devA)
	w.add(a, &netlink.Veth{LinkAttrs: attrs, PeerName: devB, PeerHardwareAddr: w.mac()}, b)
}

// Cable connects two namespaces; both ends are up.
func (w *World) Cable(a, devA, b, devB string) {
	w.Veth(a, devA, b, devB)
	w.Up(a, devA)
	w.Up(b, devB)
}

// Bridge makes a bridge that is up and forwards at once.
func (w *World) Bridge(netns, name string) {
	w.add(netns, &netlink.Bridge{LinkAttrs: w.attrs(name)}, "")
	w.Up(netns, name)
}

// Port makes a device a port of a bridge; the bridge "" takes it off.
func (w *World) Port(netns, dev, bridge string) {
	w.change(func(s change.Space) error { return at(netns, dev).SetMaster(s, bridge) })
}

// vxlanMTU leaves room for the 50 bytes around each packet on a cable of 1500.
const vxlanMTU = 1450

// VXLAN makes a VXLAN device that is up. It learns from what it receives.
func (w *World) VXLAN(netns, name string, vni, port int, local string) {
	attrs := w.attrs(name)
	attrs.MTU = vxlanMTU
	w.add(netns, &netlink.Vxlan{LinkAttrs: attrs, VxlanId: vni, Port: port, SrcAddr: net.ParseIP(local), Learning: true}, "")
	w.Up(netns, name)
}

// FDB appends an entry to a VXLAN device's table: frames for mac go to dst. The
// mac "" stands for those that no other entry is for.
func (w *World) FDB(netns, dev, mac, dst string) {
	hw, _ := net.ParseMAC(mac)
	w.change(func(s change.Space) error { return at(netns, dev).AddFDB(s, hw, dst) })
}

// DelFDB deletes such an entry.
func (w *World) DelFDB(netns, dev, mac, dst string) {
	hw, _ := net.ParseMAC(mac)
	w.change(func(s change.Space) error { return at(netns, dev).DelFDB(s, hw, dst) })
}

// Up sets a device up.
func (w *World) Up(netns, dev string) {
	w.change(func(s change.Space) error { return at(netns, dev).Up(s) })
}

// Down sets a device down, which takes its routes away.
func (w *World) Down(netns, dev string) {
	w.change(func(s change.Space) error { return at(netns, dev).Down(s) })
}

// DelLink deletes a device, and a veth's other end with it.
func (w *World) DelLink(netns, dev string) {
	w.change(func(s change.Space) error { return at(netns, dev).Delete(s) })
}

// MTU sets the largest packet of a device, in bytes.
func (w *World) MTU(netns, dev string, bytes int) {
	w.change(func(s change.Space) error { return at(netns, dev).SetMTU(s, bytes) })
}

// SetMAC gives a device another MAC address.
func (w *World) SetMAC(netns, dev, mac string) {
	hw, err := net.ParseMAC(mac)
	w.failed(err, netns, say.T("set %s address %s", "把 %s 的 MAC 地址设为 %s", dev, mac))
	w.change(func(s change.Space) error { return at(netns, dev).SetMAC(s, hw) })
}

// MAC is a device's MAC address, or empty.
func (w *World) MAC(netns, dev string) string {
	if _, link := w.link(netns, dev); link != nil {
		return link.Attrs().HardwareAddr.String()
	}
	return ""
}

// Addr gives a device an address: 10.1.2.3/24, or /32 when no length is given.
func (w *World) Addr(netns, dev, cidr string) {
	w.change(func(s change.Space) error { return at(netns, dev).AddAddrBrd(s, cidr) })
}

// DelAddr takes an address from a device. The last one takes the device's
// routes along (fib_inetaddr_event).
func (w *World) DelAddr(netns, dev, cidr string) {
	w.change(func(s change.Space) error { return at(netns, dev).DelAddr(s, cidr) })
}
