package exercise

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"nstutor/internal/lab"
	"nstutor/internal/say"
)

func TestAllChecksTakeTheTimeOfOnePing(t *testing.T) {
	w := newWorld(t)
	w.Netns("shop")
	w.Cable(Host, "veth-shop", "shop", "eth0")
	w.Addr("shop", "eth0", "10.7.1.10/24")
	w.Route("shop", "default via 10.7.1.1")
	w.Neigh("shop", "10.7.1.1", "02:00:00:00:99:99", "eth0")
	w.settle()
	checks := []Check{Setting(Host, "net.ipv4.ip_forward", "0"), Reaches(Host, Web)}
	for range 12 {
		checks = append(checks, Blocked("shop", NodeIP), Reaches("shop", Web))
	}
	begin := time.Now()
	held := 0
	for _, v := range Try(t.Context(), w.l, checks) {
		if v.OK {
			held++
		}
	}
	if took, most := time.Since(begin), w.l.PingTimeout()*5/4; took > most || held != 14 {
		t.Errorf("%d hold after %v, want 14 within %v", held, took, most)
	}
	begin = time.Now()
	done, err := hold(t.Context(), w.l, []Check{Blocked("shop", NodeIP), Blocked(Host, Web), Reaches("shop", Web)})
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
	w.want(t, false, Reaches("shop", NodeIP))
	w.Sysctl(Host, "net.ipv4.conf.veth-shop.proxy_arp", "1")
	w.want(t, true, Reaches("shop", NodeIP))
	w.Sysctl(Host, "net.ipv4.conf.veth-shop.proxy_arp", "0")
	w.DelNeigh("shop", CalicoGateway, "eth0")
	go func() {
		time.Sleep(w.l.PingTimeout() / 2)
		w.Sysctl(Host, "net.ipv4.conf.veth-shop.proxy_arp", "1")
	}()
	w.want(t, true, Reaches("shop", NodeIP))
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
	w.want(t, false, ReachesSized("shop", orders.IP(), 1472, true))
	w.want(t, true, ReachesSized("shop", orders.IP(), 1472, false))
	mtu(1500)
	w.want(t, true, ReachesSized("shop", orders.IP(), 1472, true))
}

// TestWhatCannotBeCheckedIsNotWrong: an error is neither yes nor no.
func TestWhatCannotBeCheckedIsNotWrong(t *testing.T) {
	w := newWorld(t)
	broken := Check{Text: say.Quote("x"), run: func(context.Context, *lab.Lab) (bool, string, error) { return true, "", errors.New("no") }}
	if done, err := hold(t.Context(), w.l, []Check{broken}); done || err == nil {
		t.Errorf("%v, %v", done, err)
	}
	if v := Try(t.Context(), w.l, []Check{broken})[0]; v.OK || v.Err == nil {
		t.Errorf("%+v", v)
	}
	if done, err := hold(t.Context(), w.l, []Check{broken, Blocked(Host, Web)}); done || err != nil {
		t.Errorf("one that does not hold says enough: %v, %v", done, err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []Check{Blocked(Host, Web), Reaches(Host, Web)} {
		if v := Try(cancelled, w.l, []Check{c})[0]; v.OK || v.Err == nil {
			t.Errorf("cancelled: %+v", v)
		}
	}
	if _, err := hold(cancelled, w.l, []Check{Blocked(Host, Web)}); err == nil {
		t.Error("cancelled: no error")
	}
}

func TestAnUnmetConditionSaysWhy(t *testing.T) {
	w := newWorld(t)
	c := Blocked(Host, Web).Because("the firewall is open", "防火墙敞开了")
	condition := Try(t.Context(), w.l, []Check{c})[0].condition()
	if condition.Met || !strings.Contains(condition.Want.String(), "the firewall is open") || !strings.Contains(condition.Want.In("zh"), "防火墙敞开了") ||
		!strings.Contains(condition.Seen, "64 bytes from") {
		t.Errorf("%+v", condition)
	}
}
