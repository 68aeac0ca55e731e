package steps

import (
	"context"
	"errors"
	"net"
	"strings"

	"github.com/vishvananda/netlink"

	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/say"
)

// LinkUp sets a device up.
type LinkUp struct{ Netns, Name string }

func (a LinkUp) Command(*lab.Lab) change.Command {
	return change.Command{Netns: a.Netns, Argv: []string{"ip", "link", "set", a.Name, "up"}}
}

func (a LinkUp) Apply(_ context.Context, l *lab.Lab) error {
	return Dev(a).Up(l)
}

// Conditions implements Conditional.
func (a LinkUp) Conditions(ctx context.Context, l *lab.Lab) []Condition {
	snap, missing := tables(ctx, l, a.Netns, table.Links)
	if missing != nil {
		return missing
	}
	return []Condition{deviceUp(snap, Dev(a))}
}

func (a LinkUp) Done(ctx context.Context, l *lab.Lab) (bool, error) { return met(a.Conditions(ctx, l)) }

// Undo sets the device down. The addresses that coming up gave a loopback
// (127.0.0.1/8, inetdev_event in net/ipv4/devinet.c) stay until they are taken
// away.
func (a LinkUp) Undo(_ context.Context, l *lab.Lab, was State) error {
	if err := Dev(a).Down(l); err != nil {
		return err
	}
	h, link, err := Dev(a).Find(l)
	if err != nil {
		return err
	}
	if link.Attrs().Flags&net.FlagLoopback == 0 {
		return nil
	}
	addrs, err := h.AddrList(link, netlink.FAMILY_V4)
	if err != nil {
		return say.Err("%s: list addresses of %s: %v", "%s：列出 %s 的地址：%v", a.Netns, a.Name, err)
	}
	for _, addr := range addrs {
		if was.hasAddr(a.Netns, a.Name, addr.IPNet.String()) {
			continue
		}
		if err := h.AddrDel(link, &addr); err != nil {
			return say.Err("%s: delete address %s: %v", "%s：删除地址 %s：%v", a.Netns, addr.IPNet, err)
		}
	}
	return nil
}

// LinkAddress gives a device another MAC address. The kernel flushes the
// device's neighbour table with it, permanent entries included.
type LinkAddress struct{ Netns, Name, MAC string }

func (a LinkAddress) Command(*lab.Lab) change.Command {
	return change.Command{Netns: a.Netns, Argv: []string{"ip", "link", "set", a.Name, "address", a.MAC}}
}

func (a LinkAddress) Apply(_ context.Context, l *lab.Lab) error {
	mac, err := net.ParseMAC(a.MAC)
	if err != nil {
		return say.Err("%s: %s: %v", "%s：%s：%v", a.Netns, a.Name, err)
	}
	return Dev{Netns: a.Netns, Name: a.Name}.SetMAC(l, mac)
}

// Conditions implements Conditional.
func (a LinkAddress) Conditions(ctx context.Context, l *lab.Lab) []Condition {
	snap, missing := tables(ctx, l, a.Netns, table.Links)
	if missing != nil {
		return missing
	}
	link, there := deviceThere(snap, Dev{Netns: a.Netns, Name: a.Name})
	if !there.Met {
		return []Condition{there}
	}
	same := strings.EqualFold(link.MAC.String(), a.MAC)
	return []Condition{{
		Table: ipTable(a.Netns, "link show "+a.Name),
		Want:  say.T("%s has the MAC address %s", "%s 的 MAC 地址是 %s", a.Name, a.MAC),
		Seen:  unless(same, link.AddressLine()), Met: same,
	}}
}

func (a LinkAddress) Done(ctx context.Context, l *lab.Lab) (bool, error) {
	return met(a.Conditions(ctx, l))
}

func (a LinkAddress) Undo(_ context.Context, l *lab.Lab, was State) error {
	mac, ok := was.mac(a.Netns, a.Name)
	if !ok {
		return say.Err("%s: the address that %s had is not known", "%s：不知道 %s 原来的地址", a.Netns, a.Name)
	}
	return Dev{Netns: a.Netns, Name: a.Name}.SetMAC(l, mac)
}

// isAbsent says whether err means that the thing asked for is not there, and
// not that it could not be asked.
func isAbsent(err error) bool {
	var noLink netlink.LinkNotFoundError
	return errors.As(err, &noLink) || errors.Is(err, lab.ErrNoNamespace)
}
