package world

import (
	"net/netip"
	"testing"

	"nstutor/internal/lab/labtest"
	"nstutor/steps/exercise/check"
)

// TestWhatRulesDoCountsAndNotHowTheyAreWritten: a rule for the network of both
// lets the ping pass; one that names both and is not reached does not.
func TestWhatRulesDoCountsAndNotHowTheyAreWritten(t *testing.T) {
	labtest.Slow(t)
	withAndWithout(t, func(t *testing.T, w *World) {
		w.Forward(Host)
		w.ProxyPod(shop, orders)
		pass := check.Forwards(Host, shop.IP(), orders.IP())
		w.IPTables(Host, "-P FORWARD DROP")
		w.want(t, false, pass)
		w.IPTables(Host, "-A FORWARD -s 10.7.1.0/24 -i veth-shop -o veth-+ -j ACCEPT")
		w.want(t, true, pass)
		w.IPTables(Host, "-F FORWARD")
		w.IPTables(Host, "-A FORWARD -i veth-shop -j DROP")
		w.IPTables(Host, "-A FORWARD -s "+shop.IP()+" -d "+orders.IP()+" -j ACCEPT")
		w.want(t, false, pass)
	})
}

// TestATranslationCountsHoweverItIsWritten: SNAT to the node's address does what
// MASQUERADE does.
func TestATranslationCountsHoweverItIsWritten(t *testing.T) {
	w := newWorld(t)
	w.Forward(Host)
	w.ProxyPod(shop, orders)
	masqueraded := check.Masqueraded(Host, netip.MustParsePrefix("10.7.1.0/24"))
	w.want(t, false, masqueraded)
	w.IPTables(Host, "-t nat -A POSTROUTING -s 10.7.1.0/24 -o eth1 -j MASQUERADE")
	w.want(t, false, masqueraded)
	w.IPTables(Host, "-t nat -A POSTROUTING -s 10.7.1.0/24 -o eth0 -j SNAT --to-source "+NodeIP)
	w.want(t, true, masqueraded)
}

// TestADeviceIsUpByItsFlagAlone: names that read like flags are none.
func TestADeviceIsUpByItsFlagAlone(t *testing.T) {
	w := newWorld(t)
	w.Netns("shop")
	w.Veth(Host, "veth-shop", "shop", "eth0")
	w.Bridge(Host, "UP")
	w.Bridge(Host, "cni0")
	w.Port(Host, "veth-shop", "UP")
	w.want(t, true, check.HasLink(Host, check.Link{Name: "veth-shop", Master: "UP"}))
	w.want(t, false, check.HasLink(Host, check.Link{Name: "veth-shop", Up: true}), check.HasLink(Host, check.Link{Name: "veth-shop", Master: "cni0"}), check.HasLink(Host, check.Link{Name: "nodev"}))
	w.Port(Host, "veth-shop", "cni0")
	w.Up(Host, "veth-shop")
	w.want(t, true, check.HasLink(Host, check.Link{Name: "veth-shop", Up: true, Master: "cni0"}))
}

// TestARouteCountsAsOneOfSeveralWays, which ip(8) prints on lines of their own.
func TestARouteCountsAsOneOfSeveralWays(t *testing.T) {
	w := newWorld(t)
	w.Route(Host, "10.50.0.0/16 nexthop via 192.168.6.1 dev eth0 nexthop via 192.168.6.2 dev eth0")
	w.want(t, true, check.HasRoute(Host, check.Route{Dst: "10.50.0.0/16", Via: "192.168.6.2", Dev: "eth0"}))
	w.want(t, false, check.HasRoute(Host, check.Route{Dst: "10.50.0.0/16", Via: "192.168.6.3"}), check.HasRoute(Host, check.Route{Dst: "10.50.0.0/1", Via: "192.168.6.1"}),
		check.HasRoute(Host, check.Route{Type: "blackhole", Dst: "10.50.0.0/16"}))
}
