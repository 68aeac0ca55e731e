package change

import (
	"context"
	"errors"
	"net/netip"

	"nstutor/internal/say"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/diag/table"
	"nstutor/internal/nsenter"
)

// FlushCache has the kernel forget what it has learned of paths, such as their
// MTU: `ip route flush cache`, or `ip -6 route flush cache`.
type FlushCache struct {
	Netns string
	V6    bool
}

// FlushConntrack has it forget all connections: `conntrack -F`.
type FlushConntrack struct{ Netns string }

var (
	_ = register("ip route flush", flushes(false))
	_ = register("ip -6 route flush", flushes(true))
	_ = register("conntrack -F", func(netns string, words []string) (Change, error) {
		if len(words) > 0 {
			return nil, say.Err("%q is not understood here", "这里不认识 %q", words[0])
		}
		return FlushConntrack{netns}, nil
	})
)

// flushes reads what of a cache is to be flushed: all.
func flushes(v6 bool) func(string, []string) (Change, error) {
	return func(netns string, words []string) (Change, error) {
		if len(words) != 1 || words[0] != "cache" {
			return nil, say.Err("only the cache is flushed here", "这里只能清空 cache")
		}
		return FlushCache{netns, v6}, nil
	}
}

// Command is `ip route flush cache`, or with -6.
func (f FlushCache) Command() Command {
	if f.V6 {
		return In(f.Netns, "ip", "-6", "route", "flush", "cache")
	}
	return In(f.Netns, "ip", "route", "flush", "cache")
}

// Apply does what ip(8) does for it: it writes a sysctl (iproute_flush_cache()), or of
// IPv6 deletes the routes that were cloned for single destinations, one by one.
func (f FlushCache) Apply(ctx context.Context, s Space) error {
	if f.V6 {
		ns, err := s.NS(f.Netns)
		if err != nil {
			return err
		}
		if err := ns.Do(deleteCloned6); err != nil {
			return say.At(ns.Name(), err)
		}
		return nil
	}
	return Sysctl{Netns: f.Netns, Path: "net/ipv4/route/flush", Value: "-1"}.Apply(ctx, s)
}

// deleteCloned6 deletes the cloned routes of IPv6, by what the kernel itself says of
// each. One that has expired meanwhile is not missed.
func deleteCloned6() error {
	all, err := attr.Dump(unix.NETLINK_ROUTE, unix.RTM_NEWROUTE, func() *nl.NetlinkRequest {
		dump := nl.NewNetlinkRequest(unix.RTM_GETROUTE, unix.NLM_F_DUMP)
		dump.AddData(&nl.RtMsg{RtMsg: unix.RtMsg{Family: unix.AF_INET6, Flags: unix.RTM_F_CLONED}})
		return dump
	})
	if err != nil {
		return err
	}
	for _, route := range all {
		if nl.DeserializeRtMsg(route).Flags&unix.RTM_F_CLONED == 0 {
			continue
		}
		del := nl.NewNetlinkRequest(unix.RTM_DELROUTE, unix.NLM_F_ACK)
		del.AddRawData(route)
		if _, err := del.Execute(unix.NETLINK_ROUTE, 0); err != nil && !errors.Is(err, unix.ESRCH) {
			return err
		}
	}
	return nil
}

// Undo does nothing: the kernel learns again.
func (f FlushCache) Undo(context.Context, Space, Before) error { return nil }

// Command is `conntrack -F`.
func (f FlushConntrack) Command() Command { return In(f.Netns, "conntrack", "-F") }

// Apply flushes the table.
func (f FlushConntrack) Apply(_ context.Context, s Space) error {
	return netfilterHandle(s, f.Netns, unix.NETLINK_NETFILTER, func(h *netlink.Handle) error {
		return h.ConntrackTableFlush(netlink.ConntrackTable)
	})
}

// Undo does nothing: connections that go on are found again.
func (f FlushConntrack) Undo(context.Context, Space, Before) error { return nil }

// netfilterHandle runs do with a socket of another family than rtnetlink.
func netfilterHandle(s Space, netns string, family int, do func(*netlink.Handle) error) error {
	ns, err := s.NS(netns)
	if err != nil {
		return err
	}
	return ns.Do(func() error { return inFamily(ns, family, do) })
}

func inFamily(ns *nsenter.Namespace, family int, do func(*netlink.Handle) error) error {
	h, err := netlink.NewHandle(family)
	if err != nil {
		return say.At(ns.Name(), err)
	}
	defer h.Close()
	if err := do(h); err != nil {
		return say.At(ns.Name(), err)
	}
	return nil
}

// IPsecDel deletes an IPsec policy: `ip xfrm policy delete …`.
type IPsecDel struct {
	Netns    string
	Src, Dst netip.Prefix
	Dir      string // a key of ipsecDirs
}

// ipsecDirs are what policies are for: what leaves, what comes in, and what is passed on.
var ipsecDirs = map[string]netlink.Dir{"out": netlink.XFRM_DIR_OUT, "in": netlink.XFRM_DIR_IN, "fwd": netlink.XFRM_DIR_FWD}

var _ = register("ip xfrm policy", func(netns string, words []string) (Change, error) {
	if len(words) == 0 || words[0] != "delete" {
		return nil, say.Err("a policy can only be deleted here", "这里只能删除策略")
	}
	p := IPsecDel{Netns: netns}
	err := readOptions(words[1:], network("src", &p.Src), network("dst", &p.Dst), text("dir", &p.Dir))
	if _, known := ipsecDirs[p.Dir]; err == nil && !known {
		err = say.Err("dir %q is not understood here", "这里不认识 dir %q", p.Dir)
	}
	return p, err
})

// Command is `ip xfrm policy delete src SRC dst DST dir DIR`.
func (p IPsecDel) Command() Command {
	return In(p.Netns, "ip", "xfrm", "policy", "delete", "src", p.Src.String(), "dst", p.Dst.String(), "dir", p.Dir)
}

// Apply deletes the policy.
func (p IPsecDel) Apply(_ context.Context, s Space) error {
	return netfilterHandle(s, p.Netns, unix.NETLINK_XFRM, func(h *netlink.Handle) error {
		return h.XfrmPolicyDel(&netlink.XfrmPolicy{Src: ipNet(p.Src), Dst: ipNet(p.Dst), Dir: ipsecDirs[p.Dir]})
	})
}

// Undo fails: a policy has more than one can see.
func (p IPsecDel) Undo(context.Context, Space, Before) error {
	return say.Err("%s: the policy from %s to %s is gone, and its templates", "%s：从 %s 到 %s 的策略已经没有了，它的模板也是", p.Netns, p.Src, table.ShortPrefix(p.Dst))
}
