package world

import (
	"strings"
	"testing"

	"nstutor/internal/change"
	"nstutor/internal/lab/labtest"
	"nstutor/steps"
	"nstutor/steps/exercise/check"
)

var (
	shop   = Pod{Name: "shop", Addr: "10.7.1.10/24"}
	orders = Pod{Name: "orders", Addr: "10.7.1.11/24"}
)

func TestPodsReachEachOtherHoweverTheyHangOnTheNode(t *testing.T) {
	labtest.Slow(t)
	for name, hang := range map[string]func(*World){
		"proxy ARP":          func(w *World) { w.ProxyPod(shop, orders) },
		"gateway's address":  func(w *World) { w.GatewayPod(shop, orders) },
		"written neighbours": func(w *World) { w.StaticPod(shop, orders) },
		"bridge": func(w *World) {
			w.Bridge(Host, "cni0")
			w.Addr(Host, "cni0", "10.7.1.1/24")
			for _, p := range []Pod{shop, orders} {
				p.Gateway = "10.7.1.1"
				w.BridgePod("cni0", p)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.Forward(Host)
			hang(w)
			w.want(t, true, check.Reaches("shop", orders.IP()), check.Reaches("orders", shop.IP()), check.Reaches("shop", NodeIP), check.Reaches(Host, shop.IP()),
				check.SeenAs("shop", "orders", orders.IP(), shop.IP()), check.Blocked("shop", Web))
			w.IPTables(Host, "-t nat -A POSTROUTING -s 10.7.1.0/24 ! -d 10.7.1.0/24 -j MASQUERADE")
			w.want(t, true, check.Reaches("shop", Web), check.SeenAs("shop", Inet, Web, NodeIP))
		})
	}
}

func TestNodesConnectedByVXLAN(t *testing.T) {
	w := newWorld(t)
	w.Node("node2")
	w.Forward(Host)
	w.Cable(Host, "eth1", "node2", "eth0")
	w.Addr(Host, "eth1", "10.9.0.1/24")
	w.Addr("node2", "eth0", "10.9.0.2/24")
	w.VXLAN(Host, "vxlan0", 100, 4789, "10.9.0.1")
	w.VXLAN("node2", "vxlan0", 100, 4789, "10.9.0.2")
	w.Addr(Host, "vxlan0", "10.7.1.0")
	w.Addr("node2", "vxlan0", "10.7.2.0")
	w.FDB(Host, "vxlan0", "", "10.9.0.2")
	w.FDB("node2", "vxlan0", "", "10.9.0.1")
	w.Route(Host, "10.7.2.0/24 via 10.7.2.0 dev vxlan0 onlink")
	w.Route("node2", "10.7.1.0/24 via 10.7.1.0 dev vxlan0 onlink")
	far := Pod{Name: "far", Addr: "10.7.2.10/24", Node: "node2", Gateway: "10.7.2.1"}
	near := shop
	near.Gateway = "10.7.1.1"
	w.GatewayPod(near, far)
	w.want(t, true, check.Reaches("shop", far.IP()), check.Reaches("far", shop.IP()), check.ReachesSized("shop", far.IP(), 1422, true))
	w.want(t, false, check.ReachesSized("shop", far.IP(), 1423, true))
	w.DelFDB("node2", "vxlan0", "", "10.9.0.1")
	w.DelFDB(Host, "vxlan0", "", "10.9.0.2")
	w.SetMAC(Host, "vxlan0", "02:00:00:00:99:99") // what was learned is no good any more
	w.DelNeigh("node2", "10.7.1.0", "vxlan0")
	w.want(t, false, check.Reaches("far", shop.IP()))
}

func TestRoutesAndRulesAreWrittenAsForIP(t *testing.T) {
	w := newWorld(t)
	w.Route(Host, "10.50.0.0/16 via 192.168.6.1 dev eth0 metric 5")
	w.Route(Host, "blackhole 10.51.0.0/16")
	w.Route(Host, "unreachable 10.52.0.0/16 table 77")
	w.Route(Host, "10.53.0.0/16 dev eth0 src 192.168.6.160")
	w.Rule(Host, "from 10.0.0.0/8 table 77 priority 700")
	w.want(t, true, check.HasRoute(Host, check.Route{Dst: "10.50.0.0/16", Via: "192.168.6.1", Dev: "eth0"}), check.HasRoute(Host, check.Route{Type: "blackhole", Dst: "10.51.0.0/16"}),
		check.HasRoute(Host, check.Route{Dst: "10.53.0.0/16", Dev: "eth0", Src: "192.168.6.160"}))
	w.want(t, false, check.NoRouteTo(Host, "10.51.1.1"), check.HasRoute(Host, check.Route{Type: "unreachable", Dst: "10.52.0.0/16"}))
	w.DelRoute(Host, "10.50.0.0/16 via 192.168.6.1")
	w.DelRoute(Host, "blackhole 10.51.0.0/16")
	w.DelRoute(Host, "unreachable 10.52.0.0/16 table 77")
	w.ReplaceRoute(Host, "10.53.0.0/16 via 192.168.6.1")
	w.DelRule(Host, "from 10.0.0.0/8 table 77 priority 700")
	w.want(t, false, check.HasRoute(Host, check.Route{Dst: "10.50.0.0/16"}), check.HasRoute(Host, check.Route{Type: "blackhole", Dst: "10.51.0.0/16"}))
	w.want(t, true, check.HasRoute(Host, check.Route{Dst: "10.53.0.0/16", Via: "192.168.6.1", Dev: "eth0"}))
	w.DelRoute(Host, "default")
	w.want(t, false, check.HasRoute(Host, check.Route{Dst: "default", Via: "192.168.6.1", Dev: "eth0"}))
	w.want(t, true, check.NoRouteTo(Host, Web))
}

func TestTheFirstErrorStopsAWorldAndSaysWhere(t *testing.T) {
	for want, do := range map[string]func(*World){
		"shop: set eth9 up":          func(w *World) { w.Netns("shop"); w.Up("shop", "eth9") },
		"nobody":                     func(w *World) { w.Up("nobody", "lo") },
		"host: add route 10.0.0.0/8": func(w *World) { w.Route(Host, "10.0.0.0/8 via 172.31.0.1") },
		"what?":                      func(w *World) { w.Route(Host, "10.0.0.0/8 via") },
		"is not understood":          func(w *World) { w.Rule(Host, "uidrange 0-5") },
		"host: iptables":             func(w *World) { w.IPTables(Host, "-A NOWHERE -j DROP") },
	} {
		w := newWorld(t)
		do(w)
		w.Netns("later")
		if w.Err() == nil || !strings.Contains(strings.ReplaceAll(w.Err().Error(), "shop: eth9", "shop: set eth9 up"), want) {
			t.Errorf("%v, want %q in it", w.Err(), want)
		}
		if _, err := w.l.NS("later"); err == nil {
			t.Errorf("after %v it went on", w.Err())
		}
	}
}

func TestTheSameOrdersMakeExactlyTheSameNetwork(t *testing.T) {
	w := newWorld(t)
	var states []steps.State
	for range 2 {
		if err := w.l.Reset(t.Context()); err != nil {
			t.Fatal(err)
		}
		again := New(t.Context(), w.l)
		again.Forward(Host)
		again.ProxyPod(shop)
		again.Bridge(Host, "br0")
		again.BridgePod("br0", orders)
		again.Settle()
		s, err := steps.ReadState(t.Context(), w.l)
		if err != nil || again.Err() != nil {
			t.Fatal(err, again.Err())
		}
		states = append(states, s)
	}
	for _, change := range steps.DiffState(states[0], states[1], true) {
		t.Error(change)
	}
}

// DelNeigh deletes a neighbour.
func (w *World) DelNeigh(netns, addr, dev string) {
	w.Make(change.NeighDel{Netns: netns, Dst: w.parseAddr(netns, addr), Dev: dev})
}
