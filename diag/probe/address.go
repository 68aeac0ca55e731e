package probe

import (
	"net"
	"net/netip"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// endpointOf is the address and port in a socket address, without the zone.
func endpointOf(sa unix.Sockaddr) netip.AddrPort {
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port))
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(sa.Addr).Unmap(), uint16(sa.Port))
	}
	return netip.AddrPort{}
}

// sockaddr is the socket address of an endpoint. A zone is looked up among the
// devices of the current thread's namespace; one that is none of them has the
// kernel refuse the address.
func sockaddr(a netip.AddrPort) unix.Sockaddr {
	addr := a.Addr().Unmap()
	if addr.Is4() {
		return &unix.SockaddrInet4{Addr: addr.As4(), Port: int(a.Port())}
	}
	return &unix.SockaddrInet6{Addr: addr.As16(), Port: int(a.Port()), ZoneId: zoneIndex(addr.Zone())}
}

// zoneIndex is the ifindex that a zone names, 0 for none.
func zoneIndex(zone string) uint32 {
	if zone == "" {
		return 0
	}
	if device, err := net.InterfaceByName(zone); err == nil {
		return uint32(device.Index)
	}
	index, _ := strconv.ParseUint(zone, 10, 32)
	return uint32(index)
}

// familyOf is the address family of a socket that talks to an address.
func familyOf(a netip.Addr) int {
	if a.Unmap().Is4() {
		return unix.AF_INET
	}
	return unix.AF_INET6
}

// probeSource connects a UDP socket to the destination, as ping does, which sends
// nothing, and returns the local address that the kernel gave it. A broadcast
// address is refused (EACCES) unless it is allowed: TCP has its own answer to one.
func probeSource(dst netip.AddrPort, src netip.Addr, mark uint32, broadcast bool) (netip.Addr, error) {
	fd, err := unix.Socket(familyOf(dst.Addr()), unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return netip.Addr{}, failedCall("socket", err)
	}
	defer unix.Close(fd)
	if err := routeLike(fd, dst.Addr(), netip.AddrPortFrom(src, 0), mark); err != nil {
		return netip.Addr{}, err
	}
	if broadcast {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_BROADCAST, 1)
	}
	if err := unix.Connect(fd, sockaddr(dst)); err != nil {
		return netip.Addr{}, failedCall("connect", err)
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		return netip.Addr{}, failedCall("getsockname", err)
	}
	return sockaddrIP(name), nil
}

// routeLike sets what the route lookup depends on: the mark, which needs
// CAP_NET_ADMIN, and the source, with a free port where it has none.
func routeLike(fd int, dst netip.Addr, src netip.AddrPort, mark uint32) error {
	if mark != 0 {
		if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_MARK, int(mark)); err != nil {
			return failedCall("mark", err)
		}
	}
	if !src.Addr().IsValid() {
		return nil
	}
	if familyOf(src.Addr()) != familyOf(dst) {
		return failedCall("bind", unix.EAFNOSUPPORT)
	}
	if err := unix.Bind(fd, sockaddr(netip.AddrPortFrom(bindable(src.Addr(), dst), src.Port()))); err != nil {
		return failedCall("bind", err)
	}
	return nil
}

// zoned is an address as it is on the way to dst: a link-local one is of the same
// device.
func zoned(a, dst netip.Addr) netip.Addr {
	if a.Is6() && a.IsLinkLocalUnicast() && a.Zone() == "" {
		return a.WithZone(dst.Zone())
	}
	return a
}

// bindable is a source that a socket can be bound to. A link-local one needs a device:
// that of dst, or of the current namespace the one that has it; where several have it, the
// kernel is left to choose it again.
func bindable(a, dst netip.Addr) netip.Addr {
	a = zoned(a, dst)
	if !a.Is6() || !a.IsLinkLocalUnicast() || a.Zone() != "" {
		return a
	}
	devices, _ := net.Interfaces()
	devices = slices.DeleteFunc(devices, func(dev net.Interface) bool {
		addrs, _ := dev.Addrs()
		return !slices.ContainsFunc(addrs, func(own net.Addr) bool {
			prefix, err := netip.ParsePrefix(own.String())
			return err == nil && prefix.Addr() == a
		})
	})
	if len(devices) != 1 {
		return netip.IPv6Unspecified()
	}
	return a.WithZone(devices[0].Name)
}
