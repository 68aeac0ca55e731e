package change

import (
	"context"
	"slices"

	"nstutor/internal/say"

	"github.com/vishvananda/netlink"
)

// LinkMove moves a device into another namespace, under a new name if Rename is
// given: `ip link set DEV netns TO name RENAME`.
type LinkMove struct{ Netns, Dev, To, Rename string }

func parseLinkMove(netns, dev string, words []string) (Change, error) {
	m := LinkMove{Netns: netns, Dev: dev}
	err := readOptions(words, text("netns", &m.To), text("name", &m.Rename))
	return m, err
}

// Command is `ip link set DEV netns TO`.
func (m LinkMove) Command() Command {
	argv := slices.Concat([]string{"ip", "link", "set"}, device(m.Dev), []string{"netns", m.To})
	if m.Rename != "" {
		argv = append(argv, "name", m.Rename)
	}
	return In(m.Netns, argv...)
}

// Target is the device as it is called afterwards.
func (m LinkMove) Target() Dev {
	if m.Rename != "" {
		return Dev{m.To, m.Rename}
	}
	return Dev{m.To, m.Dev}
}

// Apply moves the device, then renames it.
func (m LinkMove) Apply(_ context.Context, s Space) error {
	if err := (Dev{m.Netns, m.Dev}).move(s, m.To); err != nil || m.Rename == "" {
		return err
	}
	return Dev{m.To, m.Dev}.rename(s, m.Rename)
}

// Undo does both the other way round.
func (m LinkMove) Undo(_ context.Context, s Space, _ Before) error {
	if m.Rename != "" {
		if err := (Dev{m.To, m.Rename}).rename(s, m.Dev); err != nil {
			return err
		}
	}
	return Dev{m.To, m.Dev}.move(s, m.Netns)
}

func (d Dev) rename(s Space, name string) error {
	return d.set(s, say.T("rename %s to %s", "把 %s 改名为 %s", d.Name, name), func(h *netlink.Handle, link netlink.Link) error {
		return h.LinkSetName(link, name)
	})
}

func (d Dev) move(s Space, to string) error {
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
