package machine

import (
	"context"

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
