package exercise

import (
	"context"
	"os/exec"
	"testing"

	"nstutor/internal/lab"
	"nstutor/internal/lab/labtest"
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
		to := Reaches("shop", orders.IP())
		w.want(t, true, to)
		w.IPTables(Host, "-P FORWARD DROP")
		w.want(t, false, to)
		w.want(t, true, Policy(Host, "FORWARD"))
		w.IPTables(Host, "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT")
		w.IPTables(Host, "-A FORWARD -s 10.7.1.10 -d 10.7.1.11/32 -i veth-shop -o veth-+ -p icmp --icmp-type echo-request -j ACCEPT")
		w.want(t, true, to, Blocked("orders", shop.IP()), Blocked("guest", orders.IP()), Forwards(Host, shop.IP(), orders.IP()))
		w.IPTables(Host, "-I FORWARD -s 10.7.1.10 -j DROP")
		w.want(t, false, to)
		w.IPTables(Host, "-D FORWARD -s 10.7.1.10 -j DROP")
		w.want(t, true, to)
		w.IPTables(Host, "-N PODS")
		w.IPTables(Host, "-A PODS ! -s 10.7.1.12 -j RETURN")
		w.IPTables(Host, "-A PODS -j ACCEPT")
		w.IPTables(Host, "-A FORWARD -j PODS")
		w.want(t, true, Reaches("guest", orders.IP()), Blocked("orders", shop.IP()))
		w.IPTables(Host, "-F FORWARD")
		w.IPTables(Host, "-P FORWARD ACCEPT")
		w.want(t, true, Reaches("orders", shop.IP()))
		w.want(t, false, Policy(Host, "FORWARD"))
		w.want(t, true, Forwards(Host, shop.IP(), orders.IP()))
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
		w.want(t, true, reachesTCP("shop", "10.96.0.10"), reachesTCP("shop", "10.96.0.11:8080"), Reaches("shop", "10.96.0.11"), BlockedTCP("shop", "10.96.0.10:8080"),
			BlockedTCP("shop", Web), reachesTCP("shop", NodeIP+":81"))
		w.IPTables(Host, "-t nat -A POSTROUTING -s 10.7.1.10 ! -d 10.7.1.0/24 -o eth1 -j MASQUERADE")
		w.want(t, false, Reaches("shop", Web))
		w.IPTables(Host, "-t nat -A POSTROUTING -s 10.7.1.10 ! -d 10.7.1.0/24 -o eth0 -j MASQUERADE")
		w.want(t, true, SeenAs("shop", Inet, Web, NodeIP), SeenAs("shop", "orders", orders.IP(), shop.IP()), Blocked("orders", Web))
	})
}

// reachesTCP is the opposite of BlockedTCP.
func reachesTCP(from, addr string) Check {
	return Check{run: func(ctx context.Context, l *lab.Lab) (bool, string, error) { return get(ctx, l, from, addr) }}
}
