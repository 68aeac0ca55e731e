package explain_test

import (
	"fmt"
	"net"
	"net/netip"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"nstutor/diag/explain"
	"nstutor/diag/explain/machine"
)

// BenchmarkServices predicts a connection to the last of many services, of three
// endpoints each, from opening the namespaces to the answer: in iptables' chains and
// in nft's maps, as kube-proxy writes them.
func BenchmarkServices(b *testing.B) {
	for _, mode := range []struct {
		name, tool string
		args       []string
		rules      func(first, last int) string
	}{
		{"iptables", "iptables-restore", []string{"--noflush"}, chainsOfServices},
		{"nft", "nft", []string{"-f", "-"}, mapOfServices},
	} {
		for _, services := range []int{10, 100, 1000} {
			b.Run(fmt.Sprintf("%s/%d", mode.name, services), func(b *testing.B) {
				path, err := exec.LookPath(mode.tool)
				if err != nil {
					b.Skipf("%s is not installed", mode.tool)
				}
				f := newPodFarm(b, endpoints+1)
				f.listen()
				const portion = 100
				for first := 1; first <= services; first += portion {
					f.load(path, mode.args, mode.rules(first, min(first+portion-1, services)))
				}
				b.ResetTimer()
				for b.Loop() {
					f.connect(serviceAddr(services))
				}
			})
		}
	}
}

// endpoints are those of each service: pods 1 to 3. The next one asks.
const endpoints = 3

func serviceAddr(n int) netip.Addr { return netip.AddrFrom4([4]byte{10, 96, byte(n >> 8), byte(n)}) }

// listen opens port 80 in the endpoints.
func (f *podFarm) listen() {
	f.b.Helper()
	world := machine.New()
	defer world.Close()
	for n := 1; n <= endpoints; n++ {
		pod, err := world.Open(fmt.Sprintf("pod%d", n))
		f.must(err)
		f.must(pod.NS.Do(func() error {
			l, err := net.Listen("tcp4", ":80")
			if err == nil {
				f.b.Cleanup(func() { l.Close() })
			}
			return err
		}))
	}
}

func (f *podFarm) load(path string, args []string, rules string) {
	f.b.Helper()
	f.must(f.node.Do(func() error {
		cmd := exec.Command(path, args...)
		cmd.Stdin = strings.NewReader(rules)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", path, err, out)
		}
		return nil
	}))
}

func (f *podFarm) connect(service netip.Addr) {
	world := machine.New()
	defer world.Close()
	from, err := world.Open(fmt.Sprintf("pod%d", endpoints+1))
	f.must(err)
	a, err := explain.Explain(f.b.Context(), world, explain.Request{From: from, Dest: service, Proto: unix.IPPROTO_TCP, Port: 80})
	if err != nil || a.Verdict != explain.Delivered || len(a.Backends) != endpoints {
		f.b.Fatalf("%s, %d backends, %v", a.Verdict, len(a.Backends), err)
	}
}

// chainsOfServices are rules as kube-proxy writes them for iptables.
func chainsOfServices(first, last int) string {
	var chains, rules strings.Builder
	chains.WriteString("*nat\n:SERVICES - [0:0]\n")
	if first == 1 {
		rules.WriteString("-A PREROUTING -j SERVICES\n")
	}
	for n := first; n <= last; n++ {
		fmt.Fprintf(&chains, ":SVC-%d - [0:0]\n", n)
		fmt.Fprintf(&rules, "-A SERVICES -d %s/32 -p tcp -m tcp --dport 80 -j SVC-%d\n", serviceAddr(n), n)
		for i := 1; i <= endpoints; i++ {
			fmt.Fprintf(&chains, ":SEP-%d-%d - [0:0]\n", n, i)
			lot := ""
			if left := endpoints - i + 1; left > 1 {
				lot = fmt.Sprintf("-m statistic --mode random --probability %.5f ", 1/float64(left))
			}
			fmt.Fprintf(&rules, "-A SVC-%d %s-j SEP-%d-%d\n-A SEP-%[1]d-%[4]d -p tcp -m tcp -j DNAT --to-destination %[5]s:80\n", n, lot, n, i, podAddr(i))
		}
	}
	return chains.String() + rules.String() + "COMMIT\n"
}

// mapOfServices is the same as it writes it for nft.
func mapOfServices(first, last int) string {
	var t strings.Builder
	if first == 1 {
		t.WriteString(`add table ip kube
add map ip kube services { type ipv4_addr . inet_proto . inet_service : verdict; }
add chain ip kube pre { type nat hook prerouting priority -100; }
add rule ip kube pre ip daddr . meta l4proto . th dport vmap @services
`)
	}
	for n := first; n <= last; n++ {
		fmt.Fprintf(&t, "add chain ip kube svc%d\n", n)
		lots := make([]string, endpoints)
		for i := range endpoints {
			fmt.Fprintf(&t, "add chain ip kube ep%d_%d\nadd rule ip kube ep%[1]d_%[2]d meta l4proto tcp dnat to %[3]s:80\n", n, i, podAddr(i+1))
			lots[i] = fmt.Sprintf("%d : goto ep%d_%d", i, n, i)
		}
		fmt.Fprintf(&t, "add rule ip kube svc%d numgen random mod %d vmap { %s }\n", n, endpoints, strings.Join(lots, ", "))
		fmt.Fprintf(&t, "add element ip kube services { %s . tcp . 80 : goto svc%d }\n", serviceAddr(n), n)
	}
	return t.String()
}
