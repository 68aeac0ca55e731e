package world

import (
	"strings"
	"testing"
	"time"

	"nstutor/steps/exercise/check"
)

func TestAllChecksTakeTheTimeOfOnePing(t *testing.T) {
	w := newWorld(t)
	w.Netns("shop")
	w.Cable(Host, "veth-shop", "shop", "eth0")
	w.Addr("shop", "eth0", "10.7.1.10/24")
	w.Route("shop", "default via 10.7.1.1")
	w.Neigh("shop", "10.7.1.1", "02:00:00:00:99:99", "eth0")
	w.Settle()
	checks := []check.Check{check.Setting(Host, "net.ipv4.ip_forward", "0"), check.Reaches(Host, Web)}
	for range 12 {
		checks = append(checks, check.Blocked("shop", NodeIP), check.Reaches("shop", Web))
	}
	begin := time.Now()
	held := 0
	for _, v := range check.Try(t.Context(), w.l, checks) {
		if v.OK {
			held++
		}
	}
	if took, most := time.Since(begin), w.l.PingTimeout()*5/4; took > most || held != 14 {
		t.Errorf("%d hold after %v, want 14 within %v", held, took, most)
	}
	begin = time.Now()
	done, err := check.Hold(t.Context(), w.l, []check.Check{check.Blocked("shop", NodeIP), check.Blocked(Host, Web), check.Reaches("shop", Web)})
	if took := time.Since(begin); done || err != nil || took > w.l.PingTimeout()/2 {
		t.Errorf("after %v: %v, %v; one that does not hold is enough", took, done, err)
	}
}

// TestAFixIsSeenAlthoughANeighbourHasFailed repairs what a ping waits for.
func TestAFixIsSeenAlthoughANeighbourHasFailed(t *testing.T) {
	w := newWorld(t)
	w.Forward(Host)
	w.ProxyPod(shop)
	w.Sysctl(Host, "net.ipv4.conf.veth-shop.proxy_arp", "0")
	w.want(t, false, check.Reaches("shop", NodeIP))
	w.Sysctl(Host, "net.ipv4.conf.veth-shop.proxy_arp", "1")
	w.want(t, true, check.Reaches("shop", NodeIP))
	w.Sysctl(Host, "net.ipv4.conf.veth-shop.proxy_arp", "0")
	w.DelNeigh("shop", CalicoGateway, "eth0")
	go func() {
		time.Sleep(w.l.PingTimeout() / 2)
		w.Sysctl(Host, "net.ipv4.conf.veth-shop.proxy_arp", "1")
	}()
	w.want(t, true, check.Reaches("shop", NodeIP))
}

// TestAFixIsSeenAlthoughASmallerMTUIsRemembered repairs what a router has told.
func TestAFixIsSeenAlthoughASmallerMTUIsRemembered(t *testing.T) {
	w := newWorld(t)
	w.Forward(Host)
	w.ProxyPod(shop, orders)
	mtu := func(bytes int) {
		w.MTU(Host, orders.NodeDev(), bytes)
		w.MTU("orders", "eth0", bytes)
	}
	mtu(1400)
	w.want(t, false, check.ReachesSized("shop", orders.IP(), 1472, true))
	w.want(t, true, check.ReachesSized("shop", orders.IP(), 1472, false))
	mtu(1500)
	w.want(t, true, check.ReachesSized("shop", orders.IP(), 1472, true))
}

func TestAnUnmetConditionSaysWhy(t *testing.T) {
	w := newWorld(t)
	c := check.Blocked(Host, Web).Because("the firewall is open", "防火墙敞开了")
	condition := check.Try(t.Context(), w.l, []check.Check{c})[0].Condition()
	if condition.Met || !strings.Contains(condition.Want.String(), "the firewall is open") || !strings.Contains(condition.Want.In("zh"), "防火墙敞开了") ||
		!strings.Contains(condition.Seen, "64 bytes from") {
		t.Errorf("%+v", condition)
	}
}
