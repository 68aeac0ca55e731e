package explain_test

import (
	"fmt"
	"net"
	"net/netip"
	"os/exec"
	"strings"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"nstutor/diag/explain"
	"nstutor/diag/explain/machine"
	"nstutor/internal/nsenter"
)

// podFarm is a node with many pods, wired as a CNI plugin with proxy ARP does
// it: each pod has one address, a veth and a default route to 169.254.1.1, for
// which the node answers, and the node has a route and three rules for each pod.
//
//	podN eth0 10.244.a.b/32 ── vN node, default via lo
type podFarm struct {
	b    *testing.B
	node *nsenter.Namespace
	h    *netlink.Handle
	pods int
}

// BenchmarkPods predicts pings on nodes of different sizes, from opening the
// namespaces to the answer.
func BenchmarkPods(b *testing.B) {
	for _, pods := range []int{10, 100, 1000} {
		b.Run(fmt.Sprint(pods), func(b *testing.B) {
			f := newPodFarm(b, pods)
			last := fmt.Sprintf("pod%d", pods)
			for _, c := range []struct {
				name, from string
				dest       netip.Addr
			}{
				{"pod→node", "pod1", podNodeAddr},
				{"pod→pod", "pod1", podAddr(pods)},
				{"node→pod", "node", podAddr(pods)},
				{"lastpod→pod", last, podAddr(1)},
			} {
				b.Run(c.name, func(b *testing.B) { f.explain(b, c.from, c.dest) })
			}
		})
	}
}

func (f *podFarm) explain(b *testing.B, ref string, dest netip.Addr) {
	b.ReportAllocs()
	for b.Loop() {
		world := machine.New()
		from, err := world.Open(ref)
		if err != nil {
			b.Fatal(err)
		}
		a, err := explain.Explain(b.Context(), world, explain.Request{From: from, Dest: dest})
		if err != nil || a.Verdict != explain.Delivered {
			b.Fatalf("%+v, %v", a, err)
		}
		world.Close()
	}
}

var (
	podNodeAddr = netip.MustParseAddr("192.0.2.1")
	podGateway  = net.IPv4(169, 254, 1, 1)
)

// podAddr is the address of pod number n, counted from 1.
func podAddr(n int) netip.Addr { return netip.AddrFrom4([4]byte{10, 244, byte(n >> 8), byte(n)}) }

func host(addr netip.Addr) *net.IPNet {
	return &net.IPNet{IP: addr.AsSlice(), Mask: net.CIDRMask(32, 32)}
}

func newPodFarm(b *testing.B, pods int) *podFarm {
	f := &podFarm{b: b, pods: pods}
	f.node = f.create("node")
	b.Cleanup(f.node.Close)
	var err error
	f.h, err = f.node.Handle()
	f.must(err)
	lo := f.up(f.h, "lo")
	f.must(f.h.AddrAdd(lo, &netlink.Addr{IPNet: host(podNodeAddr)}))
	f.must(f.h.RouteAdd(&netlink.Route{Dst: &net.IPNet{IP: net.IPv4zero, Mask: net.CIDRMask(0, 32)}, LinkIndex: lo.Attrs().Index, Scope: unix.RT_SCOPE_LINK}))
	for _, key := range []string{"ip_forward", "conf/default/proxy_arp"} {
		f.must(f.node.WriteSysctl("net/ipv4/"+key, "1"))
	}
	for n := 1; n <= pods; n++ {
		f.addPod(n)
	}
	f.addRules()
	return f
}

func (f *podFarm) must(err error) {
	f.b.Helper()
	if err != nil {
		f.b.Fatal(err)
	}
}

func (f *podFarm) up(h *netlink.Handle, dev string) netlink.Link {
	f.b.Helper()
	link, err := h.LinkByName(dev)
	f.must(err)
	f.must(h.LinkSetUp(link))
	return link
}

// create makes a namespace without IPv6, which would only be slow to set up.
func (f *podFarm) create(name string) *nsenter.Namespace {
	f.b.Helper()
	path := "/run/netns/" + name
	ns, err := nsenter.Create(name, path)
	f.must(err)
	f.b.Cleanup(func() { nsenter.Delete(path) })
	f.must(ns.WriteSysctl("net/ipv6/conf/default/disable_ipv6", "1"))
	return ns
}

func (f *podFarm) addPod(n int) {
	f.b.Helper()
	pod := f.create(fmt.Sprintf("pod%d", n))
	defer pod.Close()
	attrs := netlink.NewLinkAttrs()
	attrs.Name = fmt.Sprintf("v%d", n)
	f.must(f.h.LinkAdd(&netlink.Veth{LinkAttrs: attrs, PeerName: "eth0", PeerNamespace: netlink.NsFd(pod.FD())}))
	wire := f.up(f.h, attrs.Name)
	h, err := pod.Handle()
	f.must(err)
	eth0 := f.up(h, "eth0")
	f.must(h.AddrAdd(eth0, &netlink.Addr{IPNet: host(podAddr(n))}))
	f.must(h.RouteAdd(&netlink.Route{LinkIndex: eth0.Attrs().Index, Dst: &net.IPNet{IP: net.IPv4zero, Mask: net.CIDRMask(0, 32)}, Gw: podGateway, Flags: int(netlink.FLAG_ONLINK)}))
	f.must(f.h.RouteAdd(&netlink.Route{LinkIndex: wire.Attrs().Index, Dst: host(podAddr(n)), Scope: unix.RT_SCOPE_LINK}))
}

// addRules lets the packets of each pod pass, and masquerades what leaves. They
// are loaded in portions: what one message to the kernel may hold is limited by
// net.core.wmem_max.
func (f *podFarm) addRules() {
	f.b.Helper()
	path, err := exec.LookPath("iptables-restore")
	if err != nil {
		f.b.Log("iptables is not installed: the node has no rules")
		return
	}
	const portion = 200
	for first := 1; first <= f.pods; first += portion {
		var filter, nat strings.Builder
		for n := first; n <= min(first+portion-1, f.pods); n++ {
			pod := podAddr(n)
			fmt.Fprintf(&filter, "-A FORWARD -s %s -j ACCEPT\n-A FORWARD -d %s -j ACCEPT\n", pod, pod)
			fmt.Fprintf(&nat, "-A POSTROUTING -s %s ! -d 10.244.0.0/16 -j MASQUERADE\n", pod)
		}
		f.must(f.node.Do(func() error {
			cmd := exec.Command(path, "--noflush")
			cmd.Stdin = strings.NewReader("*filter\n" + filter.String() + "COMMIT\n*nat\n" + nat.String() + "COMMIT\n")
			if out, err := cmd.CombinedOutput(); err != nil {
				return fmt.Errorf("%s: %w\n%s", path, err, out)
			}
			return nil
		}))
	}
}
