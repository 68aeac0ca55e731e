package explain_test

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"nstutor/diag/explain"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/device"
	"nstutor/diag/explain/cause/service"
	"nstutor/internal/lab/labtest"
)

// director makes host1 one that hands what is for 10.57.4.240:80 to host2, in a way of
// ipvsadm's: as it is, or in a packet of a tunnel.
func director(how string) string {
	return `
host1: ip addr add 10.57.4.240/32 dev eth0
host1: ipvsadm -A -t 10.57.4.240:80 -s rr
host1: ipvsadm -a -t 10.57.4.240:80 -r 10.57.4.21:80 ` + how
}

// What a server of each has to have.
const (
	holds = `
host2: sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
host2: ip addr add 10.57.4.240/32 dev lo`
	opens = holds + `
host2: ip link set tunl0 up`
	opensGRE = holds + `
host2: ip link add t1 type gre local 10.57.4.21
host2: ip link set t1 up`
	opensGUE = opens + `
host2: ip fou add port 5555 gue`
)

var serves = []string{"host2 tcp 0.0.0.0:80"}

// Virtual services of ip_vs that do not change the destination: the answer does not come
// back by the director.
var virtualBreakages = []breakage{
	{name: "a server gets it as it is", from: "host3", to: "10.57.4.240", asks: "tcp 80", serve: serves, fault: director("-g") + holds},
	{name: "… and does not have the address", from: "host3", to: "10.57.4.240", asks: "tcp 80", serve: serves, fault: director("-g"),
		want: expected{cause.DestinationAbsent, "host2", request}},
	{name: "… and nobody listens", from: "host3", to: "10.57.4.240", asks: "tcp 80", fault: director("-g") + holds,
		want: expected{service.NotListening, "host2", request}, noFix: true},
	{name: "a pod that is its own server", from: "pod-a", to: "10.57.4.240", asks: "tcp 80", serve: []string{"pod-a tcp 0.0.0.0:80"}, fault: `
host1: ip addr add 10.57.4.240/32 dev eth0
host1: ipvsadm -A -t 10.57.4.240:80 -s rr
host1: ipvsadm -a -t 10.57.4.240:80 -r 192.168.10.10:80 -m`,
		want: expected{cause.Hairpin, "pod-a", request}},
	{name: "a server gets it in a tunnel", from: "host3", to: "10.57.4.240", asks: "tcp 80", serve: serves, fault: director("-i") + opens},
	{name: "… which is off there", from: "host3", to: "10.57.4.240", asks: "tcp 80", serve: serves, fault: director("-i") + holds,
		want: expected{cause.LinkDown, "host2", request}},
	{name: "… which takes others alone there", from: "host3", to: "10.57.4.240", asks: "tcp 80", serve: serves, fault: director("-i") + holds + "\nhost2: ip link add t1 type ipip local 10.57.4.21 remote 10.57.4.99\nhost2: ip link set t1 up",
		want: expected{device.TunnelMismatch, "host2", request}, noFix: true},
	{name: "a server gets it in GRE", from: "host3", to: "10.57.4.240", asks: "tcp 80", serve: serves, fault: director("-i --tun-type gre") + opensGRE},
	{name: "… whose device is off there", from: "host3", to: "10.57.4.240", asks: "tcp 80", serve: serves,
		fault: director("-i --tun-type gre") + opensGRE + "\nhost2: ip link set t1 down", want: expected{cause.LinkDown, "host2", request}},
	{name: "a server gets it in GRE, and opens IPIP", from: "host3", to: "10.57.4.240", asks: "tcp 80", serve: serves,
		fault: director("-i --tun-type gre") + opens, want: expected{cause.LinkDown, "host2", request}},
	{name: "… and does not have the address, either", from: "host3", to: "10.57.4.240", asks: "tcp 80", serve: serves, fault: director("-i") + "\nhost2: ip link set tunl0 up",
		want: expected{cause.DestinationAbsent, "host2", request}},
	{name: "… whose source comes from elsewhere for rp_filter", from: "host3", to: "10.57.4.240", asks: "tcp 80", serve: serves, fault: director("-i") + opens + "\nhost2: sysctl -qw net.ipv4.conf.tunl0.rp_filter=1",
		want: expected{cause.RPFilter, "host2", request}},
}

// TestVirtualServices: what a director sends on without a new destination is followed to its
// servers, and their answers past it.
func TestVirtualServices(t *testing.T) {
	labtest.Slow(t)
	needVirtual(t)
	explainBreakages(t, switched, virtualBreakages)
}

// TestVirtualServicesInGUEAreNotFollowed: nothing firm is said of what FOU has to open.
func TestVirtualServicesInGUEAreNotFollowed(t *testing.T) {
	needVirtual(t)
	b := switched.build(t)
	b.serve(serves)
	b.run(director("-i --tun-type gue --tun-port 5555") + opensGUE)
	b.forget()
	asked := breakage{from: "host3", to: "10.57.4.240", asks: "tcp 80"}
	if a := b.explain(asked, false); a.Verdict != explain.Undecided {
		t.Errorf("without a probe: %s\n%s", a.Verdict, b.account(a))
	}
	if a := b.explain(asked, true); a.Verdict != explain.Delivered {
		t.Errorf("%s\n%s", a.Verdict, b.account(a))
	}
}

// TestVirtualServicesOfAnotherMachine: an answer does not come back by the director, whoever
// gives it.
func TestVirtualServicesOfAnotherMachine(t *testing.T) {
	needVirtual(t)
	for _, c := range []struct{ name, fault, says string }{
		{"as it is", director("-g") + holds, ""}, {"in a tunnel", director("-i") + opens, ""},
		{"as it is, without the address", director("-g"), "10.57.4.21 gets it as it is, and answers by itself"},
		{"in a tunnel, without the address", director("-i") + "\nhost2: ip link set tunl0 up", "10.57.4.21 opens it, and answers by itself"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := switched.build(t)
			b.serve(serves)
			b.run(c.fault)
			b.forget()
			b.hide("host2")
			asked, verdict := breakage{from: "host3", to: "10.57.4.240", asks: "tcp 80"}, explain.Delivered
			if a := b.explain(asked, false); a.Verdict != explain.Undecided {
				t.Errorf("without a probe: %s\n%s", a.Verdict, b.account(a))
			}
			if c.says != "" {
				verdict = explain.Broken
			}
			a := b.explain(asked, true)
			said := slices.ContainsFunc(a.Cause.Evidence, func(line explain.Text) bool { return strings.Contains(line.String(), c.says) })
			if a.Verdict != verdict || !said && c.says != "" {
				t.Errorf("%s\n%s", a.Verdict, b.account(a))
			}
		})
	}
}

// needVirtual skips where the kernel has no ip_vs, or nobody can write its services.
func needVirtual(t *testing.T) {
	if _, err := exec.LookPath("ipvsadm"); err != nil {
		t.Skip("no ipvsadm")
	}
	if _, err := os.Stat("/proc/net/ip_vs"); err != nil {
		t.Skip("the kernel has no ip_vs")
	}
	if links, err := os.ReadFile("/proc/net/dev"); err != nil || !strings.Contains(string(links), "tunl0:") {
		t.Skip("the kernel has no ipip")
	}
}
