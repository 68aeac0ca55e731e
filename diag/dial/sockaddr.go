package dial

import (
	"net"
	"net/netip"
	"strconv"

	"golang.org/x/sys/unix"
)

// Sockaddr is the socket address of an endpoint. A zone is looked up among the
// devices of the current thread's namespace; one that is none of them has the
// kernel refuse the address.
func Sockaddr(a netip.AddrPort) unix.Sockaddr {
	addr := a.Addr().Unmap()
	if addr.Is4() {
		return &unix.SockaddrInet4{Addr: addr.As4(), Port: int(a.Port())}
	}
	return &unix.SockaddrInet6{Addr: addr.As16(), Port: int(a.Port()), ZoneId: zoneIndex(addr.Zone())}
}

// Endpoint is the address and port in a socket address, without the zone.
func Endpoint(sa unix.Sockaddr) netip.AddrPort {
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port))
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(sa.Addr).Unmap(), uint16(sa.Port))
	}
	return netip.AddrPort{}
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

// Family is the address family of a socket that talks to an address.
func Family(a netip.Addr) int {
	if a.Unmap().Is4() {
		return unix.AF_INET
	}
	return unix.AF_INET6
}
