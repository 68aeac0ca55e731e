package container

import (
	"cmp"
	"net/netip"
	"slices"

	"nstutor/internal/plainfile"
)

// Binding is a port that Docker has published for a container that runs.
type Binding struct {
	Container string
	PID       int // of the container's first process
	Dockerd   int // the process where the port is published
	Port      uint16
	Only      bool // at the address that was asked for alone, and not at all of its family
	// At are the container's addresses of that family, each with the gateway of its network.
	At []Endpoint
}

// Endpoint is a container's place in a network; its Gateway is invalid where that has none.
type Endpoint struct{ Addr, Gateway netip.Addr }

// Published is the container for which Docker has published a port, such as tcp at an address;
// not ok where there is none.
func Published(root, proto string, at netip.AddrPort) (b Binding, ok bool) {
	dir, err := plainfile.OpenRoot(root)
	if err != nil {
		return b, false
	}
	defer dir.Close()
	t := newTree(dir)
	for _, c := range t.dockerConfigs() {
		port, only := c.NetworkSettings.Ports.publish(proto, at)
		if port == 0 || !c.State.Running || !t.runs(c.State.Pid, c.ID) {
			continue
		}
		b = Binding{Container: c.name(), PID: c.State.Pid, Dockerd: t.dockerd(), Port: port, Only: only}
		for _, in := range c.NetworkSettings.Networks {
			own, via := in.IPAddress, in.Gateway
			if at.Addr().Is6() {
				own, via = in.GlobalIPv6Address, in.IPv6Gateway
			}
			if addr, err := netip.ParseAddr(own); err == nil {
				gateway, _ := netip.ParseAddr(via)
				b.At = append(b.At, Endpoint{addr, gateway})
			}
		}
		slices.SortFunc(b.At, func(a, o Endpoint) int { return cmp.Or(a.Addr.Compare(o.Addr), a.Gateway.Compare(o.Gateway)) })
		return b, true
	}
	return b, false
}
