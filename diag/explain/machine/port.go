package machine

import (
	"context"
	"net/netip"
	"slices"

	"nstutor/diag/socket"
)

// OnPort is a socket of the namespace that has a port, whatever packets it takes.
func (n *Space) OnPort(proto byte, port uint16) (socket.Socket, bool) {
	all, err := socket.Read(context.Background(), n.NS)
	if err != nil {
		return socket.Socket{}, false
	}
	return all.WithPort(socket.Proto(proto), port)
}

// takesOthers reports whether a socket with a port may take packets to addresses of others.
func (n *Space) takesOthers(proto byte, port uint16) (bool, error) {
	all, err := socket.Read(context.Background(), n.NS)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(all.All, func(s socket.Socket) bool {
		return s.Proto == socket.Proto(proto) && s.Local.Port() == port && !s.Opaque
	}), nil
}

// BoundTo reports whether a socket of the namespace listens at an address by itself, whoever has
// that (ip_nonlocal_bind, IP_FREEBIND).
func (n *Space) BoundTo(addr netip.Addr) bool {
	all, err := socket.Read(context.Background(), n.NS)
	return err == nil && slices.ContainsFunc(all.All, func(s socket.Socket) bool { return s.Local.Addr().Unmap() == addr })
}
