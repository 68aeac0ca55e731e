package world

import "nstutor/internal/change"

// Route adds a route, written as for `ip route add`:
//
//	w.Route("shop", "default via 169.254.1.1 dev eth0 onlink")
//	w.Route("host", "10.1.2.10 dev veth-shop")
//	w.Route("host", "blackhole 10.1.0.0/16 table 100")
func (w *World) Route(netns, spec string) { w.typed(netns, "ip route add "+spec) }

// ReplaceRoute is `ip route replace`.
func (w *World) ReplaceRoute(netns, spec string) { w.typed(netns, "ip route replace "+spec) }

// DelRoute is `ip route del`.
func (w *World) DelRoute(netns, spec string) { w.typed(netns, "ip route del "+spec) }

// Rule adds a policy rule: `from PREFIX`, `to PREFIX`, `iif DEV`, `table N`,
// `priority N`.
func (w *World) Rule(netns, spec string) { w.typed(netns, "ip rule add "+spec) }

// DelRule deletes it.
func (w *World) DelRule(netns, spec string) { w.typed(netns, "ip rule del "+spec) }

// Neigh writes a permanent neighbour.
func (w *World) Neigh(netns, addr, mac, dev string) {
	w.neigh(netns, addr, mac, dev, change.Permanent)
}

// StaleNeigh writes a neighbour as ARP would have left it some time ago: the
// kernel uses it, and asks again by and by.
func (w *World) StaleNeigh(netns, addr, mac, dev string) {
	w.neigh(netns, addr, mac, dev, change.Stale)
}

func (w *World) neigh(netns, addr, mac, dev, state string) {
	w.Make(change.NeighSet{Netns: netns, Dst: w.parseAddr(netns, addr), MAC: w.parseMAC(netns, mac), Dev: dev, State: state})
}
