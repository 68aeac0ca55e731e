package probe

import (
	"net"
	"net/netip"
	"slices"

	"nstutor/diag/dial"

	"golang.org/x/sys/unix"
)

// probeSource connects a UDP socket to the destination, as ping does, which sends
// nothing, and returns the local address that the kernel gave it. A broadcast
// address is refused (EACCES) unless it is allowed: TCP has its own answer to one.
func probeSource(dst netip.AddrPort, src netip.Addr, mark uint32, broadcast bool) (netip.Addr, error) {
	fd, err := unix.Socket(dial.Family(dst.Addr()), unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
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
	if err := unix.Connect(fd, dial.Sockaddr(dst)); err != nil {
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
	if dial.Family(src.Addr()) != dial.Family(dst) {
		return failedCall("bind", unix.EAFNOSUPPORT)
	}
	if err := unix.Bind(fd, dial.Sockaddr(netip.AddrPortFrom(bindable(src.Addr(), dst), src.Port()))); err != nil {
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
