package world

import (
	"fmt"
	"net"
	"net/netip"

	"nstutor/internal/change"
	"nstutor/internal/say"
)

// device is the next one. Its index is none that the kernel gives: the two ends of
// a cable must not have the same, or their carrier is told up to a second late
// (linkwatch_urgent_event).
func (w *World) device(netns, name, kind string) change.LinkAdd {
	w.made++
	index := 100 + w.made
	return change.LinkAdd{Netns: netns, Name: name, Kind: kind, Index: index, MAC: w.mac()}
}

func (w *World) mac() string {
	w.made++
	return fmt.Sprintf("02:6e:73:00:%02x:%02x", byte(w.made>>8), byte(w.made))
}

// Veth connects two namespaces; both ends are down.
func (w *World) Veth(a, devA, b, devB string) {
	veth := w.device(a, devA, "veth")
	veth.Peer, veth.PeerMAC, veth.PeerNetns = devB, w.mac(), b
	w.Make(veth)
}

// Cable connects two namespaces; both ends are up.
func (w *World) Cable(a, devA, b, devB string) {
	w.Veth(a, devA, b, devB)
	w.Up(a, devA)
	w.Up(b, devB)
}

// Bridge makes a bridge that is up and forwards at once.
func (w *World) Bridge(netns, name string) {
	w.Make(w.device(netns, name, "bridge"), change.Up(netns, name))
}

// Macvlan makes a macvlan of the mode bridge on a device, and moves it into a namespace
// under a name of its own. It is down.
func (w *World) Macvlan(netns, lower, to, name string) {
	card := w.device(netns, "new-"+name, "macvlan")
	card.Lower, card.Mode = lower, "bridge"
	w.Make(card, change.LinkMove{Netns: netns, Dev: card.Name, To: to, Rename: name})
}

// Isolate keeps a bridge's port apart from all other isolated ones.
func (w *World) Isolate(netns, dev string) {
	w.Make(change.PortSet{Netns: netns, Dev: dev, Settings: []change.PortSetting{{Name: "isolated", Value: "on"}}})
}

// Port makes a device a port of a bridge; the bridge "" takes it off.
func (w *World) Port(netns, dev, bridge string) { w.Make(change.Master(netns, dev, bridge)) }

// vxlanMTU leaves room for the 50 bytes around each packet on a cable of 1500.
const vxlanMTU = 1450

// VXLAN makes a VXLAN device that is up. It learns from what it receives.
func (w *World) VXLAN(netns, name string, vni, port int, local string) {
	vxlan := w.device(netns, name, "vxlan")
	vxlan.MTU, vxlan.VNI, vxlan.Port, vxlan.Local = vxlanMTU, vni, port, local
	w.Make(vxlan, change.Up(netns, name))
}

// FDB appends an entry to a VXLAN device's table: frames for mac go to dst. The
// mac "" stands for those that no other entry is for.
func (w *World) FDB(netns, dev, mac, dst string) { w.fdb(netns, change.FDBAppend, dev, mac, dst) }

// DelFDB deletes such an entry.
func (w *World) DelFDB(netns, dev, mac, dst string) { w.fdb(netns, change.FDBDel, dev, mac, dst) }

func (w *World) fdb(netns, verb, dev, mac, dst string) {
	hw := change.Flooded
	if mac != "" {
		hw = w.parseMAC(netns, mac)
	}
	w.Make(change.FDB{Netns: netns, Verb: verb, MAC: hw, Dev: dev, Dst: w.parseAddr(netns, dst)})
}

func (w *World) parseMAC(netns, mac string) net.HardwareAddr {
	hw, err := net.ParseMAC(mac)
	w.failed(err, netns, say.Quote(mac))
	return hw
}

func (w *World) parseAddr(netns, text string) netip.Addr {
	addr, err := netip.ParseAddr(text)
	w.failed(err, netns, say.Quote(text))
	return addr
}

// Up sets a device up.
func (w *World) Up(netns, dev string) { w.Make(change.Up(netns, dev)) }

// Down sets a device down, which takes its routes away.
func (w *World) Down(netns, dev string) { w.Make(change.Down(netns, dev)) }

// MTU sets the largest packet of a device, in bytes.
func (w *World) MTU(netns, dev string, bytes int) { w.Make(change.MTU(netns, dev, bytes)) }

// SetMAC gives a device another MAC address.
func (w *World) SetMAC(netns, dev, mac string) { w.Make(change.MAC(netns, dev, mac)) }

// MAC is a device's MAC address, or empty.
func (w *World) MAC(netns, dev string) string {
	if _, link := w.link(netns, dev); link != nil {
		return link.Attrs().HardwareAddr.String()
	}
	return ""
}

// Addr gives a device an address: 10.1.2.3/24, or /32 when no length is given.
func (w *World) Addr(netns, dev, cidr string) {
	w.Make(change.AddrAdd{Netns: netns, Addr: cidr, Dev: dev, Broadcast: true})
}

// DelAddr takes an address from a device. The last one takes the device's
// routes along (fib_inetaddr_event).
func (w *World) DelAddr(netns, dev, cidr string) {
	w.Make(change.AddrDel{Netns: netns, Addr: cidr, Dev: dev})
}
