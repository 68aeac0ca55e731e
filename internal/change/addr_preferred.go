package change

import (
	"context"
	"math"
	"slices"

	"nstutor/internal/say"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"nstutor/diag/table"
)

// AddrPrefer says of an address of IPv6 whether it is preferred for good, or deprecated:
// the kernel sends from a deprecated one only where it has no other (ipv6_get_saddr_eval()).
type AddrPrefer struct {
	Netns, Addr, Dev          string
	Deprecated, NoPrefixRoute bool // the latter is the address's, which the kernel would forget otherwise
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

// Command is `ip addr change ADDR dev DEV preferred_lft forever`, or 0.
func (a AddrPrefer) Command() Command {
	argv := []string{"ip", "addr", "change", a.Addr, "dev", a.Dev, "preferred_lft", lifetimes[a.Deprecated]}
	if a.NoPrefixRoute {
		argv = append(argv, "noprefixroute")
	}
	return In(a.Netns, argv...)
}

// Apply sets how long the address is preferred; it is valid for good.
func (a AddrPrefer) Apply(_ context.Context, s Space) error {
	forever := uint32(math.MaxUint32) // INFINITY_LIFE_TIME
	preferred, flags := map[bool]int{false: int(forever)}[a.Deprecated], map[bool]int{true: unix.IFA_F_NOPREFIXROUTE}[a.NoPrefixRoute]
	return AddrAdd{Netns: a.Netns, Addr: a.Addr, Dev: a.Dev}.do(s, say.T("change", "修改"), func(h *netlink.Handle, link netlink.Link, addr *netlink.Addr) error {
		addr.ValidLft, addr.PreferedLft, addr.Flags = int(forever), preferred, flags
		return h.AddrReplace(link, addr)
	})
}

// Undo has it be what it was.
func (a AddrPrefer) Undo(ctx context.Context, s Space, was Before) error {
	a.Deprecated = was.hasAddr(a.Netns, a.Dev, a.Addr) && slices.ContainsFunc(was.Netns[a.Netns].AddrsOn(a.Dev), func(old table.Addr) bool {
		return old.Prefix.String() == a.Addr && slices.Contains(old.Flags, "deprecated")
	})
	return a.Apply(ctx, s)
}
