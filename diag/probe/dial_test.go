package probe

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"nstutor/internal/lab/labtest"
	"nstutor/internal/nsenter"
)

// dialCase is one way for a connect or a datagram to end.
type dialCase struct {
	name    string
	arrange func(w *labtest.Trio)
	dial    Dial
	dst     string
	src     string
	outcome Outcome
	from    string
	words   string // at the end of the message
}

const (
	dialServer4 = "10.2.0.2:7000"
	dialServer6 = "[fd00:2::2]:7000"
	dialShort   = 300 * time.Millisecond
)

// dialListen has somebody listen on an address inside ns until the test ends.
func dialListen(address string) func(w *labtest.Trio) {
	return func(w *labtest.Trio) {
		w.Must(w.S.Do(func() error {
			l, err := net.Listen("tcp", address)
			if err == nil {
				w.T.Cleanup(func() { l.Close() })
			}
			return err
		}))
	}
}

// noDatagrams refuses what is sent by UDP, and nothing else.
func noDatagrams(w *labtest.Trio) {
	rule := netlink.NewRule()
	rule.Priority, rule.Type, rule.IPProto = 100, unix.FR_ACT_UNREACHABLE, unix.IPPROTO_UDP
	h, err := w.C.Handle()
	w.Must(err)
	w.Must(h.RuleAdd(rule))
}

// dialEcho has somebody answer datagrams with themselves.
func dialEcho(address string) func(w *labtest.Trio) {
	return func(w *labtest.Trio) {
		var conn net.PacketConn
		w.Must(w.S.Do(func() (err error) {
			conn, err = net.ListenPacket("udp", address)
			return err
		}))
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			buf := make([]byte, 2048)
			for {
				n, from, err := conn.ReadFrom(buf)
				if err != nil {
					return
				}
				conn.WriteTo(buf[:n], from)
			}
		}()
		w.T.Cleanup(func() { conn.Close(); <-ended })
	}
}

// dialRule is a rule for the transport protocol and the family of the test.
func dialRule(where func(*labtest.Trio) *nsenter.Namespace, family nftables.TableFamily, protocol byte, hook *nftables.ChainHook, do expr.Any) func(*labtest.Trio) {
	return func(w *labtest.Trio) {
		w.RuleFor(where(w), family, protocol, nftables.ChainTypeFilter, hook, do)
	}
}

func onR(w *labtest.Trio) *nsenter.Namespace { return w.R }
func onC(w *labtest.Trio) *nsenter.Namespace { return w.C }
func onS(w *labtest.Trio) *nsenter.Namespace { return w.S }

func rejectWith(code uint8) expr.Any {
	return &expr.Reject{Type: unix.NFT_REJECT_ICMP_UNREACH, Code: code}
}

const (
	ip4, ip6 = nftables.TableFamilyIPv4, nftables.TableFamilyIPv6
	tcp, udp = unix.IPPROTO_TCP, unix.IPPROTO_UDP
)

var (
	forward, input, output = nftables.ChainHookForward, nftables.ChainHookInput, nftables.ChainHookOutput

	rejectRST = &expr.Reject{Type: unix.NFT_REJECT_TCP_RST}
	dropped   = &expr.Verdict{Kind: expr.VerdictDrop}
)

// rejected adds a route to 10.2.0.0/24 and fd00:2::/64 that forwards nothing.
func rejected(kind int) func(w *labtest.Trio) {
	return func(w *labtest.Trio) {
		w.Reject(w.C, "10.2.0.0/24", kind)
		w.Reject(w.C, "fd00:2::/64", kind)
	}
}

func noRoutes(w *labtest.Trio) {
	w.NoDefaultRoute(w.C)
	h, err := w.C.Handle()
	w.Must(err)
	_, all, _ := net.ParseCIDR("::/0")
	w.Must(h.RouteDel(&netlink.Route{Dst: all}))
}

var connectCases = []dialCase{
	{name: "somebody listens", arrange: dialListen("10.2.0.2:7000"), dst: dialServer4, outcome: Replied, from: "10.2.0.2", words: "succeeded!"},
	{name: "somebody listens, IPv6", arrange: dialListen("[::]:7000"), dst: dialServer6, outcome: Replied, from: "fd00:2::2", words: "succeeded!"},
	{name: "somebody listens on all addresses of both", arrange: dialListen("[::]:7000"), dst: dialServer4, outcome: Replied, from: "10.2.0.2", words: "succeeded!"},
	{name: "somebody listens on 127.0.0.1 only", arrange: dialListen("127.0.0.1:7000"), dst: dialServer4, outcome: Refused, from: "10.2.0.2", words: "Connection refused"},
	{name: "a policy rule turns datagrams away", arrange: noDatagrams, dst: dialServer4, outcome: Refused, from: "10.2.0.2", words: "Connection refused"},
	{name: "a closed port", dst: dialServer4, outcome: Refused, from: "10.2.0.2", words: "Connection refused"},
	{name: "a closed port, IPv6", dst: dialServer6, outcome: Refused, from: "fd00:2::2", words: "Connection refused"},
	{name: "a closed port of oneself", dst: "127.0.0.1:7000", outcome: Refused, from: "127.0.0.1", words: "Connection refused"},
	{name: "an own source", dst: dialServer4, src: "10.1.0.2", outcome: Refused, from: "10.2.0.2", words: "Connection refused"},
	{name: "a stranger's source", dst: dialServer4, src: "10.9.9.9", outcome: AddressNotAvailable, words: "Cannot assign requested address"},
	{name: "a source of the other family", dst: dialServer4, src: "fd00:1::2", outcome: OutcomeUnknown, words: "Address family not supported by protocol"},

	{name: "no route", arrange: noRoutes, dst: dialServer4, outcome: NetworkUnreachable, words: "Network is unreachable"},
	{name: "no route, IPv6", arrange: noRoutes, dst: dialServer6, outcome: NetworkUnreachable, words: "Network is unreachable"},
	{name: "an unreachable route", arrange: rejected(unix.RTN_UNREACHABLE), dst: dialServer4, outcome: NoRouteToHost, words: "No route to host"},
	{name: "an unreachable route, IPv6", arrange: rejected(unix.RTN_UNREACHABLE), dst: dialServer6, outcome: NoRouteToHost, words: "No route to host"},
	{name: "a prohibit route", arrange: rejected(unix.RTN_PROHIBIT), dst: dialServer4, outcome: Prohibited, words: "Permission denied"},
	{name: "a prohibit route, IPv6", arrange: rejected(unix.RTN_PROHIBIT), dst: dialServer6, outcome: Prohibited, words: "Permission denied"},
	{name: "a blackhole route", arrange: rejected(unix.RTN_BLACKHOLE), dst: dialServer4, outcome: InvalidArgument, words: "Invalid argument"},
	{name: "a broadcast address", dst: "10.1.0.255:7000", outcome: NetworkUnreachable, words: "Network is unreachable"},

	{name: "the own neighbour fails", dst: "10.1.0.77:7000", outcome: HostUnreachable, from: "10.1.0.2", words: "No route to host"},
	{name: "the own neighbour fails, IPv6", dst: "[fd00:1::77]:7000", outcome: HostUnreachable, from: "fd00:1::2", words: "No route to host"},
	{name: "a router's neighbour fails", dst: "10.2.0.77:7000", outcome: HostUnreachable, from: "10.1.0.1", words: "No route to host"},
	{name: "a router has no route", dst: "198.51.100.1:7000", outcome: NetUnreachableICMP, from: "10.1.0.1", words: "Network is unreachable"},
	{name: "a router has no route, IPv6", dst: "[2001:db8::1]:7000", outcome: NetUnreachableICMP, from: "fd00:1::1", words: "Network is unreachable"},

	{name: "REJECT with net unreachable", arrange: dialRule(onR, ip4, tcp, forward, rejectWith(0)), dst: dialServer4,
		outcome: NetUnreachableICMP, from: "10.1.0.1", words: "Network is unreachable"},
	{name: "REJECT with host unreachable", arrange: dialRule(onR, ip4, tcp, forward, rejectWith(1)), dst: dialServer4,
		outcome: HostUnreachable, from: "10.1.0.1", words: "No route to host"},
	{name: "REJECT with protocol unreachable", arrange: dialRule(onR, ip4, tcp, forward, rejectWith(2)), dst: dialServer4,
		outcome: ProtocolUnreachable, from: "10.1.0.1", words: "Protocol not available"},
	{name: "REJECT with port unreachable", arrange: dialRule(onR, ip4, tcp, forward, rejectWith(3)), dst: dialServer4,
		outcome: PortUnreachable, from: "10.1.0.1", words: "Connection refused"},
	{name: "REJECT with net prohibited", arrange: dialRule(onR, ip4, tcp, forward, rejectWith(9)), dst: dialServer4,
		outcome: Filtered, from: "10.1.0.1", words: "Network is unreachable"},
	{name: "REJECT with host prohibited", arrange: dialRule(onR, ip4, tcp, forward, rejectWith(10)), dst: dialServer4,
		outcome: Filtered, from: "10.1.0.1", words: "No route to host"},
	{name: "REJECT with admin prohibited", arrange: dialRule(onR, ip4, tcp, forward, rejectWith(13)), dst: dialServer4,
		outcome: Filtered, from: "10.1.0.1", words: "No route to host"},
	{name: "REJECT with tcp reset", arrange: dialRule(onR, ip4, tcp, forward, rejectRST), dst: dialServer4,
		outcome: Refused, from: "10.2.0.2", words: "Connection refused"},
	{name: "REJECT in INPUT", arrange: dialRule(onS, ip4, tcp, input, rejectWith(3)), dst: dialServer4,
		outcome: PortUnreachable, from: "10.2.0.2", words: "Connection refused"},
	{name: "REJECT in OUTPUT", arrange: dialRule(onC, ip4, tcp, output, rejectWith(3)), dst: dialServer4,
		outcome: PortUnreachable, from: "10.1.0.2", words: "Connection refused"},
	{name: "REJECT with tcp reset in OUTPUT", arrange: func(w *labtest.Trio) {
		w.RuleFor(w.C, ip4, tcp, nftables.ChainTypeFilter, output,
			&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseTransportHeader, Offset: 2, Len: 2},
			&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{7000 >> 8, 7000 & 0xff}}, rejectRST)
	}, dst: dialServer4, outcome: Refused, from: "10.2.0.2", words: "Connection refused"},
	{name: "REJECT with tcp reset in OUTPUT that stops its own answer", arrange: dialRule(onC, ip4, tcp, output, rejectRST), dst: dialServer4,
		dial: Dial{Timeout: dialShort}, outcome: Silent, words: "Connection timed out"},
	{name: "REJECT with no route, IPv6", arrange: dialRule(onR, ip6, tcp, forward, rejectWith(0)), dst: dialServer6,
		outcome: NetUnreachableICMP, from: "fd00:1::1", words: "Network is unreachable"},
	{name: "REJECT with admin prohibited, IPv6", arrange: dialRule(onR, ip6, tcp, forward, rejectWith(1)), dst: dialServer6,
		outcome: Filtered, from: "fd00:1::1", words: "Permission denied"},
	{name: "REJECT with address unreachable, IPv6", arrange: dialRule(onR, ip6, tcp, forward, rejectWith(3)), dst: dialServer6,
		outcome: HostUnreachable, from: "fd00:1::1", words: "No route to host"},
	{name: "REJECT with port unreachable, IPv6", arrange: dialRule(onR, ip6, tcp, forward, rejectWith(4)), dst: dialServer6,
		outcome: PortUnreachable, from: "fd00:1::1", words: "Connection refused"},
	{name: "DROP", arrange: dialRule(onR, ip4, tcp, forward, dropped), dst: dialServer4,
		dial: Dial{Timeout: dialShort}, outcome: Silent, words: "Connection timed out"},
	{name: "DROP, IPv6", arrange: dialRule(onR, ip6, tcp, forward, dropped), dst: dialServer6,
		dial: Dial{Timeout: dialShort}, outcome: Silent, words: "Connection timed out"},
	{name: "DROP in OUTPUT", arrange: dialRule(onC, ip4, tcp, output, dropped), dst: dialServer4,
		dial: Dial{Timeout: dialShort}, outcome: Silent, words: "Connection timed out"},
}

var exchangeCases = []dialCase{
	{name: "somebody answers", arrange: dialEcho(dialServer4), dst: dialServer4, dial: Dial{Payload: []byte("hello")},
		outcome: Replied, from: "10.2.0.2", words: "5 bytes from 10.2.0.2:7000"},
	{name: "somebody answers nothing", arrange: dialEcho(dialServer4), dst: dialServer4,
		outcome: Replied, from: "10.2.0.2", words: "0 bytes from 10.2.0.2:7000"},
	{name: "somebody answers, IPv6", arrange: dialEcho(dialServer6), dst: dialServer6,
		outcome: Replied, from: "fd00:2::2", words: "0 bytes from [fd00:2::2]:7000"},
	{name: "a name server answers", arrange: func(w *labtest.Trio) { w.NameServer(w.S, "10.2.0.2:53") }, dst: "10.2.0.2:53",
		outcome: Replied, from: "10.2.0.2", words: " bytes from 10.2.0.2:53"},
	{name: "somebody listens and is silent", arrange: func(w *labtest.Trio) {
		w.Must(w.S.Do(func() error {
			conn, err := net.ListenPacket("udp", dialServer4)
			if err == nil {
				w.T.Cleanup(func() { conn.Close() })
			}
			return err
		}))
	}, dst: dialServer4, dial: Dial{Timeout: dialShort}, outcome: Silent, words: "Connection timed out"},
	{name: "somebody else answers", arrange: func(w *labtest.Trio) {
		dialEcho(dialServer4)(w)
		w.RuleFor(w.C, ip4, udp, nftables.ChainTypeRoute, output,
			&expr.Immediate{Register: 1, Data: []byte{10, 2, 0, 2}},
			&expr.Payload{OperationType: expr.PayloadWrite, SourceRegister: 1, Base: expr.PayloadBaseNetworkHeader,
				Offset: 16, Len: 4, CsumType: expr.CsumTypeInet, CsumOffset: 10, CsumFlags: unix.NFT_PAYLOAD_L4CSUM_PSEUDOHDR})
	}, dst: "10.2.0.9:7000", outcome: DifferentAddress, from: "10.2.0.2", words: "(DIFFERENT ADDRESS!)"},
	{name: "a closed port", dst: dialServer4, outcome: PortUnreachable, from: "10.2.0.2", words: "Connection refused"},
	{name: "a closed port, IPv6", dst: dialServer6, outcome: PortUnreachable, from: "fd00:2::2", words: "Connection refused"},
	{name: "somebody listens on 127.0.0.1 only", arrange: dialEcho("127.0.0.1:7000"), dst: dialServer4,
		outcome: PortUnreachable, from: "10.2.0.2", words: "Connection refused"},
	{name: "a stranger's source", dst: dialServer4, src: "10.9.9.9", outcome: AddressNotAvailable, words: "Cannot assign requested address"},
	{name: "no route", arrange: noRoutes, dst: dialServer4, outcome: NetworkUnreachable, words: "Network is unreachable"},
	{name: "no route, IPv6", arrange: noRoutes, dst: dialServer6, outcome: NetworkUnreachable, words: "Network is unreachable"},
	{name: "a prohibit route", arrange: rejected(unix.RTN_PROHIBIT), dst: dialServer4, outcome: Prohibited, words: "Permission denied"},
	{name: "an unreachable route", arrange: rejected(unix.RTN_UNREACHABLE), dst: dialServer4, outcome: NoRouteToHost, words: "No route to host"},
	{name: "a broadcast address", dst: "10.1.0.255:7000", outcome: Prohibited, words: "Permission denied"},
	{name: "the own neighbour fails", dst: "10.1.0.77:7000", outcome: HostUnreachable, from: "10.1.0.2", words: "No route to host"},
	{name: "a router's neighbour fails, IPv6", dst: "[fd00:2::77]:7000", outcome: HostUnreachable, from: "fd00:1::1", words: "No route to host"},
	{name: "a router has no route", dst: "198.51.100.1:7000", outcome: NetUnreachableICMP, from: "10.1.0.1", words: "Network is unreachable"},
	{name: "REJECT by a router", arrange: dialRule(onR, ip4, udp, forward, rejectWith(3)), dst: dialServer4,
		outcome: PortUnreachable, from: "10.1.0.1", words: "Connection refused"},
	{name: "REJECT with host prohibited", arrange: dialRule(onR, ip4, udp, forward, rejectWith(10)), dst: dialServer4,
		outcome: Filtered, from: "10.1.0.1", words: "No route to host"},
	{name: "REJECT with admin prohibited, IPv6", arrange: dialRule(onR, ip6, udp, forward, rejectWith(1)), dst: dialServer6,
		outcome: Filtered, from: "fd00:1::1", words: "Permission denied"},
	{name: "REJECT in OUTPUT", arrange: dialRule(onC, ip4, udp, output, rejectWith(3)), dst: dialServer4,
		outcome: PortUnreachable, from: "10.1.0.2", words: "Connection refused"},
	{name: "DROP", arrange: dialRule(onR, ip4, udp, forward, dropped), dst: dialServer4,
		dial: Dial{Timeout: dialShort}, outcome: Silent, words: "Connection timed out"},
	{name: "DROP in OUTPUT", arrange: dialRule(onC, ip4, udp, output, dropped), dst: dialServer4, outcome: NotPermitted, words: "Operation not permitted"},
	{name: "longer than the MTU of the path, and not cut up", dst: dialServer4, dial: Dial{Payload: make([]byte, 70000)}, outcome: MessageTooLong, words: "Message too long"},
}

func TestConnectTellsOutcomesApart(t *testing.T) {
	labtest.Slow(t)
	testDials(t, Connect, connectCases)
}

func TestExchangeTellsOutcomesApart(t *testing.T) { testDials(t, Exchange, exchangeCases) }

func testDials(t *testing.T, probe func(context.Context, *nsenter.Namespace, Dial) Result, cases []dialCase) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := labtest.NewTrio(t)
			w.IPv6()
			if c.arrange != nil {
				c.arrange(w)
			}
			c.dial.Dst = netip.MustParseAddrPort(c.dst)
			if c.src != "" {
				c.dial.Src = labtest.Addr(c.src)
			}
			var ready netip.AddrPort
			c.dial.Ready = func(local netip.AddrPort) { ready = local }
			got := probe(t.Context(), w.C, c.dial)
			if got.Outcome != c.outcome || !strings.HasSuffix(got.Message, c.words) {
				t.Errorf("got %v %q, want %v %q", got.Outcome, got.Message, c.outcome, c.words)
			}
			if from := got.From; from.IsValid() != (c.from != "") || from.IsValid() && from.String() != c.from {
				t.Errorf("from %v, want %q", from, c.from)
			}
			if ready.IsValid() && (ready.Port() == 0 || ready != netip.AddrPortFrom(got.Src, got.SrcPort)) {
				t.Errorf("announced %v, sent from %v port %d", ready, got.Src, got.SrcPort)
			}
		})
	}
}

// The kernel drops the SYN of a connection that the backlog has no room for, and
// the client hears nothing.
func TestAFullBacklogIsSilent(t *testing.T) {
	w := labtest.NewTrio(t)
	fd := -1
	w.Must(w.S.Do(func() (err error) {
		if fd, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0); err != nil {
			return err
		}
		return errors.Join(unix.Bind(fd, &unix.SockaddrInet4{Port: 7000}), unix.Listen(fd, 0))
	}))
	defer unix.Close(fd)
	dial := Dial{Dst: netip.MustParseAddrPort(dialServer4), Timeout: dialShort}
	if got := Connect(t.Context(), w.C, dial); got.Outcome != Replied {
		t.Fatalf("the first: %+v", got)
	}
	if got := Connect(t.Context(), w.C, dial); got.Outcome != Silent {
		t.Errorf("the second: %+v", got)
	}
}

// Who is asked by Ready is asked before the SYN leaves.
func TestTheLocalPortIsKnownBeforeAnythingIsSent(t *testing.T) {
	w := labtest.NewTrio(t)
	for _, protocol := range []byte{tcp, udp} {
		probe := map[byte]func(context.Context, *nsenter.Namespace, Dial) Result{tcp: Connect, udp: Exchange}[protocol]
		got := probe(t.Context(), w.C, Dial{Dst: netip.MustParseAddrPort(dialServer4), Timeout: dialShort, Ready: func(local netip.AddrPort) {
			port := []byte{byte(local.Port() >> 8), byte(local.Port())}
			w.RuleFor(w.R, ip4, protocol, nftables.ChainTypeFilter, forward,
				&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseTransportHeader, Offset: 0, Len: 2},
				&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: port}, rejectWith(13))
		}})
		if got.Outcome != Filtered {
			t.Errorf("protocol %d: got %+v", protocol, got)
		}
	}
}

func TestADialEndsWithWhoWaitsForIt(t *testing.T) {
	for name, probe := range map[string]func(context.Context, *nsenter.Namespace, Dial) Result{"connect": Connect, "exchange": Exchange} {
		t.Run(name, func(t *testing.T) {
			w := labtest.NewTrio(t)
			w.RuleFor(w.R, ip4, tcp, nftables.ChainTypeFilter, forward, dropped)
			w.Rule(w.S, nftables.ChainTypeFilter, input, dropped)
			w.RuleFor(w.S, ip4, udp, nftables.ChainTypeFilter, input, dropped)
			goroutines, descriptors := labtest.Footprint(t)
			enough := make(chan struct{})
			dial := Dial{Dst: netip.MustParseAddrPort(dialServer4), Timeout: time.Minute, Enough: enough, Ready: func(netip.AddrPort) { close(enough) }}
			if got := probe(t.Context(), w.C, dial); got.Outcome != Silent {
				t.Errorf("with enough: got %+v", got)
			}
			ctx, cancel := context.WithCancel(t.Context())
			dial.Enough, dial.Ready = nil, func(netip.AddrPort) { cancel() }
			if got := probe(ctx, w.C, dial); got.Outcome != OutcomeUnknown {
				t.Errorf("cancelled: got %+v", got)
			}
			w.NoMoreThan(goroutines, descriptors)
		})
	}
}

// TestTheOnlySourceIsLinkLocal: of a namespace that has no other address, whatever is on
// its wire may be asked; also where another device has the same one.
func TestTheOnlySourceIsLinkLocal(t *testing.T) {
	w := labtest.NewTrio(t)
	w.IPv6()
	w.Run(w.C, "ip", "addr", "del", "fd00:1::2/64", "dev", "eth0")
	w.Run(w.C, "ip", "route", "add", "fd00:1::1", "dev", "eth0")
	for _, twice := range []bool{false, true} {
		if twice {
			w.Run(w.C, "ip", "link", "add", "other", "type", "veth", "peer", "name", "end")
			w.Run(w.C, "ip", "link", "set", "other", "up")
			w.Run(w.C, "ip", "link", "set", "end", "up")
			w.Sysctl(w.C, "net/ipv6/conf/other/disable_ipv6", "0")
			w.Run(w.C, "sh", "-c", "ip addr add $(ip -o -6 addr show dev eth0 scope link | awk '{print $4}') dev other nodad")
		}
		if got := Connect(t.Context(), w.C, Dial{Dst: netip.MustParseAddrPort("[fd00:1::1]:7000"), Timeout: dialShort}); got.Outcome != Refused {
			t.Errorf("another device has it %v: %s", twice, got.Message)
		}
		if got := Exchange(t.Context(), w.C, Dial{Dst: netip.MustParseAddrPort("[fd00:1::1]:7000"), Timeout: dialShort}); !strings.HasSuffix(got.Message, "Connection refused") {
			t.Errorf("another device has it %v, a datagram: %s", twice, got.Message)
		}
	}
}
