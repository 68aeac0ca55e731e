package eval

import (
	"net/netip"
	"slices"

	"nstutor/diag/table"
	"nstutor/internal/say"
)

// MasqueradeAddr implements Env.
func (k Kernel) MasqueradeAddr(oif string, dst netip.Addr) (netip.Addr, error) {
	index, err := k.DeviceIndex(oif)
	if err != nil {
		return netip.Addr{}, err
	}
	addrs, err := k.One.Addrs(index)
	if err != nil {
		return netip.Addr{}, err
	}
	if dst.Is6() {
		return k.selected(index, addrs, dst)
	}
	addrs = slices.DeleteFunc(addrs, func(a table.Addr) bool {
		return a.Family() != 4 || a.Scope != "global" || slices.Contains(a.Flags, "secondary")
	})
	if len(addrs) == 1 {
		return addrs[0].Prefix.Addr(), nil
	}
	reply, err := k.One.Route(table.RouteRequest{Dst: dst, OIF: index})
	switch {
	case table.Refused(err):
		reply.Src, reply.Via = netip.Addr{}, dst
	case err != nil:
		return netip.Addr{}, err
	case !reply.Via.Is4():
		reply.Via = dst
	}
	for _, a := range addrs {
		if a.Prefix.Contains(reply.Via) {
			return a.Prefix.Addr(), nil
		}
	}
	if len(addrs) > 0 {
		return addrs[0].Prefix.Addr(), nil
	}
	return reply.Src, nil
}

// selected is the source of IPv6 that the kernel selects towards dst on a device. It is
// asked; where its answer would be the route's own source, or where it turns away what the
// namespace sends itself, it is that of the device's addresses which may be used, if there is
// one alone: the device's come before others.
func (k Kernel) selected(oif int, addrs []table.Addr, dst netip.Addr) (netip.Addr, error) {
	q := table.RouteRequest{Dst: dst, OIF: oif}
	entry, err := k.One.RouteEntry(q)
	named := err == nil && entry.Src.IsValid()
	reply, err := k.One.Route(q)
	refused := table.Refused(err)
	if !named && !refused {
		return reply.Src, err
	}
	addrs = slices.DeleteFunc(addrs, func(a table.Addr) bool {
		return a.Family() != 6 || a.Scope != "global" || slices.ContainsFunc(a.Flags, func(flag string) bool { return slices.Contains(unselected, flag) })
	})
	switch {
	case len(addrs) == 1 && !dst.IsLinkLocalUnicast():
		return addrs[0].Prefix.Addr(), nil
	case named:
		return netip.Addr{}, say.Err("which source %s would be given on its way cannot be told: %s names one", "发往 %s 的包会得到哪个源地址无法判断：%s 指定了一个", dst, entry.Line())
	case len(addrs) > 1:
		return netip.Addr{}, say.Err("which source %s would be given on its way cannot be told: %v", "发往 %s 的包会得到哪个源地址无法判断：%v", dst, err)
	}
	return netip.Addr{}, nil
}

// unselected are the flags of addresses that are not selected where there is another one.
var unselected = []string{"tentative", "dadfailed", "deprecated", "optimistic"}
