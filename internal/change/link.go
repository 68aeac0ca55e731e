package change

import (
	"net"

	"github.com/vishvananda/netlink"

	"nstutor/internal/say"
)

// Up is `ip link set DEV up`.
func (d Dev) Up(s Space) error {
	return d.set(s, say.T("set %s up", "启用 %s", d.Name), (*netlink.Handle).LinkSetUp)
}

// Down is `ip link set DEV down`, which takes the device's routes away
// (fib_netdev_event in net/ipv4/fib_frontend.c).
func (d Dev) Down(s Space) error {
	return d.set(s, say.T("set %s down", "停用 %s", d.Name), (*netlink.Handle).LinkSetDown)
}

// Delete is `ip link del DEV`; a veth's other end goes with it.
func (d Dev) Delete(s Space) error {
	return d.set(s, say.T("delete link %s", "删除网卡 %s", d.Name), (*netlink.Handle).LinkDel)
}

// SetMTU is `ip link set DEV mtu BYTES`.
func (d Dev) SetMTU(s Space, bytes int) error {
	return d.set(s, say.T("set %s mtu %d", "把 %s 的 MTU 设为 %d", d.Name, bytes), func(h *netlink.Handle, link netlink.Link) error {
		return h.LinkSetMTU(link, bytes)
	})
}

// SetMAC is `ip link set DEV address MAC`. The kernel flushes the device's
// neighbour table with it, permanent entries included (neigh_changeaddr).
func (d Dev) SetMAC(s Space, mac net.HardwareAddr) error {
	return d.set(s, say.T("set %s address %s", "把 %s 的 MAC 地址设为 %s", d.Name, mac), func(h *netlink.Handle, link netlink.Link) error {
		return h.LinkSetHardwareAddr(link, mac)
	})
}

// SetName is `ip link set DEV name NAME`.
func (d Dev) SetName(s Space, name string) error {
	return d.set(s, say.T("rename %s to %s", "把 %s 改名为 %s", d.Name, name), func(h *netlink.Handle, link netlink.Link) error {
		return h.LinkSetName(link, name)
	})
}

// SetMaster is `ip link set DEV master BRIDGE`; the bridge "" is `nomaster`.
func (d Dev) SetMaster(s Space, bridge string) error {
	if bridge == "" {
		return d.set(s, say.T("set %s nomaster", "把 %s 从网桥上取下", d.Name), (*netlink.Handle).LinkSetNoMaster)
	}
	_, master, err := Dev{d.Netns, bridge}.Find(s)
	if err != nil {
		return err
	}
	return d.set(s, say.T("set %s master %s", "把 %s 接到网桥 %s", d.Name, bridge), func(h *netlink.Handle, link netlink.Link) error {
		return h.LinkSetMaster(link, master)
	})
}

// Move is `ip link set DEV netns TO`.
func (d Dev) Move(s Space, to string) error {
	return d.set(s, say.T("move %s to %s", "把 %s 移到 %s", d.Name, to), func(h *netlink.Handle, link netlink.Link) error {
		ns, err := s.NS(to)
		if err != nil {
			return err
		}
		if err := h.LinkSetNsFd(link, int(ns.FD())); err != nil {
			return err
		}
		return s.PinDevice(ns, d.Name)
	})
}

// AddLink makes a device, of whatever kind link is, and a veth's other end in
// the namespace far: the same one where that is empty.
func AddLink(s Space, netns string, link netlink.Link, far string) error {
	ns, h, err := Open(s, netns)
	if err != nil {
		return err
	}
	veth, isVeth := link.(*netlink.Veth)
	other := ns
	if isVeth && far != "" {
		if other, err = s.NS(far); err != nil {
			return err
		}
		veth.PeerNamespace = netlink.NsFd(int(other.FD()))
	}
	name := link.Attrs().Name
	if err := h.LinkAdd(link); err != nil {
		return say.Err("%s: add %s %s: %v", "%s：添加 %s %s：%v", netns, link.Type(), name, err)
	}
	if err := s.PinDevice(ns, name); err != nil || !isVeth {
		return err
	}
	return s.PinDevice(other, veth.PeerName)
}
