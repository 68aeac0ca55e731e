package change

import (
	"net/netip"

	"github.com/vishvananda/netlink"

	"nstutor/internal/say"
)

// AddAddr is `ip addr add ADDR dev DEV`: 10.1.2.3/24, or /32 when no length is
// given. If the device is up, the kernel adds the connected route itself.
func (d Dev) AddAddr(s Space, addr string) error {
	return d.address(s, say.T("add", "添加"), addr, false, (*netlink.Handle).AddrAdd)
}

// AddAddrBrd is `ip addr add ADDR brd + dev DEV`: with the broadcast address of
// its network, as what sets up a machine gives it.
func (d Dev) AddAddrBrd(s Space, addr string) error {
	return d.address(s, say.T("add", "添加"), addr, true, (*netlink.Handle).AddrAdd)
}

// DelAddr is `ip addr del ADDR dev DEV`. The last one takes the device's routes
// along (fib_disable_ip in net/ipv4/fib_frontend.c).
func (d Dev) DelAddr(s Space, addr string) error {
	return d.address(s, say.T("delete", "删除"), addr, false, (*netlink.Handle).AddrDel)
}

func (d Dev) address(s Space, verb say.Text, text string, brd bool, do func(*netlink.Handle, netlink.Link, *netlink.Addr) error) error {
	what := say.T("%s address %[3]s on %[2]s", "在 %[2]s 上%[1]s地址 %[3]s", verb, d.Name, text)
	if single, err := netip.ParseAddr(text); err == nil {
		text = netip.PrefixFrom(single, single.BitLen()).String()
	}
	addr, err := netlink.ParseAddr(text)
	if err != nil {
		return say.Err("%s: %s: %v", "%s：%s：%v", d.Netns, what, err)
	}
	// ip(8) sets no broadcast address unless it is told to.
	if !brd {
		addr.Broadcast = nil
	}
	return d.set(s, what, func(h *netlink.Handle, link netlink.Link) error { return do(h, link, addr) })
}
