package world

import (
	"os/exec"
	"testing"

	"nstutor/internal/lab/labtest"
	"nstutor/steps/exercise/check"
)

// withAndWithout tries what a machine with iptables does, and one without.
func withAndWithout(t *testing.T, try func(t *testing.T, w *World)) {
	t.Run("nf_tables", func(t *testing.T) {
		t.Setenv("PATH", "/nowhere")
		try(t, newWorld(t))
	})
	t.Run("iptables", func(t *testing.T) {
		if _, err := exec.LookPath("iptables"); err != nil {
			t.Skip("iptables is not installed")
		}
		try(t, newWorld(t))
	})
}

func TestFilterRulesAreWrittenAsForIPTables(t *testing.T) {
	labtest.Slow(t)
	withAndWithout(t, func(t *testing.T, w *World) {
		guest := Pod{Name: "guest", Addr: "10.7.1.12/24"}
		w.Forward(Host)
		w.ProxyPod(shop, orders, guest)
		to := check.Reaches("shop", orders.IP())
		w.want(t, true, to)
		w.IPTables(Host, "-P FORWARD DROP")
		w.want(t, false, to)
		w.want(t, true, check.Policy(Host, "FORWARD"))
		w.IPTables(Host, "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT")
		w.IPTables(Host, "-A FORWARD -s 10.7.1.10 -d 10.7.1.11/32 -i veth-shop -o veth-+ -p icmp --icmp-type echo-request -j ACCEPT")
		w.want(t, true, to, check.Blocked("orders", shop.IP()), check.Blocked("guest", orders.IP()), check.Forwards(Host, shop.IP(), orders.IP()))
		w.IPTables(Host, "-I FORWARD -s 10.7.1.10 -j DROP")
		w.want(t, false, to)
		w.IPTables(Host, "-D FORWARD -s 10.7.1.10 -j DROP")
		w.want(t, true, to)
		w.IPTables(Host, "-N PODS")
		w.IPTables(Host, "-A PODS ! -s 10.7.1.12 -j RETURN")
		w.IPTables(Host, "-A PODS -j ACCEPT")
		w.IPTables(Host, "-A FORWARD -j PODS")
		w.want(t, true, check.Reaches("guest", orders.IP()), check.Blocked("orders", shop.IP()))
		w.IPTables(Host, "-F FORWARD")
		w.IPTables(Host, "-P FORWARD ACCEPT")
		w.want(t, true, check.Reaches("orders", shop.IP()))
		w.want(t, false, check.Policy(Host, "FORWARD"))
		w.want(t, true, check.Forwards(Host, shop.IP(), orders.IP()))
		w.IPTables("orders", "-A INPUT -p icmp -j REJECT")
		w.want(t, false, to)
	})
}

func TestTranslationsAreWrittenAsForIPTables(t *testing.T) {
	labtest.Slow(t)
	withAndWithout(t, func(t *testing.T, w *World) {
		w.Forward(Host)
		w.ProxyPod(shop, orders)
		w.Serve("orders", 8080)
		w.Serve(Host, 81)
		w.IPTables(Host, "-t nat -A PREROUTING -d 10.96.0.10 -p tcp --dport 80 -j DNAT --to-destination 10.7.1.11:8080")
		w.IPTables(Host, "-t nat -A PREROUTING -d 10.96.0.11 -j DNAT --to-destination 10.7.1.11")
		w.want(t, true, check.Fetches("shop", "10.96.0.10"), check.Fetches("shop", "10.96.0.11:8080"), check.Reaches("shop", "10.96.0.11"), check.BlockedTCP("shop", "10.96.0.10:8080"),
			check.BlockedTCP("shop", Web), check.Fetches("shop", NodeIP+":81"))
		w.IPTables(Host, "-t nat -A POSTROUTING -s 10.7.1.10 ! -d 10.7.1.0/24 -o eth1 -j MASQUERADE")
		w.want(t, false, check.Reaches("shop", Web))
		w.IPTables(Host, "-t nat -A POSTROUTING -s 10.7.1.10 ! -d 10.7.1.0/24 -o eth0 -j MASQUERADE")
		w.want(t, true, check.SeenAs("shop", Inet, Web, NodeIP), check.SeenAs("shop", "orders", orders.IP(), shop.IP()), check.Blocked("orders", Web))
	})
}
