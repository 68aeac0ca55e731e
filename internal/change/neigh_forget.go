package change

import (
	"errors"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"nstutor/internal/say"
)

// learned are the states of what the kernel has found out by itself, for IPv4 by ARP.
const learned = netlink.NUD_INCOMPLETE | netlink.NUD_REACHABLE | netlink.NUD_STALE |
	netlink.NUD_DELAY | netlink.NUD_PROBE | netlink.NUD_FAILED

// ForgetNeighbours deletes what the kernel has learned of its IPv4 neighbours in a
// namespace: it learns them again, and asks whether they still answer.
func ForgetNeighbours(s Space, netns string) error {
	_, h, err := Open(s, netns)
	if err != nil {
		return err
	}
	entries, err := h.NeighList(0, netlink.FAMILY_V4)
	if err != nil {
		return say.Err("%s: list neighbours: %v", "%s：列出邻居：%v", netns, err)
	}
	for _, n := range entries {
		if n.State&learned == 0 {
			continue
		}
		if err := h.NeighDel(&n); err != nil && !errors.Is(err, unix.ENOENT) {
			return say.Err("%s: delete neighbour %s: %v", "%s：删除邻居 %s：%v", netns, n.IP, err)
		}
	}
	return nil
}
