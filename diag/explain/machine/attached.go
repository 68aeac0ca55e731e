package machine

import (
	"context"
	"fmt"
	"net/netip"
	"strconv"

	"nstutor/diag/container"
	"nstutor/diag/socket"
)

// Join is what puts a container into a network of Docker's.
type Join struct{ Network, Container string }

// Join is how the containers of n could come into the network that an address is of,
// where Docker has both; else it is zero, also where they are in it already.
func (w *Machine) Join(n *Space, addr netip.Addr) (j Join) {
	var mine map[string]string
	for _, c := range w.containers() {
		if !ofDocker(c) {
			continue
		}
		if w.isOf(n, c.PID) && len(c.Networks) > 0 {
			j.Container, mine = c.Name, c.Networks
		}
		for name, own := range c.Networks {
			if own == addr.String() {
				j.Network = name
			}
		}
	}
	if _, in := mine[j.Network]; in || j.Network == "" || j.Container == "" {
		return Join{}
	}
	return j
}

// ofDocker reports whether Docker alone says what a container is connected to.
func ofDocker(c container.Container) bool {
	return c.Runtime == "docker" && c.Name != "" && c.Pod == "" && c.UID == 0
}

// isOf reports whether a process is in n.
func (w *Machine) isOf(n *Space, pid int) bool {
	in, err := inodeOf(processNetns(pid).path)
	return err == nil && w.nodes[in] == n
}

// Unconnected is the container of Docker that has n, and that is in none of its networks; empty
// where it is in one, or there is none.
func (w *Machine) Unconnected(n *Space) (name string) {
	for _, c := range w.containers() {
		if !ofDocker(c) || !w.isOf(n, c.PID) {
			continue
		}
		if len(c.Networks) > 0 {
			return ""
		}
		name = c.Name
	}
	return name
}

// Taker is who has a socket open, as far as that can be seen, and whether it takes nothing that
// comes, by a filter of its own.
func (w *Machine) Taker(inode uint32) (by socket.Process, deaf bool) {
	if w.takers == nil {
		w.takers = map[uint32]taker{}
	}
	t, known := w.takers[inode]
	if !known {
		t.by, t.deaf = socket.OwnerOf(context.Background(), inode)
		w.takers[inode] = t
	}
	return t.by, t.deaf
}

// taker is who has a socket.
type taker struct {
	by   socket.Process
	deaf bool
}

// Published is the container of Docker for which a port of n is published, and the address and
// port of it that requests are to be sent to; invalid where it has several, and nothing tells
// which.
func (w *Machine) Published(n *Space, proto string, at netip.AddrPort) (b container.Binding, to netip.AddrPort, ok bool) {
	b, ok = w.published(proto, at)
	if !ok || b.Dockerd == 0 || !w.isOf(n, b.Dockerd) {
		return container.Binding{}, to, false
	}
	for _, in := range b.At {
		if len(b.At) == 1 || in.Gateway.IsValid() && in.Gateway == w.wayOut(b.PID, in.Addr) {
			to = netip.AddrPortFrom(in.Addr, b.Port)
		}
	}
	return b, to, true
}

// wayOut is the gateway of the default route in the namespace of a process, of the IP version of
// an address.
func (w *Machine) wayOut(pid int, of netip.Addr) netip.Addr {
	in, err := w.openProcess(fmt.Sprintf("pid:%d", pid), strconv.Itoa(pid))
	if err != nil {
		return netip.Addr{}
	}
	return in.Route(RouteQuery{Dst: Elsewhere(of)}).Via
}

// Stopped is the container of Docker that would have a port of n published, did it run; empty
// where there is none.
func (w *Machine) Stopped(n *Space, proto string, at netip.AddrPort) string {
	name, dockerd := w.stopped(proto, at)
	if name == "" || dockerd == 0 || !w.isOf(n, dockerd) {
		return ""
	}
	return name
}
