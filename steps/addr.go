package steps

import (
	"context"
	"fmt"

	"github.com/vishvananda/netlink"

	"nstutor/internal/lab"
)

// AddrAdd gives a device an address. If the device is up, the kernel adds the
// connected route itself.
type AddrAdd struct{ Netns, Addr, Dev string }

func (a AddrAdd) Command(*lab.Lab) Command {
	return Command{Netns: a.Netns, Argv: []string{"ip", "addr", "add", a.Addr, "dev", a.Dev}}
}

func (a AddrAdd) Apply(_ context.Context, l *lab.Lab) error {
	return changeAddr(l, a, "add", (*netlink.Handle).AddrAdd)
}

func (a AddrAdd) Done(_ context.Context, l *lab.Lab) (bool, error) {
	_, h, link, err := Dev{a.Netns, a.Dev}.find(l)
	if isAbsent(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	want, err := netlink.ParseAddr(a.Addr)
	if err != nil {
		return false, err
	}
	addrs, err := h.AddrList(link, netlink.FAMILY_V4)
	if err != nil {
		return false, fmt.Errorf("%s: list addresses of %s: %w", a.Netns, a.Dev, err)
	}
	for _, addr := range addrs {
		if addr.IPNet.String() == want.IPNet.String() {
			return true, nil
		}
	}
	return false, nil
}

// Undo takes the address away. With a device's last address the kernel flushes
// all its routes (fib_disable_ip in net/ipv4/fib_frontend.c), so those that
// were there before the address go in again.
func (a AddrAdd) Undo(ctx context.Context, l *lab.Lab, was State) error {
	if err := changeAddr(l, a, "delete", (*netlink.Handle).AddrDel); err != nil {
		return err
	}
	return restoreRoutes(ctx, l, Dev{a.Netns, a.Dev}, was)
}

// restoreRoutes puts back the routes of a device that somebody made by hand and
// that the kernel took away with something else.
func restoreRoutes(ctx context.Context, l *lab.Lab, d Dev, was State) error {
	for _, r := range was.routesBy(d.Netns, d.Name, "boot") {
		route := RouteAdd{Netns: d.Netns, Dst: r.Dst.String(), Dev: r.Dev, Onlink: r.Onlink}
		if r.Default() {
			route.Dst = "default"
		}
		if r.Via.IsValid() {
			route.Via = r.Via.String()
		}
		there, err := route.Done(ctx, l)
		if err != nil {
			return err
		}
		if !there {
			if err := route.Apply(ctx, l); err != nil {
				return err
			}
		}
	}
	return nil
}

// AddrDel takes an address away, and with it every route that needs it.
type AddrDel struct{ Netns, Addr, Dev string }

func (a AddrDel) Command(*lab.Lab) Command {
	return Command{Netns: a.Netns, Argv: []string{"ip", "addr", "del", a.Addr, "dev", a.Dev}}
}

func (a AddrDel) Apply(_ context.Context, l *lab.Lab) error {
	return changeAddr(l, AddrAdd(a), "delete", (*netlink.Handle).AddrDel)
}

func (a AddrDel) Done(ctx context.Context, l *lab.Lab) (bool, error) {
	there, err := AddrAdd(a).Done(ctx, l)
	return !there, err
}

// Undo gives the address back, and the routes that went with it.
func (a AddrDel) Undo(ctx context.Context, l *lab.Lab, was State) error {
	if err := AddrAdd(a).Apply(ctx, l); err != nil {
		return err
	}
	return restoreRoutes(ctx, l, Dev{a.Netns, a.Dev}, was)
}

func changeAddr(l *lab.Lab, a AddrAdd, verb string, change func(*netlink.Handle, netlink.Link, *netlink.Addr) error) error {
	addr, err := netlink.ParseAddr(a.Addr)
	if err != nil {
		return fmt.Errorf("%s: %s address on %s: %w", a.Netns, verb, a.Dev, err)
	}
	// ip(8) sets no broadcast address unless it is told to.
	addr.Broadcast = nil
	_, h, link, err := Dev{a.Netns, a.Dev}.find(l)
	if err != nil {
		return err
	}
	if err := change(h, link, addr); err != nil {
		return fmt.Errorf("%s: %s address %s on %s: %w", a.Netns, verb, a.Addr, a.Dev, err)
	}
	return nil
}
