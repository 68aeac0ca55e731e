package diag

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"os/exec"
	"testing"
	"time"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"nstutor/internal/lab"
	"nstutor/internal/nsenter"
)

// pingWorld is three machines in a row:
//
//	c eth0 10.1.0.2/24 ── 10.1.0.1/24 left r right 10.2.0.1/24 ── 10.2.0.2/24 eth0 s
//
// c and s have a default route to r, which forwards. lo is
// up everywhere.
type pingWorld struct {
	t       *testing.T
	c, r, s *nsenter.Namespace
}

func newPingWorld(t *testing.T) *pingWorld {
	w := newBarePingWorld(t)
	w.up(w.c, "lo")
	return w
}

// newBarePingWorld is the same but for c's lo, which was never raised: taking
// it down later leaves 127.0.0.1 and its local route behind.
func newBarePingWorld(t *testing.T) *pingWorld {
	w := &pingWorld{t: t, c: lab.TestNetns(t, "c"), r: lab.TestNetns(t, "r"), s: lab.TestNetns(t, "s")}
	w.wire(w.c, "eth0", w.r, "left")
	w.wire(w.s, "eth0", w.r, "right")
	w.addr(w.c, "eth0", "10.1.0.2/24")
	w.addr(w.r, "left", "10.1.0.1/24")
	w.addr(w.r, "right", "10.2.0.1/24")
	w.addr(w.s, "eth0", "10.2.0.2/24")
	w.route(w.c, defaultVia("10.1.0.1"))
	w.route(w.s, defaultVia("10.2.0.1"))
	w.up(w.r, "lo")
	w.up(w.s, "lo")
	for _, ns := range []*nsenter.Namespace{w.c, w.r, w.s} {
		w.sysctl(ns, "net/ipv4/icmp_ratelimit", "0")
	}
	w.sysctl(w.r, "net/ipv4/ip_forward", "1")
	return w
}

func (w *pingWorld) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *pingWorld) handle(ns *nsenter.Namespace) *netlink.Handle {
	w.t.Helper()
	handle, err := ns.Handle()
	w.must(err)
	return handle
}

func (w *pingWorld) link(ns *nsenter.Namespace, dev string) netlink.Link {
	w.t.Helper()
	link, err := w.handle(ns).LinkByName(dev)
	w.must(err)
	return link
}

func (w *pingWorld) sysctl(ns *nsenter.Namespace, path, value string) {
	w.t.Helper()
	w.must(ns.WriteSysctl(path, value))
}

// wire connects two namespaces with a veth pair, up at both ends and with ARP
// quick to give up.
func (w *pingWorld) wire(a *nsenter.Namespace, devA string, b *nsenter.Namespace, devB string) {
	w.t.Helper()
	attrs := netlink.NewLinkAttrs()
	attrs.Name = devA
	w.must(w.handle(a).LinkAdd(&netlink.Veth{LinkAttrs: attrs, PeerName: devB, PeerNamespace: netlink.NsFd(b.FD())}))
	w.up(a, devA)
	w.up(b, devB)
	w.sysctl(a, "net/ipv4/neigh/"+devA+"/retrans_time_ms", "50")
	w.sysctl(b, "net/ipv4/neigh/"+devB+"/retrans_time_ms", "50")
}

func (w *pingWorld) up(ns *nsenter.Namespace, dev string) {
	w.t.Helper()
	w.must(w.handle(ns).LinkSetUp(w.link(ns, dev)))
}

func (w *pingWorld) mtu(ns *nsenter.Namespace, dev string, mtu int) {
	w.t.Helper()
	w.must(w.handle(ns).LinkSetMTU(w.link(ns, dev), mtu))
}

func (w *pingWorld) addr(ns *nsenter.Namespace, dev, cidr string) {
	w.t.Helper()
	addr, err := netlink.ParseAddr(cidr)
	w.must(err)
	w.must(w.handle(ns).AddrAdd(w.link(ns, dev), addr))
}

func (w *pingWorld) route(ns *nsenter.Namespace, route netlink.Route) {
	w.t.Helper()
	w.must(w.handle(ns).RouteAdd(&route))
}

func (w *pingWorld) noDefaultRoute(ns *nsenter.Namespace) {
	w.t.Helper()
	_, all, _ := net.ParseCIDR("0.0.0.0/0")
	w.must(w.handle(ns).RouteDel(&netlink.Route{Dst: all}))
}

// reject adds a route of one of the types that forward nothing.
func (w *pingWorld) reject(ns *nsenter.Namespace, cidr string, routeType int) {
	w.t.Helper()
	_, dst, err := net.ParseCIDR(cidr)
	w.must(err)
	w.route(ns, netlink.Route{Dst: dst, Type: routeType})
}

// rule adds an nftables rule for echo requests to a hook of ns.
func (w *pingWorld) rule(ns *nsenter.Namespace, chainType nftables.ChainType, hook *nftables.ChainHook, do ...expr.Any) {
	w.t.Helper()
	conn, err := nftables.New(nftables.WithNetNSFd(int(ns.FD())))
	w.must(err)
	table := conn.AddTable(&nftables.Table{Family: nftables.TableFamilyIPv4, Name: "test"})
	chain := conn.AddChain(&nftables.Chain{
		Name: "test", Table: table, Type: chainType, Hooknum: hook, Priority: nftables.ChainPriorityFilter,
	})
	match := []expr.Any{
		&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: 1},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{unix.IPPROTO_ICMP}},
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseTransportHeader, Offset: 0, Len: 1},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{icmpEchoRequest}},
	}
	conn.AddRule(&nftables.Rule{Table: table, Chain: chain, Exprs: append(match, do...)})
	w.must(conn.Flush())
}

// run runs a command inside ns and returns all it printed.
func (w *pingWorld) run(ns *nsenter.Namespace, name string, args ...string) string {
	w.t.Helper()
	var output bytes.Buffer
	cmd := exec.Command(name, args...)
	cmd.Env = append(cmd.Environ(), "LC_ALL=C")
	cmd.Stdout, cmd.Stderr = &output, &output
	w.must(ns.Do(cmd.Start))
	cmd.Wait()
	return output.String()
}

// eventually polls until the condition holds.
func (w *pingWorld) eventually(what string, condition func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(5 * time.Second); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatalf("never: %s", what)
		}
	}
}

// dropPrivilege takes CAP_NET_RAW from the thread that opens sockets in ns,
// as an ordinary user lacks it.
func (w *pingWorld) dropPrivilege(ns *nsenter.Namespace) {
	w.t.Helper()
	w.must(ns.Do(func() error {
		header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		var data [2]unix.CapUserData
		if err := unix.Capget(&header, &data[0]); err != nil {
			return fmt.Errorf("capget: %w", err)
		}
		data[0].Effective &^= 1 << unix.CAP_NET_RAW
		return unix.Capset(&header, &data[0])
	}))
}

func pingAddr(s string) netip.Addr { return netip.MustParseAddr(s) }

func defaultVia(gateway string) netlink.Route { return netlink.Route{Gw: net.ParseIP(gateway)} }
