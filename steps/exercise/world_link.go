package exercise

import (
	"fmt"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
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

// pin gives a new device the lab's ARP timers.
func (w *World) pin(netns, dev string) {
	if ns, _ := w.space(netns); ns != nil {
		w.failed(w.l.PinDevice(ns, dev), netns, "%s", dev)
	}
}

// Veth connects two namespaces; both ends are down.
func (w *World) Veth(a, devA, b, devB string) {
	nsB, _ := w.space(b)
	_, h := w.space(a)
	if nsB == nil || h == nil {
		return
	}
	veth := &netlink.Veth{LinkAttrs: w.attrs(devA), PeerName: devB, PeerHardwareAddr: w.mac(), PeerNamespace: netlink.NsFd(int(nsB.FD()))}
	w.failed(h.LinkAdd(veth), a, "add link %s, peer %s in %s", devA, devB, b)
	w.pin(a, devA)
	w.pin(b, devB)
}

// Cable connects two namespaces; both ends are up.
func (w *World) Cable(a, devA, b, devB string) {
	w.Veth(a, devA, b, devB)
	w.Up(a, devA)
	w.Up(b, devB)
}

// Bridge makes a bridge that is up and forwards at once.
func (w *World) Bridge(netns, name string) {
	if _, h := w.space(netns); h != nil {
		w.failed(h.LinkAdd(&netlink.Bridge{LinkAttrs: w.attrs(name)}), netns, "add bridge %s", name)
		w.pin(netns, name)
		w.Up(netns, name)
	}
}

// Port makes a device a port of a bridge; the bridge "" takes it off.
func (w *World) Port(netns, dev, bridge string) {
	h, link := w.link(netns, dev)
	if h == nil {
		return
	}
	if bridge == "" {
		w.failed(h.LinkSetNoMaster(link), netns, "set %s nomaster", dev)
		return
	}
	if _, master := w.link(netns, bridge); master != nil {
		w.failed(h.LinkSetMasterByIndex(link, master.Attrs().Index), netns, "set %s master %s", dev, bridge)
	}
}

// vxlanMTU leaves room for the 50 bytes around each packet on a cable of 1500.
const vxlanMTU = 1450

// VXLAN makes a VXLAN device that is up. It learns from what it receives.
func (w *World) VXLAN(netns, name string, vni, port int, local string) {
	if _, h := w.space(netns); h != nil {
		attrs := w.attrs(name)
		attrs.MTU = vxlanMTU
		link := &netlink.Vxlan{LinkAttrs: attrs, VxlanId: vni, Port: port, SrcAddr: net.ParseIP(local), Learning: true}
		w.failed(h.LinkAdd(link), netns, "add vxlan %s", name)
		w.pin(netns, name)
		w.Up(netns, name)
	}
}

// FDB appends an entry to a VXLAN device's table: frames for mac go to dst. The
// mac "" stands for those that no other entry is for.
func (w *World) FDB(netns, dev, mac, dst string) {
	if h, link := w.link(netns, dev); h != nil {
		w.failed(h.NeighAppend(fdbEntry(link, mac, dst)), netns, "fdb %s dst %s dev %s", mac, dst, dev)
	}
}

// DelFDB deletes such an entry.
func (w *World) DelFDB(netns, dev, mac, dst string) {
	if h, link := w.link(netns, dev); h != nil {
		w.failed(h.NeighDel(fdbEntry(link, mac, dst)), netns, "delete fdb %s dst %s dev %s", mac, dst, dev)
	}
}

func fdbEntry(link netlink.Link, mac, dst string) *netlink.Neigh {
	hw := make(net.HardwareAddr, 6)
	if mac != "" {
		hw, _ = net.ParseMAC(mac)
	}
	return &netlink.Neigh{
		LinkIndex: link.Attrs().Index, Family: unix.AF_BRIDGE, Flags: unix.NTF_SELF,
		State: unix.NUD_PERMANENT, HardwareAddr: hw, IP: net.ParseIP(dst),
	}
}

// Up sets a device up.
func (w *World) Up(netns, dev string) {
	if h, link := w.link(netns, dev); h != nil {
		w.failed(h.LinkSetUp(link), netns, "set %s up", dev)
	}
}

// Down sets a device down, which takes its routes away.
func (w *World) Down(netns, dev string) {
	if h, link := w.link(netns, dev); h != nil {
		w.failed(h.LinkSetDown(link), netns, "set %s down", dev)
	}
}

// DelLink deletes a device, and a veth's other end with it.
func (w *World) DelLink(netns, dev string) {
	if h, link := w.link(netns, dev); h != nil {
		w.failed(h.LinkDel(link), netns, "delete %s", dev)
	}
}

// MTU sets the largest packet of a device, in bytes.
func (w *World) MTU(netns, dev string, bytes int) {
	if h, link := w.link(netns, dev); h != nil {
		w.failed(h.LinkSetMTU(link, bytes), netns, "set %s mtu %d", dev, bytes)
	}
}

// SetMAC gives a device another MAC address.
func (w *World) SetMAC(netns, dev, mac string) {
	hw, err := net.ParseMAC(mac)
	w.failed(err, netns, "set %s address %s", dev, mac)
	if h, link := w.link(netns, dev); h != nil {
		w.failed(h.LinkSetHardwareAddr(link, hw), netns, "set %s address %s", dev, mac)
	}
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
	if h, link := w.link(netns, dev); h != nil {
		w.failed(h.AddrAdd(link, address(cidr)), netns, "add address %s to %s", cidr, dev)
	}
}

// DelAddr takes an address from a device. The last one takes the device's
// routes along (fib_inetaddr_event).
func (w *World) DelAddr(netns, dev, cidr string) {
	if h, link := w.link(netns, dev); h != nil {
		w.failed(h.AddrDel(link, address(cidr)), netns, "delete address %s of %s", cidr, dev)
	}
}

// address is as `ip addr add` takes it. What is none becomes 0.0.0.0, which
// the kernel refuses.
func address(cidr string) *netlink.Addr {
	if addr, err := netip.ParseAddr(cidr); err == nil {
		cidr = fmt.Sprintf("%s/%d", addr, addr.BitLen())
	}
	addr, err := netlink.ParseAddr(cidr)
	if err != nil {
		return &netlink.Addr{IPNet: &net.IPNet{IP: net.IPv4zero.To4(), Mask: net.CIDRMask(32, 32)}}
	}
	return addr
}
