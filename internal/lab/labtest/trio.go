package labtest

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

	"nstutor/internal/nsenter"
)

// Trio is three machines in a row:
//
//	c eth0 10.1.0.2/24 ── 10.1.0.1/24 left r right 10.2.0.1/24 ── 10.2.0.2/24 eth0 s
//
// c and s have a default route to r, which forwards. lo is
// up everywhere.
type Trio struct {
	T       *testing.T
	C, R, S *nsenter.Namespace
}

// NewTrio makes the three, and takes them away when the test ends.
func NewTrio(t *testing.T) *Trio {
	w := NewBareTrio(t)
	w.up(w.C, "lo")
	return w
}

// NewBareTrio is the same but for c's lo, which was never raised: taking
// it down later leaves 127.0.0.1 and its local route behind.
func NewBareTrio(t *testing.T) *Trio {
	w := &Trio{T: t, C: Netns(t, "c"), R: Netns(t, "r"), S: Netns(t, "s")}
	w.wire(w.C, "eth0", w.R, "left")
	w.wire(w.S, "eth0", w.R, "right")
	w.Addr(w.C, "eth0", "10.1.0.2/24")
	w.Addr(w.R, "left", "10.1.0.1/24")
	w.Addr(w.R, "right", "10.2.0.1/24")
	w.Addr(w.S, "eth0", "10.2.0.2/24")
	w.Route(w.C, DefaultVia("10.1.0.1"))
	w.Route(w.S, DefaultVia("10.2.0.1"))
	w.up(w.R, "lo")
	w.up(w.S, "lo")
	for _, ns := range []*nsenter.Namespace{w.C, w.R, w.S} {
		w.Sysctl(ns, "net/ipv4/icmp_ratelimit", "0")
	}
	w.Sysctl(w.R, "net/ipv4/ip_forward", "1")
	return w
}

// IPv6 gives the three IPv6 as well, fd00:1::/64 on the left and fd00:2::/64 on the
// right with the same last numbers, and link-local addresses.
func (w *Trio) IPv6() {
	w.T.Helper()
	for _, end := range []struct {
		ns        *nsenter.Namespace
		dev, addr string
	}{
		{w.C, "eth0", "fd00:1::2/64"}, {w.R, "left", "fd00:1::1/64"},
		{w.R, "right", "fd00:2::1/64"}, {w.S, "eth0", "fd00:2::2/64"},
	} {
		w.Sysctl(end.ns, "net/ipv6/conf/"+end.dev+"/accept_dad", "0")
		w.Sysctl(end.ns, "net/ipv6/conf/lo/disable_ipv6", "0")
		w.Sysctl(end.ns, "net/ipv6/conf/"+end.dev+"/disable_ipv6", "0")
		w.Sysctl(end.ns, "net/ipv6/icmp/ratelimit", "0")
		w.Sysctl(end.ns, "net/ipv6/neigh/"+end.dev+"/retrans_time_ms", "50")
		w.Addr(end.ns, end.dev, end.addr)
	}
	w.Sysctl(w.R, "net/ipv6/conf/all/forwarding", "1")
	w.Route(w.C, DefaultVia("fd00:1::1"))
	w.Route(w.S, DefaultVia("fd00:2::1"))
}

// Must ends the test with err, if there is one.
func (w *Trio) Must(err error) {
	w.T.Helper()
	if err != nil {
		w.T.Fatal(err)
	}
}

func (w *Trio) handle(ns *nsenter.Namespace) *netlink.Handle {
	w.T.Helper()
	handle, err := ns.Handle()
	w.Must(err)
	return handle
}

func (w *Trio) link(ns *nsenter.Namespace, dev string) netlink.Link {
	w.T.Helper()
	link, err := w.handle(ns).LinkByName(dev)
	w.Must(err)
	return link
}

// Sysctl writes a file below /proc/sys in ns.
func (w *Trio) Sysctl(ns *nsenter.Namespace, path, value string) {
	w.T.Helper()
	w.Must(ns.WriteSysctl(path, value))
}

// wire connects two namespaces with a veth pair, up at both ends and with ARP
// quick to give up.
func (w *Trio) wire(a *nsenter.Namespace, devA string, b *nsenter.Namespace, devB string) {
	w.T.Helper()
	attrs := netlink.NewLinkAttrs()
	attrs.Name = devA
	w.Must(w.handle(a).LinkAdd(&netlink.Veth{LinkAttrs: attrs, PeerName: devB, PeerNamespace: netlink.NsFd(b.FD())}))
	w.up(a, devA)
	w.up(b, devB)
	w.Sysctl(a, "net/ipv4/neigh/"+devA+"/retrans_time_ms", "50")
	w.Sysctl(b, "net/ipv4/neigh/"+devB+"/retrans_time_ms", "50")
}

func (w *Trio) up(ns *nsenter.Namespace, dev string) {
	w.T.Helper()
	w.Must(w.handle(ns).LinkSetUp(w.link(ns, dev)))
}

// MTU sets the MTU of a device, in bytes.
func (w *Trio) MTU(ns *nsenter.Namespace, dev string, mtu int) {
	w.T.Helper()
	w.Must(w.handle(ns).LinkSetMTU(w.link(ns, dev), mtu))
}

// Addr gives a device an address, such as "10.1.0.3/24". One of IPv6 can be used
// at once, without waiting for somebody else who has it too.
func (w *Trio) Addr(ns *nsenter.Namespace, dev, cidr string) {
	w.T.Helper()
	addr, err := netlink.ParseAddr(cidr)
	w.Must(err)
	if addr.IP.To4() != nil {
		w.Must(w.handle(ns).AddrAdd(w.link(ns, dev), addr))
		return
	}
	addr.Flags = unix.IFA_F_NODAD
	w.Must(w.handle(ns).AddrAdd(w.link(ns, dev), addr))
	// It is taken for the namespace's own a moment later (addrconf_dad_work()).
	local := &netlink.Route{Table: unix.RT_TABLE_LOCAL, Dst: &net.IPNet{IP: addr.IP, Mask: net.CIDRMask(128, 128)}}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		routes, err := w.handle(ns).RouteListFiltered(netlink.FAMILY_V6, local, netlink.RT_FILTER_TABLE|netlink.RT_FILTER_DST)
		w.Must(err)
		if len(routes) > 0 {
			return
		}
		if time.Now().After(end) {
			w.T.Fatalf("%s is not local in %s", cidr, ns.Name())
		}
	}
}

// Route adds a route.
func (w *Trio) Route(ns *nsenter.Namespace, route netlink.Route) {
	w.T.Helper()
	w.Must(w.handle(ns).RouteAdd(&route))
}

// NoDefaultRoute takes the default route away.
func (w *Trio) NoDefaultRoute(ns *nsenter.Namespace) {
	w.T.Helper()
	_, all, _ := net.ParseCIDR("0.0.0.0/0")
	w.Must(w.handle(ns).RouteDel(&netlink.Route{Dst: all}))
}

// Reject adds a route of one of the types that forward nothing.
func (w *Trio) Reject(ns *nsenter.Namespace, cidr string, routeType int) {
	w.T.Helper()
	_, dst, err := net.ParseCIDR(cidr)
	w.Must(err)
	w.Route(ns, netlink.Route{Dst: dst, Type: routeType})
}

// Rule adds an nftables rule for echo requests (ICMP type 8) to a hook of ns.
func (w *Trio) Rule(ns *nsenter.Namespace, chainType nftables.ChainType, hook *nftables.ChainHook, do ...expr.Any) {
	w.T.Helper()
	echoes := []expr.Any{
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseTransportHeader, Offset: 0, Len: 1},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{8}},
	}
	w.RuleFor(ns, nftables.TableFamilyIPv4, unix.IPPROTO_ICMP, chainType, hook, append(echoes, do...)...)
}

// RuleFor adds an nftables rule for a protocol of IPv4 or IPv6 to a hook of ns.
func (w *Trio) RuleFor(ns *nsenter.Namespace, family nftables.TableFamily, protocol byte,
	chainType nftables.ChainType, hook *nftables.ChainHook, do ...expr.Any,
) {
	w.T.Helper()
	conn, err := nftables.New(nftables.WithNetNSFd(int(ns.FD())))
	w.Must(err)
	table := conn.AddTable(&nftables.Table{Family: family, Name: "test"})
	chain := conn.AddChain(&nftables.Chain{
		Name: "test", Table: table, Type: chainType, Hooknum: hook, Priority: nftables.ChainPriorityFilter,
	})
	match := []expr.Any{
		&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: 1},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{protocol}},
	}
	conn.AddRule(&nftables.Rule{Table: table, Chain: chain, Exprs: append(match, do...)})
	w.Must(conn.Flush())
}

// Run runs a command inside ns and returns all it printed.
func (w *Trio) Run(ns *nsenter.Namespace, name string, args ...string) string {
	w.T.Helper()
	var output bytes.Buffer
	cmd := exec.Command(name, args...)
	cmd.Env = append(cmd.Environ(), "LC_ALL=C")
	cmd.Stdout, cmd.Stderr = &output, &output
	w.Must(ns.Do(cmd.Start))
	cmd.Wait()
	return output.String()
}

// Eventually polls until the condition holds.
func (w *Trio) Eventually(what string, condition func() bool) {
	w.T.Helper()
	for deadline := time.Now().Add(5 * time.Second); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.T.Fatalf("never: %s", what)
		}
	}
}

// DropPrivilege takes CAP_NET_RAW from the thread that opens sockets in ns,
// as an ordinary user lacks it.
func (w *Trio) DropPrivilege(ns *nsenter.Namespace) {
	w.T.Helper()
	w.Must(ns.Do(func() error {
		header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		var data [2]unix.CapUserData
		if err := unix.Capget(&header, &data[0]); err != nil {
			return fmt.Errorf("capget: %w", err)
		}
		data[0].Effective &^= 1 << unix.CAP_NET_RAW
		return unix.Capset(&header, &data[0])
	}))
}

// Addr is an address that a test writes down.
func Addr(s string) netip.Addr { return netip.MustParseAddr(s) }

// DefaultVia is a default route.
func DefaultVia(gateway string) netlink.Route { return netlink.Route{Gw: net.ParseIP(gateway)} }
