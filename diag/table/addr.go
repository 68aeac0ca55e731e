package table

import (
	"context"
	"encoding/binary"
	"net/netip"
	"strconv"

	"nstutor/diag/attr"

	"golang.org/x/sys/unix"
)

// addrFlagNames are in the order of print_ifa_flags(). IFA_F_PERMANENT is told
// by its absence: dynamic.
var addrFlagNames = []struct {
	mask uint32
	name string
}{
	{unix.IFA_F_SECONDARY, "secondary"}, {unix.IFA_F_NODAD, "nodad"}, {unix.IFA_F_OPTIMISTIC, "optimistic"},
	{unix.IFA_F_DADFAILED, "dadfailed"}, {unix.IFA_F_HOMEADDRESS, "home"}, {unix.IFA_F_DEPRECATED, "deprecated"},
	{unix.IFA_F_TENTATIVE, "tentative"}, {unix.IFA_F_PERMANENT, ""}, {unix.IFA_F_MANAGETEMPADDR, "mngtmpaddr"},
	{unix.IFA_F_NOPREFIXROUTE, "noprefixroute"}, {unix.IFA_F_MCAUTOJOIN, "autojoin"},
	{unix.IFA_F_STABLE_PRIVACY, "stable-privacy"},
}

// readAddrs reads the addresses of both families: the kernel dumps IPv4 first.
func (r *Reader) readAddrs(ctx context.Context) ([]Addr, error) {
	request := make([]byte, unix.SizeofIfAddrmsg)
	return dumpTable(ctx, r.conn, unix.RTM_GETADDR, unix.RTM_NEWADDR, request, r.parseAddr)
}

func (r *Reader) parseAddr(b []byte) (Addr, bool) {
	if len(b) < unix.SizeofIfAddrmsg {
		return Addr{}, false
	}
	family, bits, flags := b[0], b[1], uint32(b[2])
	if family != unix.AF_INET && family != unix.AF_INET6 {
		return Addr{}, false
	}
	a := Addr{Index: int(binary.NativeEndian.Uint32(b[4:])), Scope: ipName(rtScopeNames, int(b[3]), strconv.Itoa)}
	var local, address netip.Addr
	for kind, v := range attr.All(b[unix.SizeofIfAddrmsg:]) {
		switch kind {
		case unix.IFA_LOCAL:
			local = attr.Addr(v)
		case unix.IFA_ADDRESS:
			address = attr.Addr(v)
		case unix.IFA_BROADCAST:
			a.Broadcast = attr.Addr(v)
		case unix.IFA_LABEL:
			a.Label = attr.String(v)
		case unix.IFA_FLAGS:
			flags = attr.Uint32(v)
		case unix.IFA_RT_PRIORITY:
			a.Metric = int(attr.Uint32(v))
		}
	}
	if !local.IsValid() {
		local = address
	} else if address.IsValid() && address != local {
		a.Peer = address
	}
	a.Dev = r.device(a.Index)
	a.Prefix = netip.PrefixFrom(local, int(bits))
	a.Flags = addrFlags(flags, family)
	return a, local.IsValid()
}

func addrFlags(flags uint32, family byte) []string {
	var names []string
	for _, f := range addrFlagNames {
		set := flags&f.mask != 0
		switch {
		case f.mask == unix.IFA_F_PERMANENT && !set:
			names = append(names, "dynamic")
		case f.mask == unix.IFA_F_PERMANENT || !set:
		case f.mask == unix.IFA_F_SECONDARY && family == unix.AF_INET6:
			names = append(names, "temporary")
		default:
			names = append(names, f.name)
		}
		flags &^= f.mask
	}
	return names
}
