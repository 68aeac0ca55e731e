package explain_test

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"nstutor/diag/explain"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/service"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/report"
	"nstutor/diag/probe"
	"nstutor/diag/resolve"
	"nstutor/internal/lab/labtest"
)

// protocolNumbers are those of a breakage's question.
var protocolNumbers = map[string]byte{"tcp": unix.IPPROTO_TCP, "udp": unix.IPPROTO_UDP}

// asked is what a case asks about; zero of a ping.
func (c breakage) asked() (proto byte, port uint16) {
	var name string
	if c.asks != "" {
		if _, err := fmt.Sscanf(c.asks, "%s %d", &name, &port); err != nil {
			panic(c.asks)
		}
	}
	return protocolNumbers[name], port
}

// ask sends what the case asks about, as a program of the namespace would.
func (b *built) ask(c breakage, j journey) probe.Result {
	b.t.Helper()
	proto, port := c.asked()
	if proto == 0 {
		return b.ping(j, c.size, c.df)
	}
	dial := probe.Dial{Dst: netip.AddrPortFrom(netip.MustParseAddr(j.to), port), SrcPort: c.sport, Timeout: caseTimeout, Payload: []byte("hello")}
	if proto == unix.IPPROTO_UDP {
		return probe.Exchange(b.t.Context(), b.space(j.from), dial)
	}
	return probe.Connect(b.t.Context(), b.space(j.from), dial)
}

// eventuallyAsk asks until there is an answer, for some two seconds.
func (b *built) eventuallyAsk(c breakage) (r probe.Result) {
	b.t.Helper()
	for deadline := time.Now().Add(2 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if r = b.ask(c, c.journey()); r.Outcome == probe.Replied {
			break
		}
	}
	return r
}

// serve opens listeners: "NETNS tcp ADDR:PORT", "NETNS udp ADDR:PORT", and
// "NETNS stuck ADDR:PORT" of TCP with a backlog that is full.
func (b *built) serve(all []string) {
	b.t.Helper()
	for _, line := range all {
		netns, rest, _ := strings.Cut(line, " ")
		network, addr, _ := strings.Cut(rest, " ")
		if at := netip.MustParseAddrPort(addr); at.Addr().Is4() && network != "stuck" {
			network += "4"
		}
		err := b.space(netns).Do(func() error {
			if strings.HasPrefix(network, "udp") {
				conn, err := net.ListenPacket(network, addr)
				if err == nil {
					b.t.Cleanup(func() { conn.Close() })
					go echo(conn)
				}
				return err
			}
			if network == "stuck" {
				return b.stuck(netip.MustParseAddrPort(addr))
			}
			l, err := net.Listen(network, addr)
			if err == nil {
				b.t.Cleanup(func() { l.Close() })
				go accept(l)
			}
			return err
		})
		if err != nil {
			b.t.Fatal(err)
		}
	}
}

// stuck listens, in the namespace of the calling thread, and never accepts the one
// connection that it has room for.
func (b *built) stuck(at netip.AddrPort) error {
	server, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	client, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	b.t.Cleanup(func() { unix.Close(server); unix.Close(client) })
	local := &unix.SockaddrInet4{Addr: at.Addr().As4(), Port: int(at.Port())}
	for _, step := range []func() error{
		func() error { return unix.Bind(server, local) },
		func() error { return unix.Listen(server, 0) },
		func() error { return unix.Connect(client, local) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// accept takes what comes, and closes it.
func accept(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		conn.Close()
	}
}

// echo sends back what comes.
func echo(conn net.PacketConn) {
	buf := make([]byte, 2048)
	for {
		n, from, err := conn.ReadFrom(buf)
		if err != nil {
			return
		}
		_, _ = conn.WriteTo(buf[:n], from)
	}
}

// Faults that a ping does not meet.
var flowBreakages = among([]breakage{
	{name: "tcp that works", from: "pod-a", to: "10.244.1.11", asks: "tcp 80", serve: []string{"pod-b tcp 0.0.0.0:80"}},
	{name: "udp that is answered", from: "pod-a", to: "10.244.1.11", asks: "udp 5000", serve: []string{"pod-b udp 0.0.0.0:5000"}},
	{name: "a socket for both families", from: "pod-a", to: "10.244.1.11", asks: "tcp 80", serve: []string{"pod-b tcp [::]:80"}},
	{name: "nobody listens", from: "pod-a", to: "10.244.1.11", asks: "tcp 80",
		want: expected{service.NotListening, "pod-b", request}, noFix: true},
	{name: "nobody listens for datagrams", from: "pod-a", to: "10.244.1.11", asks: "udp 5000",
		want: expected{service.NotListening, "pod-b", request}, noFix: true},
	{name: "listens on loopback only", from: "pod-a", to: "10.244.1.11", asks: "tcp 80", serve: []string{"pod-b tcp 127.0.0.1:80"},
		want: expected{service.NotListening, "pod-b", request}, noFix: true},
	{name: "listens for the other protocol", from: "pod-a", to: "10.244.1.11", asks: "tcp 53", serve: []string{"pod-b udp 0.0.0.0:53"},
		want: expected{service.NotListening, "pod-b", request}, noFix: true},
	{name: "nobody accepts", from: "pod-a", to: "10.244.1.11", asks: "tcp 80", serve: []string{"pod-b stuck 10.244.1.11:80"},
		want: expected{service.BacklogFull, "pod-b", request}, noFix: true},
	{name: "nobody listens, from inside", from: "pod-b", to: "127.0.0.1", asks: "tcp 80",
		want: expected{service.NotListening, "pod-b", request}, noFix: true},
	{name: "the port is dropped", from: "pod-a", to: "10.244.1.11", asks: "tcp 80", serve: []string{"pod-b tcp 0.0.0.0:80", "pod-b tcp 0.0.0.0:81"},
		fault: `host: nft 'add table ip f; add chain ip f fw { type filter hook forward priority 0; }; add rule ip f fw tcp dport 80 drop'`,
		want:  expected{cause.Filtered, "host", request}, shut: []journey{{"pod-b", "10.244.1.10"}}},
	{name: "who asks for congestion notification is dropped", from: "pod-a", to: "10.244.1.11", asks: "tcp 80", serve: []string{"pod-b tcp 0.0.0.0:80"},
		fault: `
pod-a: sysctl -qw net.ipv4.tcp_ecn=1 net.ipv4.tcp_ecn_fallback=0
host: iptables -A FORWARD -p tcp -m ecn --ecn-tcp-ece -j DROP`,
		want: expected{cause.Filtered, "host", request}},
	{name: "who asks for congestion notification is dropped, by nft", from: "pod-a", to: "10.244.1.11", asks: "tcp 80", serve: []string{"pod-b tcp 0.0.0.0:80"},
		fault: `
pod-a: sysctl -qw net.ipv4.tcp_ecn=1 net.ipv4.tcp_ecn_fallback=0
host: nft 'add table ip f; add chain ip f fw { type filter hook forward priority 0; }; add rule ip f fw tcp flags & (ecn|cwr) != 0 drop'`,
		want: expected{cause.Filtered, "host", request}},
	{name: "others that ask for congestion notification are dropped", from: "pod-a", to: "10.244.1.11", asks: "tcp 80", serve: []string{"pod-b tcp 0.0.0.0:80"},
		fault: `host: iptables -A FORWARD -p tcp -m ecn --ecn-tcp-cwr -j DROP`},
	{name: "another port is dropped", from: "pod-a", to: "10.244.1.11", asks: "tcp 80", serve: []string{"pod-b tcp 0.0.0.0:80"},
		fault: `host: nft 'add table ip f; add chain ip f fw { type filter hook forward priority 0; }; add rule ip f fw tcp dport 81 drop'`},
	{name: "only pings are dropped", from: "pod-a", to: "10.244.1.11", asks: "tcp 80", serve: []string{"pod-b tcp 0.0.0.0:80"},
		fault: `host: nft 'add table ip f; add chain ip f fw { type filter hook forward priority 0; }; add rule ip f fw meta l4proto icmp drop'`},
	{name: "the policy drops both ways", from: "pod-a", to: "10.244.1.11", asks: "tcp 80", serve: []string{"pod-b tcp 0.0.0.0:80"},
		fault: `host: iptables -P FORWARD DROP`,
		want:  expected{cause.Filtered, "host", request}, next: []cause.Code{cause.Filtered}, shut: []journey{{"pod-b", "10.244.1.10"}}},
	{name: "SYN and ACK are dropped", from: "pod-a", to: "10.244.1.11", asks: "tcp 80", serve: []string{"pod-b tcp 0.0.0.0:80"},
		fault: `host: nft 'add table ip f; add chain ip f fw { type filter hook forward priority 0; }; add rule ip f fw tcp sport 80 tcp flags & (syn|ack) == syn|ack drop'`,
		want:  expected{cause.Filtered, "host", reply}},
	{name: "datagrams back are dropped", from: "pod-a", to: "10.244.1.11", asks: "udp 5000", serve: []string{"pod-b udp 0.0.0.0:5000"},
		fault: `host: nft 'add table ip f; add chain ip f fw { type filter hook forward priority 0; }; add rule ip f fw udp sport 5000 drop'`,
		want:  expected{cause.Filtered, "host", reply}},
	{name: "the port goes another way by rule", from: "pod-a", to: "10.244.1.11", asks: "tcp 80", serve: []string{"pod-b tcp 0.0.0.0:80"},
		fault: `
host: ip route add blackhole default table 77
host: ip rule add ipproto tcp dport 80 lookup 77 pref 10`,
		want: expected{cause.RouteBlackhole, "host", request}},
	{name: "a port of the node that is forwarded", from: "inet", to: "192.168.6.160", asks: "tcp 8080", serve: []string{"pod-b tcp 0.0.0.0:80"},
		fault: `host: iptables -t nat -A PREROUTING -d 192.168.6.160 -p tcp --dport 8080 -j DNAT --to-destination 10.244.1.11:80`},
	{name: "a port of the node that is forwarded to nobody", from: "inet", to: "192.168.6.160", asks: "tcp 8080", serve: []string{"pod-b tcp 0.0.0.0:8080"},
		fault: `host: iptables -t nat -A PREROUTING -d 192.168.6.160 -p tcp --dport 8080 -j DNAT --to-destination 10.244.1.11:80`,
		want:  expected{service.NotListening, "pod-b", request}, noFix: true},
	{name: "a port of the node that is redirected", from: "inet", to: "192.168.6.160", asks: "tcp 8080", serve: []string{"host tcp 0.0.0.0:3128"},
		fault: `host: iptables -t nat -A PREROUTING -d 192.168.6.160 -p tcp --dport 8080 -j REDIRECT --to-ports 3128`},
	{name: "a service of nft, from a pod", from: "pod-a", to: "10.96.0.10", asks: "tcp 80", serve: []string{"pod-b tcp 0.0.0.0:8080"},
		fault: `host: nft 'add table ip n; add chain ip n pre { type nat hook prerouting priority -100; }; add rule ip n pre ip daddr 10.96.0.10 tcp dport 80 dnat to 10.244.1.11:8080'`},
	{name: "a service of datagrams, from the node", from: "host", to: "10.96.0.10", asks: "udp 53", serve: []string{"pod-b udp 0.0.0.0:5353"},
		fault: `host: iptables -t nat -A OUTPUT -d 10.96.0.10 -p udp --dport 53 -j DNAT --to-destination 10.244.1.11:5353`},
})

// TestExplainFlows: a connection, a datagram.
func TestExplainFlows(t *testing.T) {
	labtest.Slow(t)
	explainBreakages(t, routed, flowBreakages)
}

// Faults of services over routed pods.
var serviceBreakages = among([]breakage{
	{name: "a port that is rejected", from: "pod-a", to: "10.244.1.11", asks: "tcp 80", serve: []string{"pod-b tcp 0.0.0.0:80"},
		fault: `host: iptables -A FORWARD -p tcp --dport 80 -j REJECT`,
		want:  expected{cause.Rejected, "host", request}, shut: []journey{{"pod-b", "10.244.1.10"}}},
	{name: "a service without endpoints, iptables", from: "pod-a", to: "10.96.0.10", asks: "tcp 80",
		fault: `
host: iptables -N KUBE-SERVICES
host: iptables -A FORWARD -m conntrack --ctstate NEW -j KUBE-SERVICES
host: iptables -A KUBE-SERVICES -d 10.96.0.10 -p tcp --dport 80 -j REJECT`,
		want: expected{service.NoEndpoints, "host", request}, noFix: true},
	{name: "a service without endpoints, nft", from: "host", to: "10.96.0.10", asks: "tcp 80",
		fault: `host: nft 'add table ip kube-proxy; add chain ip kube-proxy reject-chain; add rule ip kube-proxy reject-chain reject; add map ip kube-proxy no-endpoint-services { type ipv4_addr . inet_proto . inet_service : verdict ; elements = { 10.96.0.10 . tcp . 80 : goto reject-chain } ; }; add chain ip kube-proxy filter-output { type filter hook output priority -110; }; add rule ip kube-proxy filter-output ip daddr . meta l4proto . th dport vmap @no-endpoint-services'`,
		want:  expected{service.NoEndpoints, "host", request}, noFix: true},
	{name: "a service for pods only, asked by the node", from: "host", to: "10.96.0.10", asks: "tcp 80", serve: []string{"pod-b tcp 0.0.0.0:8080"},
		fault: `host: iptables -t nat -A PREROUTING -d 10.96.0.10 -p tcp --dport 80 -j DNAT --to-destination 10.244.1.11:8080`,
		want:  expected{service.NotTranslated, "host", request}},
	{name: "a service for the node only, asked by a pod", from: "pod-a", to: "10.96.0.10", asks: "tcp 80", serve: []string{"pod-b tcp 0.0.0.0:8080"},
		fault: `host: nft 'add table ip n; add chain ip n out { type nat hook output priority -100; }; add rule ip n out ip daddr 10.96.0.10 tcp dport 80 dnat to 10.244.1.11:8080'`,
		want:  expected{service.NotTranslated, "host", request}},
	{name: "a port that is published at an address which the node had before", from: "inet", to: "192.168.6.160", asks: "tcp 8080", serve: []string{"pod-b tcp 0.0.0.0:80"},
		fault: `host: iptables -t nat -A PREROUTING -d 192.168.6.150 -p tcp --dport 8080 -j DNAT --to-destination 10.244.1.11:80`,
		want:  expected{service.NotTranslated, "host", request}, noFix: true},
	{name: "an address that nobody has, at a router who does not listen", from: "pod-a", to: "10.99.0.10", asks: "tcp 80", serve: []string{"pod-b tcp 0.0.0.0:80"},
		want: expected{cause.DestinationAbsent, "inet", request}, fix: []string{}, noFix: true},
	{name: "nobody announces the address of a service", from: "inet", to: "192.168.6.240", asks: "tcp 80", serve: []string{"pod-b tcp 0.0.0.0:80"},
		fault: `host: iptables -t nat -A PREROUTING -d 192.168.6.240 -p tcp --dport 80 -j DNAT --to-destination 10.244.1.11:80`,
		want:  expected{cause.DestinationAbsent, "inet", request}},
	{name: "a rule for a pod that is gone, in front of its successor's", from: "pod-a", to: "192.168.6.160", asks: "tcp 8080", serve: []string{"pod-b tcp 0.0.0.0:80"},
		fault: `
host: nft 'add table ip n; add chain ip n pre { type nat hook prerouting priority -100; }; add rule ip n pre tcp dport 8080 dnat to 10.244.1.77:80; add rule ip n pre tcp dport 8080 dnat to 10.244.1.11:80'
host: ip route add 10.244.1.77 dev veth-pod-b`,
		want: expected{cause.DestinationAbsent, "host", request}},
	{name: "a port of the node for others only, asked by the node", from: "host", to: "192.168.6.160", asks: "tcp 30080", serve: []string{"pod-b tcp 0.0.0.0:8080"},
		fault: `host: iptables -t nat -A PREROUTING -p tcp --dport 30080 -j DNAT --to-destination 10.244.1.11:8080`,
		want:  expected{service.NotTranslated, "host", request}},
	{name: "a pod that asks its own service", from: "pod-b", to: "10.96.0.10", asks: "tcp 80", serve: []string{"pod-b tcp 0.0.0.0:8080"},
		fault: `host: iptables -t nat -A PREROUTING -d 10.96.0.10 -p tcp --dport 80 -j DNAT --to-destination 10.244.1.11:8080`,
		want:  expected{cause.Hairpin, "pod-b", request}},
	{name: "a pod that asks its own service, and a rule lets it by before others of nat", from: "pod-b", to: "10.96.0.10", asks: "tcp 80", serve: []string{"pod-b tcp 0.0.0.0:8080"},
		fault: `
host: iptables -t nat -A PREROUTING -d 10.96.0.10 -p tcp --dport 80 -j DNAT --to-destination 10.244.1.11:8080
host: iptables -t nat -A POSTROUTING -s 10.244.0.0/16 -d 10.244.0.0/16 -j ACCEPT`,
		want: expected{cause.Hairpin, "pod-b", request}},
	{name: "a service that a rule keeps from connection tracking", from: "pod-a", to: "10.96.0.10", asks: "tcp 80", serve: []string{"pod-b tcp 0.0.0.0:8080"},
		fault: `
host: iptables -t nat -A PREROUTING -d 10.96.0.10 -p tcp --dport 80 -j DNAT --to-destination 10.244.1.11:8080
host: iptables -t raw -A PREROUTING -d 10.96.0.10 -p tcp --dport 80 -j NOTRACK`,
		want: expected{service.NotTranslated, "host", request}, fix: []string{"host: iptables -t raw -D PREROUTING -d 10.96.0.10/32 -p tcp -m tcp --dport 80 -j NOTRACK"}},
	{name: "a rule that asks for the port before its translation", from: "pod-a", to: "10.96.0.10", asks: "tcp 80", serve: []string{"pod-b tcp 0.0.0.0:8080"},
		fault: `
host: iptables -t nat -A PREROUTING -d 10.96.0.10 -p tcp --dport 80 -j DNAT --to-destination 10.244.1.11:8080
host: iptables -A FORWARD -p tcp -m conntrack --ctorigdstport 80 --ctdir ORIGINAL -j DROP`,
		want: expected{cause.Filtered, "host", request}},
	{name: "the same, for another port", from: "pod-a", to: "10.96.0.10", asks: "tcp 80", serve: []string{"pod-b tcp 0.0.0.0:8080"},
		fault: `
host: iptables -t nat -A PREROUTING -d 10.96.0.10 -p tcp --dport 80 -j DNAT --to-destination 10.244.1.11:8080
host: iptables -A FORWARD -p tcp -m conntrack --ctorigdstport 8080:8090 --ctdir ORIGINAL -j DROP`},
	// Who listens there would take it as it is.
	{name: "a port that is translated for the node itself, and closed to others", from: "pod-a", to: "192.168.6.160", asks: "tcp 8080", serve: []string{"host tcp 0.0.0.0:8080"},
		fault: `
host: iptables -t nat -A OUTPUT -p tcp --dport 8080 -j DNAT --to-destination 10.244.1.11:8080
host: iptables -A INPUT -p tcp --dport 8080 -j DROP`,
		want: expected{cause.Filtered, "host", request}},
	{name: "a port of 127.0.0.1 that is sent to a pod with that source", from: "host", to: "127.0.0.1", asks: "tcp 30080", serve: []string{"pod-b tcp 0.0.0.0:8080"},
		fault: `
host: sysctl -qw net.ipv4.conf.all.route_localnet=1
host: iptables -t nat -A OUTPUT -d 127.0.0.1 -p tcp --dport 30080 -j DNAT --to-destination 10.244.1.11:8080`,
		want: expected{cause.NotMasqueraded, "host", request}, fix: []string{"host: iptables -t nat -A POSTROUTING -s 127.0.0.0/8 -d 10.244.1.11 -j MASQUERADE"}},
	{name: "the same, without route_localnet", from: "host", to: "127.0.0.1", asks: "tcp 30080", serve: []string{"pod-b tcp 0.0.0.0:8080"},
		fault: `host: iptables -t nat -A OUTPUT -d 127.0.0.1 -p tcp --dport 30080 -j DNAT --to-destination 10.244.1.11:8080`,
		want:  expected{cause.MartianSource, "host", request}, next: []cause.Code{cause.NotMasqueraded}},
})

// … and over bridged ones.
var bridgedServices = among([]breakage{
	{name: "a service sent to nobody, past a chain that would not let it by", from: "pod-a", to: "10.96.0.10", asks: "tcp 80",
		fault: `
host: sysctl -qw net.bridge.bridge-nf-call-iptables=0
host: iptables -P FORWARD DROP
host: iptables -t nat -A PREROUTING -d 10.96.0.10 -p tcp --dport 80 -j DNAT --to-destination 10.244.1.99:80`,
		want: expected{cause.DestinationAbsent, "host", request}, noFix: true},
	{name: "the reply bypasses the node", from: "pod-a", to: "10.96.0.10", asks: "tcp 80", serve: []string{"pod-b tcp 0.0.0.0:8080"},
		fault: `
host: sysctl -qw net.bridge.bridge-nf-call-iptables=0
host: iptables -t nat -A PREROUTING -d 10.96.0.10 -p tcp --dport 80 -j DNAT --to-destination 10.244.1.11:8080`,
		want: expected{service.ReplyBypassesNAT, "host", reply}},
	{name: "the datagram back bypasses the node", from: "pod-a", to: "10.96.0.10", asks: "udp 53", serve: []string{"pod-b udp 0.0.0.0:53"},
		fault: `
host: sysctl -qw net.bridge.bridge-nf-call-iptables=0
host: iptables -t nat -A PREROUTING -d 10.96.0.10 -p udp --dport 53 -j DNAT --to-destination 10.244.1.11:53`,
		want: expected{service.ReplyBypassesNAT, "host", reply}},
	{name: "a bridge that gives it back", from: "pod-a", to: "10.96.0.10", asks: "tcp 80", serve: []string{"pod-b tcp 0.0.0.0:8080"},
		fault: `
host: sysctl -qw net.bridge.bridge-nf-call-iptables=1
host: iptables -t nat -A PREROUTING -d 10.96.0.10 -p tcp --dport 80 -j DNAT --to-destination 10.244.1.11:8080`},
	{name: "a pod that asks its own service, through the bridge", from: "pod-b", to: "10.96.0.10", asks: "tcp 80", serve: []string{"pod-b tcp 0.0.0.0:8080"},
		fault: `
host: sysctl -qw net.bridge.bridge-nf-call-iptables=1
host: iptables -t nat -A PREROUTING -d 10.96.0.10 -p tcp --dport 80 -j DNAT --to-destination 10.244.1.11:8080
host: iptables -t nat -A POSTROUTING -s 10.244.1.11 -d 10.244.1.11 -j MASQUERADE`,
		want: expected{cause.Hairpin, "host", request}},
	{name: "a pod that asks its own service", from: "pod-b", to: "10.96.0.10", asks: "tcp 80", serve: []string{"pod-b tcp 0.0.0.0:8080"},
		fault: `
host: sysctl -qw net.bridge.bridge-nf-call-iptables=0
host: iptables -t nat -A PREROUTING -d 10.96.0.10 -p tcp --dport 80 -j DNAT --to-destination 10.244.1.11:8080`,
		want: expected{cause.Hairpin, "pod-b", request}},
})

// TestAnAnswerFromAnotherAddress: a socket on all addresses of a host with several
// answers from the one that the kernel chooses; that is a doubt, which the datagram
// decides.
func TestAnAnswerFromAnotherAddress(t *testing.T) {
	labtest.Slow(t)
	b := routed.build(t)
	b.run("pod-b: ip addr add 10.244.1.77/32 dev lo\nhost: ip route add 10.244.1.77 dev veth-pod-b")
	b.serve([]string{"pod-b udp 0.0.0.0:5000"})
	c := breakage{from: "pod-a", to: "10.244.1.77", asks: "udp 5000"}
	if r := b.ask(c, c.journey()); r.Outcome != probe.DifferentAddress {
		t.Fatalf("the datagram: %s", r.Message)
	}
	a := b.explain(c, false)
	if a.Verdict != explain.Undecided || a.Cause.Code != service.ReplyOtherSource || a.Cause.Netns != b.real("pod-b") {
		t.Errorf("without a probe: %s\n%s", a.Verdict, b.account(a))
	}
	a = b.explain(c, true)
	if a.Verdict != explain.Broken || a.Cause.Code != service.ReplyOtherSource {
		t.Errorf("with a probe: %s\n%s", a.Verdict, b.account(a))
	}
}

// TestExplainServices: what a request meets that is sent on to somebody else.
func TestExplainServices(t *testing.T) {
	labtest.Slow(t)
	explainBreakages(t, routed, serviceBreakages)
	explainBreakages(t, bridged, bridgedServices)
}

// silentNameServer is a node that drops what a pod asks the name server of another one.
func silentNameServer(t *testing.T) (b *built, world *machine.Machine, from *machine.Space) {
	t.Helper()
	b = routed.build(t)
	b.serve([]string{"pod-b udp 10.244.1.11:53"})
	b.run(`host: nft 'add table ip f; add chain ip f fw { type filter hook forward priority 0; }; add rule ip f fw udp dport 53 drop'`)
	world = machine.New()
	t.Cleanup(world.Close)
	from, err := world.Open(b.real("pod-a"))
	if err != nil {
		t.Fatal(err)
	}
	return b, world, from
}

// TestANameThatCannotBeLookedUp: the way to its name server is explained, and mended.
func TestANameThatCannotBeLookedUp(t *testing.T) {
	labtest.Slow(t)
	b, world, from := silentNameServer(t)
	failed := &resolve.Error{Name: "db", Servers: []netip.AddrPort{netip.MustParseAddrPort("10.244.1.11:53")},
		Silent: resolve.Silences{Wait: 10 * time.Second, Timeout: 5 * time.Second, Attempts: 2}}
	req := explain.Request{From: from, Probe: true, Timeout: caseTimeout}
	a, err := explain.ExplainName(t.Context(), world, req, failed)
	if err != nil {
		t.Fatal(err)
	}
	if a.Verdict != explain.Broken || a.Cause.Code != service.NameUnresolved || a.Cause.Netns != b.real("host") || a.Name != "db" || len(a.Fix) == 0 ||
		!strings.HasSuffix(a.Cause.Detail.In("en"), "up to 10 s before it gives up (options timeout:5 attempts:2)") {
		t.Fatalf("%s\n%s", a.Verdict, b.account(a))
	}
	for _, fix := range a.Fix {
		b.apply(fix)
	}
	c := breakage{from: "pod-a", to: "10.244.1.11", asks: "udp 53"}
	if r := b.eventuallyAsk(c); r.Outcome != probe.Replied {
		t.Errorf("after the fix: %s", r.Message)
	}
}

// TestANameServerThatHasToBeAskedOtherwise: over TCP, for what does not fit into a datagram, and
// by the device of its address, where that is of one link alone.
func TestANameServerThatHasToBeAskedOtherwise(t *testing.T) {
	labtest.Slow(t)
	b := routed.build(t)
	b.serve([]string{"pod-b udp 10.244.1.11:53"})
	b.run(`host: nft 'add table ip f; add chain ip f fw { type filter hook forward priority 0; }; add rule ip f fw tcp dport 53 drop'`)
	world := machine.New()
	t.Cleanup(world.Close)
	from, err := world.Open(b.real("pod-a"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		failed resolve.Error
		netns  string
		says   string
		proto  string
	}{
		{resolve.Error{Servers: []netip.AddrPort{netip.MustParseAddrPort("10.244.1.11:53")}, Cut: true}, "host", "its answer to UDP is cut short", "tcp"},
		{resolve.Error{Servers: []netip.AddrPort{netip.MustParseAddrPort("[fe80::1]:53")}}, "pod-a", "written with its device, as fe80::1%eth0", "udp"},
	} {
		c.failed.Name = "db"
		a, err := explain.ExplainName(t.Context(), world, explain.Request{From: from, Probe: true, Timeout: caseTimeout}, &c.failed)
		if err != nil {
			t.Fatal(err)
		}
		if a.Verdict != explain.Broken || a.Cause.Code != service.NameUnresolved || b.script(a.Cause.Netns) != c.netns || a.Flow.Proto != c.proto || !strings.Contains(a.Cause.Detail.In("en"), c.says) {
			t.Errorf("want %q in %s\n%s", c.says, c.netns, b.account(a))
		}
	}
}

// TestANameServerThatCannotFindOut: it answers, so the way to it is no fault; whom it asks in
// turn is looked for in its own files.
func TestANameServerThatCannotFindOut(t *testing.T) {
	b := routed.build(t)
	b.serve([]string{"pod-b udp 10.244.1.11:53"})
	world := machine.New()
	t.Cleanup(world.Close)
	from, err := world.Open(b.real("pod-a"))
	if err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile("/etc/resolv.conf")
	if err != nil {
		t.Fatal(err)
	}
	defer os.WriteFile("/etc/resolv.conf", before, 0o644)
	for _, c := range []struct{ said, resolv, netns, detail string }{
		{"REFUSED", "nameserver 192.168.6.160\n", "pod-a", "does not serve this client"},
		{"SERVFAIL", "nameserver 127.0.0.1\n", "pod-a", "it could not find out itself"},
		{"SERVFAIL", "nameserver 192.168.6.160\n", "host", "it asks 192.168.6.160:53 in turn, and there: nobody listens on 192.168.6.160:53"},
	} {
		if err := os.WriteFile("/etc/resolv.conf", []byte(c.resolv), 0o644); err != nil {
			t.Fatal(err)
		}
		failed := &resolve.Error{Name: "db", Servers: []netip.AddrPort{netip.MustParseAddrPort("10.244.1.11:53")}, Said: []string{c.said}}
		a, err := explain.ExplainName(t.Context(), world, explain.Request{From: from, Probe: true, Timeout: caseTimeout}, failed)
		if err != nil {
			t.Fatal(err)
		}
		if a.Verdict != explain.Broken || a.Cause.Code != service.NameUnresolved || b.script(a.Cause.Netns) != c.netns || !strings.Contains(a.Cause.Detail.In("en"), c.detail) {
			t.Errorf("%s, want %q in %s\n%s", c.said, c.detail, c.netns, b.account(a))
		}
	}
}

// TestANameServerThatKeepsSilentCostsTime: where another one knows the name, that is told
// beside the answer, with the way to the silent one and what mends it.
func TestANameServerThatKeepsSilentCostsTime(t *testing.T) {
	labtest.Slow(t)
	b, world, from := silentNameServer(t)
	c := breakage{from: "pod-a", to: "192.168.6.160"}
	req := explain.Request{From: from, Probe: true, Timeout: caseTimeout}
	a := b.explain(c, true)
	if err := a.OfName(t.Context(), world, req, "web", resolve.Found{}); err != nil || a.Waited != nil {
		t.Fatalf("nobody kept silent: %+v, %v", a.Waited, err)
	}
	silent := resolve.Silences{Servers: []netip.AddrPort{netip.MustParseAddrPort("10.244.1.11:53")}, Wait: 5 * time.Second, Timeout: 5 * time.Second, Attempts: 2}
	if err := a.OfName(t.Context(), world, req, "web", resolve.Found{Silences: silent}); err != nil {
		t.Fatal(err)
	}
	w := a.Waited
	if a.Verdict != explain.Delivered || len(a.Fix) > 0 || w == nil || w.Cause.Code != cause.Filtered || w.Cause.Netns != b.real("host") || len(w.Fix) != 1 {
		t.Fatalf("%s, %+v\n%s", a.Verdict, w, b.account(a))
	}
	for lang, want := range map[string]string{"en": "up to 5 s at each look-up (options timeout:5 attempts:2)", "zh": "每次解析都要为此最多等 5 秒"} {
		if !slices.ContainsFunc(report.Of(a, lang), func(l report.Line) bool { return strings.Contains(l.Text, want) }) {
			t.Errorf("nobody says %q", want)
		}
	}
	b.apply(w.Fix[0])
	if r := b.eventuallyAsk(breakage{from: "pod-a", to: "10.244.1.11", asks: "udp 53"}); r.Outcome != probe.Replied {
		t.Errorf("after the fix: %s", r.Message)
	}
}

// TestTheOtherAddressesOfAName: are judged without a packet, and told beside the answer about
// the first.
func TestTheOtherAddressesOfAName(t *testing.T) {
	b := masqueraded.build(t)
	world := machine.New()
	t.Cleanup(world.Close)
	from, err := world.Open(b.real("pod-a"))
	if err != nil {
		t.Fatal(err)
	}
	a := b.explain(breakage{from: "pod-a", to: "192.168.6.160"}, false)
	found := resolve.Found{Addrs: []netip.Addr{netip.MustParseAddr(a.Destination), netip.MustParseAddr("10.244.1.11"), netip.MustParseAddr("fd00::1")}}
	if err := a.OfName(t.Context(), world, explain.Request{From: from, Probe: true}, "web", found); err != nil {
		t.Fatal(err)
	}
	for i, want := range []cause.Code{cause.None, cause.None, cause.NoAddress} {
		if got := a.Addresses[i]; got.Cause.Code != want || got.Address != found.Addrs[i].String() || got.Asked != (i == 0) {
			t.Errorf("%+v, want %s of %s", got, want, found.Addrs[i])
		}
	}
	for _, want := range []string{"192.168.6.160 is its first address", "10.244.1.11 is another: ", "fd00::1 is another, and does not work either: no device but lo has an IPv6 address that is good beyond its own wire: IPv6 is switched off on eth0 "} {
		if !slices.ContainsFunc(report.Of(a, "en"), func(l report.Line) bool { return strings.HasPrefix(l.Text, want) }) {
			t.Errorf("nobody says %q\n%s", want, b.account(a))
		}
	}
}

// TestEveryBackendIsFollowed: of a service whose rules draw lots, in both rule
// languages, each backend has its own verdict and share.
func TestEveryBackendIsFollowed(t *testing.T) {
	labtest.Slow(t)
	for name, rules := range map[string]string{
		"nft numgen": `host: nft 'add table ip n; add chain ip n pre { type nat hook prerouting priority -100; }; add rule ip n pre ip daddr 10.96.0.10 tcp dport 80 dnat to numgen random mod 2 map { 0 : 10.244.1.11, 1 : 192.168.6.1 }'`,
		"iptables statistic": `
host: iptables -t nat -A PREROUTING -d 10.96.0.10 -p tcp --dport 80 -m statistic --mode random --probability 0.5 -j DNAT --to-destination 10.244.1.11
host: iptables -t nat -A PREROUTING -d 10.96.0.10 -p tcp --dport 80 -j DNAT --to-destination 192.168.6.1`,
	} {
		t.Run(name, func(t *testing.T) {
			b := masqueraded.build(t)
			needTools(t, rules)
			b.run(rules)
			b.serve([]string{"pod-b tcp 0.0.0.0:80"})
			c := breakage{from: "pod-a", to: "10.96.0.10", asks: "tcp 80"}
			a := b.explain(c, false)
			if a.Verdict != explain.Broken || a.Cause.Code != service.NotListening || a.Cause.Netns != b.real("inet") || len(a.Backends) != 2 {
				t.Fatalf("%s, %d backends\n%s", a.Verdict, len(a.Backends), b.account(a))
			}
			for _, backend := range a.Backends {
				want := map[string]explain.Verdict{"10.244.1.11:80": explain.Delivered, "192.168.6.1:80": explain.Broken}[backend.Address]
				if backend.Verdict != want || backend.Share < 0.49 || backend.Share > 0.51 {
					t.Errorf("%+v, want %s", backend, want)
				}
			}
			b.serve([]string{"inet tcp 0.0.0.0:80"})
			if a := b.explain(c, true); a.Verdict != explain.Delivered || a.Probe.Received != 1 {
				t.Errorf("with both listening: %s\n%s", a.Verdict, b.account(a))
			}
		})
	}
}

// TestLotsThatMakeNoDifference: whatever is drawn, the request comes to somebody who is gone; and
// rules in its way that cannot be judged are no fault where one of the backends answers.
func TestLotsThatMakeNoDifference(t *testing.T) {
	labtest.Slow(t)
	b := masqueraded.build(t)
	rules := `
host: nft 'add table ip n; add chain ip n pre { type nat hook prerouting priority -100; }; add rule ip n pre ip daddr 10.96.0.10 tcp dport 80 dnat to jhash ip saddr mod 2 seed 0x1 map { 0 : 10.244.1.77, 1 : 10.244.1.77 }'
host: nft 'add rule ip n pre ip daddr 10.96.0.20 tcp dport 80 dnat to numgen random mod 2 map { 0 : 10.244.1.11, 1 : 192.168.6.1 }; add chain ip n flt { type filter hook forward priority 0; }; add rule ip n flt limit rate over 500/second burst 500 packets drop'`
	needTools(t, rules)
	b.run(rules)
	b.serve([]string{"pod-b tcp 0.0.0.0:80", "inet tcp 0.0.0.0:80"})
	if a := b.explain(breakage{from: "pod-a", to: "10.96.0.10", asks: "tcp 80"}, false); a.Verdict != explain.Broken || a.Cause.Code != cause.DestinationAbsent {
		t.Errorf("all the same: %s\n%s", a.Verdict, b.account(a))
	}
	if a := b.explain(breakage{from: "pod-a", to: "10.96.0.20", asks: "tcp 80"}, true); a.Verdict != explain.Delivered || len(a.Backends) != 2 {
		t.Errorf("with a limit in the way: %s\n%s", a.Verdict, b.account(a))
	}
}

// TestABackendOutOfSightThatIsGone: a service that answers some requests, and others not, was said to be
// reached when the first one had come to the backend that is there.
func TestABackendOutOfSightThatIsGone(t *testing.T) {
	labtest.Slow(t)
	b := masqueraded.build(t)
	rules := `
inet: ip addr add 203.0.113.11/32 dev lo
host: nft 'add table ip n; add chain ip n pre { type nat hook prerouting priority -100; }; add rule ip n pre ip daddr 10.96.0.10 tcp dport 80 dnat to numgen inc mod 2 map { 0 : 203.0.113.10, 1 : 203.0.113.99 }'
host: nft 'add rule ip n pre ip daddr 10.96.0.20 tcp dport 80 dnat to numgen inc mod 2 map { 0 : 203.0.113.10, 1 : 203.0.113.11 }'`
	needTools(t, rules)
	b.run(rules)
	b.serve([]string{"inet tcp 0.0.0.0:80"})
	b.hide("inet")
	a := b.explain(breakage{from: "pod-a", to: "10.96.0.10", asks: "tcp 80"}, true)
	if a.Verdict != explain.Broken || a.Cause.Code != cause.NotKnown || len(a.Fix) > 0 || !strings.Contains(a.Cause.Detail.In("en"), "of 2 requests it answered 1") {
		t.Errorf("one is gone: %s\n%s", a.Verdict, b.account(a))
	}
	if a := b.explain(breakage{from: "pod-a", to: "10.96.0.10", asks: "tcp 80"}, false); a.Verdict != explain.Undecided || !strings.Contains(a.Cause.Detail.In("en"), "of 2 it cannot be told") {
		t.Errorf("one is gone, and nobody has asked: %s\n%s", a.Verdict, b.account(a))
	}
	if a := b.explain(breakage{from: "pod-a", to: "10.96.0.20", asks: "tcp 80"}, true); a.Verdict != explain.Delivered {
		t.Errorf("both are there: %s\n%s", a.Verdict, b.account(a))
	}
}

// TestWhatTheLotsLeaveOver: probabilities that do not add up leave some requests
// untranslated, and that is said, however the others fare.
func TestWhatTheLotsLeaveOver(t *testing.T) {
	labtest.Slow(t)
	b := masqueraded.build(t)
	rules := `
host: iptables -t nat -A PREROUTING -d 10.96.0.10 -p tcp --dport 80 -m statistic --mode random --probability 0.5 -j DNAT --to-destination 10.244.1.11
host: iptables -t nat -A PREROUTING -d 10.96.0.10 -p tcp --dport 80 -m statistic --mode random --probability 0.5 -j DNAT --to-destination 192.168.6.1`
	needTools(t, rules)
	b.run(rules)
	b.serve([]string{"pod-b tcp 0.0.0.0:80", "inet tcp 0.0.0.0:80"})
	a := b.explain(breakage{from: "pod-a", to: "10.96.0.10", asks: "tcp 80"}, false)
	if a.Verdict != explain.Broken || a.Cause.Code != service.NotTranslated || a.Cause.Netns != b.real("host") || len(a.Cause.Evidence) != 2 || len(a.Fix) > 0 {
		t.Fatalf("%s\n%s", a.Verdict, b.account(a))
	}
	if len(a.Backends) != 3 || a.Backends[2].Share < 0.24 || a.Backends[2].Share > 0.26 || !strings.Contains(a.Cause.Detail.In("en"), "25% of the requests") {
		t.Errorf("%+v: %s", a.Backends, a.Cause.Detail)
	}
}

// TestAProgramThatDoesNotAnswer: the question comes to its socket, and no answer leaves.
func TestAProgramThatDoesNotAnswer(t *testing.T) {
	labtest.Slow(t)
	for name, c := range map[string]struct {
		read func(net.PacketConn)
		says string
	}{
		"it takes the question": {func(conn net.PacketConn) {
			for some := make([]byte, 512); ; {
				if _, _, err := conn.ReadFrom(some); err != nil {
					return
				}
			}
		}, "takes it, and no answer leaves"},
		"it does not read": {func(net.PacketConn) {}, "wait in its queue"},
	} {
		t.Run(name, func(t *testing.T) {
			b := routed.build(t)
			if err := b.space("pod-b").Do(func() error {
				conn, err := net.ListenPacket("udp4", "10.244.1.11:53")
				if err == nil {
					t.Cleanup(func() { conn.Close() })
					go c.read(conn)
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
			a := b.explain(breakage{from: "pod-a", to: "10.244.1.11", asks: "udp 53"}, true)
			if a.Verdict != explain.Broken || a.Cause.Code != service.NotAnswering || b.script(a.Cause.Netns) != "pod-b" || len(a.Fix) > 0 || !strings.Contains(a.Cause.Detail.In("en"), c.says) {
				t.Errorf("%s, %s: %s\n%s", a.Verdict, a.Cause.Code, a.Cause.Detail, b.account(a))
			}
		})
	}
}

// TestABackendOutOfSightThatRefuses: the refusal has the service's address for its source once the
// translation is taken back; it is the backend that refuses.
func TestABackendOutOfSightThatRefuses(t *testing.T) {
	labtest.Slow(t)
	needTools(t, "host: iptables -t nat -S")
	b := masqueraded.build(t)
	b.run("host: iptables -t nat -A PREROUTING -d 10.96.0.10 -p tcp --dport 80 -j DNAT --to-destination 203.0.113.10:8080")
	b.hide("inet")
	a := b.explain(breakage{from: "pod-a", to: "10.96.0.10", asks: "tcp 80"}, true)
	if a.Verdict != explain.Broken || !a.Cause.Refused || !strings.Contains(a.Cause.Detail.In("en"), "and 203.0.113.10, beyond it, refuses it") {
		t.Errorf("%s: %s\n%s", a.Verdict, a.Cause.Detail, b.account(a))
	}
}
