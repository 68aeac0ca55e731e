package lab_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"nstutor/internal/lab"
)

// BenchmarkLabReady builds the starting topology anew, name server included.
func BenchmarkLabReady(b *testing.B) {
	l := newLab(b)
	for b.Loop() {
		if err := l.Reset(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLabByShell does the same as a person with a script does, without
// the name server.
func BenchmarkLabByShell(b *testing.B) {
	script := b.TempDir() + "/lab.sh"
	if err := os.WriteFile(script, []byte(labScript()), 0o755); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if out, err := exec.CommandContext(b.Context(), "sh", "-e", script).CombinedOutput(); err != nil {
			b.Fatalf("%v: %s", err, out)
		}
	}
	for _, name := range []string{lab.Host, lab.Inet} {
		exec.Command("ip", "netns", "del", name).Run()
	}
}

// labScript pins each namespace with one shell, all settings in one go.
func labScript() string {
	pin := `
		echo 0 > /proc/sys/net/ipv4/ip_forward
		echo 0 > /proc/sys/net/ipv4/icmp_echo_ignore_all
		for dev in all default; do echo 1 > /proc/sys/net/ipv6/conf/$dev/disable_ipv6; done
		if [ -e /proc/sys/net/bridge ]; then echo 0 > /proc/sys/net/bridge/bridge-nf-call-iptables; fi
		for dev in all default lo; do for key in rp_filter arp_ignore arp_announce proxy_arp accept_local route_localnet; do
			echo 0 > /proc/sys/net/ipv4/conf/$dev/$key
		done; done`
	timers := `
		for dev in lo DEV; do
			echo 1000 > /proc/sys/net/ipv4/neigh/$dev/retrans_time_ms
			echo 3 > /proc/sys/net/ipv4/neigh/$dev/mcast_solicit
			echo 3 > /proc/sys/net/ipv4/neigh/$dev/ucast_solicit
			echo 80 > /proc/sys/net/ipv4/neigh/$dev/proxy_delay
			echo 5 > /proc/sys/net/ipv4/neigh/$dev/delay_first_probe_time
			echo 30000 > /proc/sys/net/ipv4/neigh/$dev/base_reachable_time_ms
		done`
	lines := []string{"export PATH=$PATH:/usr/sbin:/sbin"}
	for _, name := range []string{lab.Host, lab.Inet} {
		lines = append(lines, "if [ -e /run/netns/"+name+" ]; then ip netns del "+name+"; fi", "ip netns add "+name)
	}
	lines = append(lines, "ip -n host link add eth0 index 3 address 02:00:c0:a8:06:a0 mtu 1500 type veth peer name up0 address 02:00:c0:a8:06:01 netns inet")
	for name, dev := range map[string]string{lab.Host: "eth0", lab.Inet: "up0"} {
		lines = append(lines, "ip netns exec "+name+" sh -e -c '"+pin+strings.ReplaceAll(timers, "DEV", dev)+"'")
	}
	return strings.Join(append(lines,
		"ip -n inet link set lo up",
		"ip -n inet addr add 203.0.113.10/32 dev lo",
		"ip -n inet addr add 203.0.113.53/32 dev lo",
		"ip -n inet addr add 192.168.6.1/24 dev up0",
		"ip -n inet link set up0 up",
		"ip -n host link set lo up",
		"ip -n host addr add 192.168.6.160/24 dev eth0",
		"ip -n host link set eth0 up",
		"ip -n host route add default via 192.168.6.1",
	), "\n")
}
