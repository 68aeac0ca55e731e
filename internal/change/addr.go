package change

import (
	"context"
	"net/netip"
	"slices"

	"nstutor/internal/say"

	"github.com/vishvananda/netlink"

	"nstutor/diag/table"
)

// AddrAdd gives a device an address: 10.1.2.3/24, or /32 when no length is given.
// If the device is up, the kernel adds the connected route itself.
type AddrAdd struct {
	Netns, Addr, Dev string
	// Broadcast gives it the broadcast address of its network as well, as what sets
	// up a machine does.
	Broadcast bool
}

// AddrDel takes an address away. The last one takes the device's routes along
// (fib_disable_ip in net/ipv4/fib_frontend.c).
type AddrDel AddrAdd

var (
	_ = register("ip addr add", func(netns string, words []string) (Change, error) { return parseAddr(netns, words) })
	_ = register("ip addr del", func(netns string, words []string) (Change, error) {
		a, err := parseAddr(netns, words)
		return AddrDel(a), err
	})
)

func parseAddr(netns string, words []string) (a AddrAdd, err error) {
	if len(words) == 0 {
		return a, say.Err("no address is named", "没有指定地址")
	}
	var brd string
	a = AddrAdd{Netns: netns, Addr: words[0]}
	err = readOptions(words[1:], text("dev", &a.Dev), text("brd", &brd))
	if a.Broadcast = brd == "+"; err == nil && !a.Broadcast && brd != "" {
		err = say.Err("brd %s is not understood here", "这里不认识 brd %s", brd)
	}
	return a, err
}

func (a AddrAdd) argv(verb string) []string {
	argv := []string{"ip", "addr", verb, a.Addr}
	if a.Broadcast {
		argv = append(argv, "brd", "+")
	}
	return append(argv, "dev", a.Dev)
}

// Command is `ip addr add ADDR dev DEV`.
func (a AddrAdd) Command() Command { return In(a.Netns, a.argv("add")...) }

// Apply adds the address.
func (a AddrAdd) Apply(_ context.Context, s Space) error {
	return a.do(s, say.T("add", "添加"), (*netlink.Handle).AddrAdd)
}

// Undo takes the address away. With a device's last address the kernel flushes
// all its routes, so those that were there before the address go in again.
func (a AddrAdd) Undo(ctx context.Context, s Space, was Before) error {
	if err := AddrDel(a).Apply(ctx, s); err != nil {
		return err
	}
	return restoreRoutes(ctx, s, Dev{a.Netns, a.Dev}, was)
}

// Command is `ip addr del ADDR dev DEV`.
func (a AddrDel) Command() Command { return In(a.Netns, AddrAdd(a).argv("del")...) }

// Apply deletes the address.
func (a AddrDel) Apply(_ context.Context, s Space) error {
	return AddrAdd(a).do(s, say.T("delete", "删除"), (*netlink.Handle).AddrDel)
}

// Undo gives the address back, and the routes that went with it.
func (a AddrDel) Undo(ctx context.Context, s Space, was Before) error {
	if err := AddrAdd(a).Apply(ctx, s); err != nil {
		return err
	}
	return restoreRoutes(ctx, s, Dev{a.Netns, a.Dev}, was)
}

func (a AddrAdd) do(s Space, verb say.Text, do func(*netlink.Handle, netlink.Link, *netlink.Addr) error) error {
	what := say.T("%s address %[3]s on %[2]s", "在 %[2]s 上%[1]s地址 %[3]s", verb, a.Dev, a.Addr)
	text := a.Addr
	if single, err := netip.ParseAddr(text); err == nil {
		text = netip.PrefixFrom(single, single.BitLen()).String()
	}
	addr, err := netlink.ParseAddr(text)
	if err != nil {
		return say.Err("%s: %s: %v", "%s：%s：%v", a.Netns, what, err)
	}
	// ip(8) sets no broadcast address unless it is told to.
	if !a.Broadcast {
		addr.Broadcast = nil
	}
	return Dev{a.Netns, a.Dev}.set(s, what, func(h *netlink.Handle, link netlink.Link) error { return do(h, link, addr) })
}

func (b Before) hasAddr(netns, dev, cidr string) bool {
	snap := b.Netns[netns]
	return snap != nil && slices.ContainsFunc(snap.AddrsOn(dev), func(a table.Addr) bool { return a.Prefix.String() == cidr })
}

// restoreRoutes puts back the routes of a device that somebody made by hand and
// that the kernel took away with something else.
func restoreRoutes(ctx context.Context, s Space, d Dev, was Before) error {
	snap := was.Netns[d.Netns]
	if snap == nil {
		return nil
	}
	for _, r := range snap.MainRoutes(4) {
		if r.Dev != d.Name || r.Proto != "boot" {
			continue
		}
		route := Route{Netns: d.Netns, Verb: RouteAdd, Route: r}
		there, err := route.there(s)
		if err != nil {
			return err
		}
		if !there {
			if err := route.Apply(ctx, s); err != nil {
				return err
			}
		}
	}
	return nil
}
