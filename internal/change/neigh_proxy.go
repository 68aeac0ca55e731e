package change

import (
	"context"
	"net/netip"

	"github.com/vishvananda/netlink"

	"nstutor/internal/say"
)

// NeighProxy has a device answer for an address that is behind its namespace. Where
// the entry is there already nothing changes.
type NeighProxy struct {
	Netns string
	Dst   netip.Addr
	Dev   string
}

var _ = register("ip neigh add", func(netns string, words []string) (Change, error) {
	n := NeighProxy{Netns: netns}
	if len(words) == 0 || words[0] != "proxy" {
		return nil, say.Err("only a proxy entry is added; what is no proxy is replaced", "只能添加代理条目；其他条目用 replace")
	}
	var err error
	if n.Dst, words, err = first(words[1:]); err != nil {
		return nil, err
	}
	err = readOptions(words, text("dev", &n.Dev))
	return n, err
})

// Command is `ip neigh add proxy DST dev DEV`.
func (n NeighProxy) Command() Command {
	return In(n.Netns, "ip", "neigh", "add", "proxy", n.Dst.String(), "dev", n.Dev)
}

// Apply writes the entry.
func (n NeighProxy) Apply(_ context.Context, s Space) error {
	return Dev{n.Netns, n.Dev}.set(s, say.T("answer for %s", "替 %s 应答", n.Dst), func(h *netlink.Handle, link netlink.Link) error {
		return h.NeighAppend(n.entry(link))
	})
}

// Undo deletes it.
func (n NeighProxy) Undo(_ context.Context, s Space, _ Before) error {
	return Dev{n.Netns, n.Dev}.set(s, say.T("answer no more for %s", "不再替 %s 应答", n.Dst), func(h *netlink.Handle, link netlink.Link) error {
		return h.NeighDel(n.entry(link))
	})
}

func (n NeighProxy) entry(link netlink.Link) *netlink.Neigh {
	return &netlink.Neigh{LinkIndex: link.Attrs().Index, Family: netlinkFamily(n.Dst), IP: n.Dst.AsSlice(), Flags: netlink.NTF_PROXY}
}
