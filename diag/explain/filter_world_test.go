package explain_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"nstutor/diag/explain"
	"nstutor/diag/explain/machine"
	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/netfilter/ipset"
	"nstutor/diag/probe"
	"nstutor/diag/wire"
	"nstutor/internal/lab/labtest"
	"nstutor/internal/nsenter"
)

// filterWorld is a — r — b: r forwards between 10.1.0.0/24 and 10.2.0.0/24.
type filterWorld struct {
	t       *testing.T
	a, r, b *nsenter.Namespace
}

var (
	filterAddrA  = netip.MustParseAddr("10.1.0.2")
	filterAddrRA = netip.MustParseAddr("10.1.0.1")
	filterAddrRB = netip.MustParseAddr("10.2.0.1")
	filterAddrB  = netip.MustParseAddr("10.2.0.2")
	filterAddrB2 = netip.MustParseAddr("10.2.0.3") // also b's
)

func newFilterWorld(t *testing.T) *filterWorld { return newFilterWorldOf(t, "filter") }

// newFilterWorldOf makes one whose namespaces have names of its own.
func newFilterWorldOf(t *testing.T, name string) *filterWorld {
	t.Helper()
	w := &filterWorld{t, labtest.Netns(t, name+"-a"), labtest.Netns(t, name+"-r"), labtest.Netns(t, name+"-b")}
	w.wire(w.a, "a0", "10.1.0.2/24", w.r, "ra", "10.1.0.1/24")
	w.wire(w.b, "b0", "10.2.0.2/24", w.r, "rb", "10.2.0.1/24")
	w.must(w.handle(w.b).AddrAdd(w.link(w.b, "b0"), w.addr("10.2.0.3/24")))
	for ns, via := range map[*nsenter.Namespace]netip.Addr{w.a: filterAddrRA, w.b: filterAddrRB} {
		w.must(w.handle(ns).RouteAdd(&netlink.Route{Dst: &net.IPNet{IP: net.IPv4zero, Mask: net.CIDRMask(0, 32)}, Gw: via.AsSlice()}))
	}
	w.must(w.r.WriteSysctl("net/ipv4/ip_forward", "1"))
	if got := probe.Ping(context.Background(), w.a, probe.Echo{To: "b", Dst: filterAddrB}); got.Outcome != probe.Replied {
		t.Fatalf("without rules: %s", got.Message)
	}
	return w
}

// explain asks about a ping from a to b, or what goes there to port 80.
func (w *filterWorld) explain(proto byte, probe bool) explain.Answer {
	w.t.Helper()
	world := machine.New()
	defer world.Close()
	from, err := world.Open(w.a.Name())
	w.must(err)
	a, err := explain.Explain(w.t.Context(), world, explain.Request{From: from, Dest: filterAddrB, Proto: proto, Port: 80 * min(uint16(proto), 1), Probe: probe, Timeout: time.Second})
	w.must(err)
	return a
}

func (w *filterWorld) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *filterWorld) handle(ns *nsenter.Namespace) *netlink.Handle {
	w.t.Helper()
	h, err := ns.Handle()
	w.must(err)
	return h
}

func (w *filterWorld) addr(prefix string) *netlink.Addr {
	w.t.Helper()
	addr, err := netlink.ParseAddr(prefix)
	w.must(err)
	return addr
}

func (w *filterWorld) link(ns *nsenter.Namespace, name string) netlink.Link {
	w.t.Helper()
	link, err := w.handle(ns).LinkByName(name)
	w.must(err)
	return link
}

func (w *filterWorld) wire(one *nsenter.Namespace, dev, prefix string, other *nsenter.Namespace, peer, peerPrefix string) {
	w.t.Helper()
	attrs := netlink.NewLinkAttrs()
	attrs.Name = dev
	w.must(w.handle(one).LinkAdd(&netlink.Veth{LinkAttrs: attrs, PeerName: peer, PeerNamespace: netlink.NsFd(other.FD())}))
	for _, end := range []struct {
		ns          *nsenter.Namespace
		dev, prefix string
	}{{one, dev, prefix}, {other, peer, peerPrefix}, {one, "lo", ""}, {other, "lo", ""}} {
		if end.prefix != "" {
			w.must(w.handle(end.ns).AddrAdd(w.link(end.ns, end.dev), w.addr(end.prefix)))
		}
		w.must(w.handle(end.ns).LinkSetUp(w.link(end.ns, end.dev)))
	}
}

// install puts rules into r. It says false when the program is not there.
func (w *filterWorld) install(tool, rules string) bool {
	w.t.Helper()
	path, err := exec.LookPath(tool)
	if err != nil {
		w.t.Logf("%s is not installed: its rules are not part of this run", tool)
		return false
	}
	if tool == "nft" {
		w.run(path, strings.ReplaceAll(rules, "} }", "}\n}"), "-f", "-") // each on a line of its own
		return true
	}
	for line := range strings.Lines(rules) {
		if line = strings.TrimSpace(line); line != "" {
			// One lock of legacy tables is for all namespaces: -w waits for it.
			w.run(path, "", append([]string{"-w"}, strings.Fields(line)...)...)
		}
	}
	return true
}

func (w *filterWorld) run(path, stdin string, args ...string) {
	w.t.Helper()
	w.must(w.r.Do(func() error {
		cmd := exec.Command(path, args...)
		cmd.Stdin = strings.NewReader(stdin)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s %s: %w\n%s", path, strings.Join(args, " "), err, out)
		}
		return nil
	}))
}

func (w *filterWorld) rules() *netfilter.RuleSet {
	w.t.Helper()
	set, err := netfilter.Read(w.r)
	w.must(err)
	return set
}

var _ eval.Env = (*filterWorld)(nil)

// AddrType, MasqueradeAddr, DeviceIndex, RedirectAddr and Lookup are those of r.
func (w *filterWorld) AddrType(addr netip.Addr) (kind, dev string, err error) {
	routes, err := w.handle(w.r).RouteGet(addr.AsSlice())
	if errors.Is(err, unix.ENETUNREACH) {
		return "none", "", nil
	}
	if err != nil {
		return "", "", err
	}
	return map[int]string{unix.RTN_UNICAST: "UNICAST", unix.RTN_LOCAL: "LOCAL", unix.RTN_BROADCAST: "BROADCAST"}[routes[0].Type], "", nil
}

func (w *filterWorld) MasqueradeAddr(oif string, _ netip.Addr) (netip.Addr, error) {
	return w.RedirectAddr(oif, false)
}

func (w *filterWorld) DeviceIndex(name string) (int, error) {
	link, err := w.handle(w.r).LinkByName(name)
	if err != nil {
		return 0, err
	}
	return link.Attrs().Index, nil
}

func (w *filterWorld) Bridged(string) (bool, error) { return false, nil }

func (w *filterWorld) Heard(_, _ uint16) (int, error) { return 0, nil }

func (w *filterWorld) Transparent(byte, uint16) (bool, error) { return false, nil }

func (w *filterWorld) InSet(ipset.Question) (bool, error) { return false, errors.ErrUnsupported }

func (w *filterWorld) Recent(string, netip.Addr) (bool, uint64, error) {
	return false, 0, errors.ErrUnsupported
}

func (w *filterWorld) RedirectAddr(dev string, _ bool) (netip.Addr, error) {
	link, err := w.handle(w.r).LinkByName(dev)
	if err != nil {
		return netip.Addr{}, err
	}
	addrs, err := w.handle(w.r).AddrList(link, unix.AF_INET)
	if err != nil || len(addrs) == 0 {
		return netip.Addr{}, err
	}
	addr, _ := netip.AddrFromSlice(addrs[0].IP.To4())
	return addr, nil
}

func (w *filterWorld) Lookup(dst, _ netip.Addr, mark uint32) (devs []string, kind string, err error) {
	routes, err := w.handle(w.r).RouteGetWithOptions(dst.AsSlice(), &netlink.RouteGetOptions{Mark: mark})
	if errors.Is(err, unix.ENETUNREACH) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", err
	}
	link, err := w.handle(w.r).LinkByIndex(routes[0].LinkIndex)
	if err != nil {
		return nil, "", err
	}
	return []string{link.Attrs().Name}, map[int]string{unix.RTN_UNICAST: "unicast", unix.RTN_LOCAL: "local"}[routes[0].Type], nil
}

// filterSeen is what really happened to one ping.
type filterSeen struct {
	Replied bool
	At      string // "SRC > DST" of the request as it came to b, empty if it did not
}

// ping sends one echo request and watches it come to b.
func (w *filterWorld) ping(from *nsenter.Namespace, dst netip.Addr, wait time.Duration) (filterSeen, probe.Result) {
	w.t.Helper()
	tap, err := wire.Capture(w.b, wire.Filter{})
	w.must(err)
	defer tap.Close()
	result := probe.Ping(context.Background(), from, probe.Echo{To: dst.String(), Dst: dst, Timeout: wait})
	seen := filterSeen{Replied: result.Outcome == probe.Replied}
	settled := time.After(20 * time.Millisecond)
	for {
		select {
		case f := <-tap.Frames():
			if f.Proto == "ICMP" && f.Op == "echo request" && !f.Out {
				seen.At = f.Src.String() + " > " + f.Dst.String()
				return seen, result
			}
		case <-settled:
			return seen, result
		}
	}
}
