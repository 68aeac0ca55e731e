package machine

import (
	"net/netip"

	"nstutor/diag/container"
)

// Join is what puts a container into a network of Docker's.
type Join struct{ Network, Container string }

// Join is how the containers of n could come into the network that an address is of,
// where Docker has both; else it is zero, also where they are in it already.
func (w *Machine) Join(n *Space, addr netip.Addr) (j Join) {
	var mine map[string]string
	docker := func(c container.Container) bool {
		return c.Runtime == "docker" && c.Name != "" && c.Pod == "" && c.UID == 0
	}
	for _, c := range w.containers() {
		if !docker(c) {
			continue
		}
		if in, err := inodeOf(processNetns(c.PID).path); err == nil && w.nodes[in] == n && len(c.Networks) > 0 {
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
