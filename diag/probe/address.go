package probe

import (
	"net"
	"net/netip"
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

// chosenSource is the source address that the kernel chooses for packets to dst
// with a mark. It connects a UDP socket, which sends nothing; its error is that of
// the route lookup.
func chosenSource(dst netip.AddrPort, mark uint32) (netip.Addr, error) {
	fd, err := unix.Socket(familyOf(dst.Addr()), unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return netip.Addr{}, &dialError{"socket", err}
	}
	defer unix.Close(fd)
	if err := setMark(fd, mark); err != nil {
		return netip.Addr{}, err
	}
	// TCP and UDP refuse a broadcast address each in its own words, and later.
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_BROADCAST, 1)
	if err := unix.Connect(fd, sockaddr(dst)); err != nil {
		return netip.Addr{}, &dialError{"connect", err}
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		return netip.Addr{}, &dialError{"getsockname", err}
	}
	source := sockaddrIP(name)
	if source.IsLinkLocalUnicast() {
		source = source.WithZone(dst.Addr().Zone())
	}
	return source, nil
}

// setMark gives a socket its firewall mark, which needs CAP_NET_ADMIN.
func setMark(fd int, mark uint32) error {
	if mark == 0 {
		return nil
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_MARK, int(mark)); err != nil {
		return &dialError{"mark", err}
	}
	return nil
}
