package change

import (
	"context"
	"math"
	"slices"

	"nstutor/internal/say"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// AddrPrefer says of an address of IPv6 whether it is preferred for good, or deprecated:
// `ip addr change ADDR dev DEV preferred_lft forever`, or 0. The kernel takes a deprecated
// one for the source of what begins only where it has no other (ipv6_get_saddr_eval()).
type AddrPrefer struct {
	Netns, Addr, Dev string
	Deprecated       bool
	// NoPrefixRoute is the address's, which the kernel would forget otherwise.
	NoPrefixRoute bool
}

var lifetimes = map[bool]string{false: "forever", true: "0"}

var _ = register("ip addr change", func(netns string, words []string) (Change, error) {
	if len(words) == 0 {
		return nil, say.Err("no address is named", "没有指定地址")
	}
	a, until := AddrPrefer{Netns: netns, Addr: words[0]}, ""
	err := readOptions(words[1:], text("dev", &a.Dev), text("preferred_lft", &until), bare("noprefixroute", &a.NoPrefixRoute))
	if a.Deprecated = until == lifetimes[true]; err == nil && until != lifetimes[a.Deprecated] {
		err = say.Err("only preferred_lft forever and preferred_lft 0 are understood here", "这里只支持 preferred_lft forever 和 preferred_lft 0")
	}
	return a, err
})

// Command is `ip addr change ADDR dev DEV preferred_lft forever`.
func (a AddrPrefer) Command() Command {
	argv := []string{"ip", "addr", "change", a.Addr, "dev", a.Dev, "preferred_lft", lifetimes[a.Deprecated]}
	if a.NoPrefixRoute {
		argv = append(argv, "noprefixroute")
	}
	return In(a.Netns, argv...)
}

// Apply sets how long the address is preferred; it is valid for good.
func (a AddrPrefer) Apply(_ context.Context, s Space) error {
	what := say.T("change address %[2]s on %[1]s", "修改 %[1]s 上的地址 %[2]s", a.Dev, a.Addr)
	addr, err := netlink.ParseAddr(a.Addr)
	if err != nil {
		return say.Err("%s: %s: %v", "%s：%s：%v", a.Netns, what, err)
	}
	forever := uint32(math.MaxUint32) // INFINITY_LIFE_TIME
	addr.ValidLft, addr.PreferedLft, addr.Broadcast = int(forever), int(forever), nil
	if a.Deprecated {
		addr.PreferedLft = 0
	}
	if a.NoPrefixRoute {
		addr.Flags |= unix.IFA_F_NOPREFIXROUTE
	}
	return Dev{a.Netns, a.Dev}.set(s, what, func(h *netlink.Handle, link netlink.Link) error { return h.AddrReplace(link, addr) })
}

// Undo has it be what it was.
func (a AddrPrefer) Undo(ctx context.Context, s Space, was Before) error {
	snap := was.Netns[a.Netns]
	if snap == nil {
		return nil
	}
	for _, old := range snap.AddrsOn(a.Dev) {
		if old.Prefix.String() == a.Addr {
			a.Deprecated = slices.Contains(old.Flags, "deprecated")
			return a.Apply(ctx, s)
		}
	}
	return nil
}
