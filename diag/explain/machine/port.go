package machine

import (
	"context"
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
