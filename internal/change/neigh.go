package change

import (
	"net"

	"nstutor/internal/say"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// SetNeigh is `ip neigh replace DST lladdr MAC dev DEV nud STATE`; the state is
// one of unix.NUD_.
func (d Dev) SetNeigh(s Space, dst string, mac net.HardwareAddr, state int) error {
	return d.set(s, say.T("replace neighbour %s", "写入邻居 %s", dst), func(h *netlink.Handle, link netlink.Link) error {
		return h.NeighSet(&netlink.Neigh{
			LinkIndex: link.Attrs().Index, Family: unix.AF_INET, IP: net.ParseIP(dst), State: state, HardwareAddr: mac,
		})
	})
}

// DelNeigh is `ip neigh del DST dev DEV`.
func (d Dev) DelNeigh(s Space, dst string) error {
	return d.set(s, say.T("delete neighbour %s", "删除邻居 %s", dst), func(h *netlink.Handle, link netlink.Link) error {
		return h.NeighDel(&netlink.Neigh{LinkIndex: link.Attrs().Index, Family: unix.AF_INET, IP: net.ParseIP(dst)})
	})
}

// AddFDB is `bridge fdb append MAC dev DEV dst DST`: the frames that a VXLAN
// device has for mac go to dst. The mac nil stands for those that no other entry
// is for (vxlan_find_mac() falls back to all zeroes).
func (d Dev) AddFDB(s Space, mac net.HardwareAddr, dst string) error {
	return d.set(s, say.T("add fdb entry to %s", "添加指向 %s 的 FDB 表项", dst), func(h *netlink.Handle, link netlink.Link) error {
		return h.NeighAppend(fdbEntry(link, mac, dst))
	})
}

// DelFDB is `bridge fdb del MAC dev DEV dst DST`.
func (d Dev) DelFDB(s Space, mac net.HardwareAddr, dst string) error {
	return d.set(s, say.T("delete fdb entry to %s", "删除指向 %s 的 FDB 表项", dst), func(h *netlink.Handle, link netlink.Link) error {
		return h.NeighDel(fdbEntry(link, mac, dst))
	})
}

func fdbEntry(link netlink.Link, mac net.HardwareAddr, dst string) *netlink.Neigh {
	if mac == nil {
		mac = make(net.HardwareAddr, 6)
	}
	return &netlink.Neigh{
		LinkIndex: link.Attrs().Index, Family: unix.AF_BRIDGE, Flags: unix.NTF_SELF,
		State: unix.NUD_PERMANENT, HardwareAddr: mac, IP: net.ParseIP(dst),
	}
}
