package explain_test

import (
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"nstutor/diag/explain"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/service"
	"nstutor/internal/lab/labtest"
)

// TestAPublishedPortOfWhoDoesNotListen: the program that publishes a port takes the
// connection, and that tells nothing of whom it passes it on to.
func TestAPublishedPortOfWhoDoesNotListen(t *testing.T) {
	labtest.Slow(t)
	b := masqueraded.build(t)
	b.publish("host", "127.0.0.1:8080", netip.MustParseAddrPort("10.244.1.11:80"))
	ask := breakage{from: "host", to: "127.0.0.1", asks: "tcp 8080"}
	for _, probed := range []bool{false, true} {
		a := b.explain(ask, probed)
		if a.Verdict != explain.Broken || a.Cause.Code != service.NotListening || a.Cause.Netns != b.real("pod-b") {
			t.Errorf("with a probe: %v: %s\n%s", probed, a.Verdict, b.account(a))
		}
	}
	b.run("host: iptables -A OUTPUT -d 10.244.1.11 -p tcp --dport 80 -j DROP")
	b.serve([]string{"pod-b tcp 0.0.0.0:80"})
	a := b.explain(ask, true)
	if a.Verdict != explain.Broken || a.Cause.Code != cause.Filtered || len(a.Fix) != 1 {
		t.Fatalf("%s\n%s", a.Verdict, b.account(a))
	}
	b.delivers(ask, a.Fix[0])
}

// TestAPortThatIsOnlyKept: podman's conmon listens on a published port and takes nothing;
// that a connection opens there tells that the rules are gone.
func TestAPortThatIsOnlyKept(t *testing.T) {
	labtest.Slow(t)
	b := masqueraded.build(t)
	b.listens("host", "0.0.0.0:8080", "conmon", "--api-version", "1", "-c", "4800efa8a9b1e910", "-n", "web", "-r", "/usr/bin/crun")
	ask := breakage{from: "inet", to: "192.168.6.160", asks: "tcp 8080"}
	for _, probed := range []bool{false, true} {
		a := b.explain(ask, probed)
		if a.Verdict != explain.Broken || a.Cause.Code != service.NotTranslated || a.Cause.Netns != b.real("host") || len(a.Fix) > 0 {
			t.Errorf("with a probe: %v: %s\n%s", probed, a.Verdict, b.account(a))
		}
	}
	b.run("host: iptables -t nat -A PREROUTING -d 192.168.6.160 -p tcp --dport 8080 -j DNAT --to-destination 10.244.1.11:80")
	b.serve([]string{"pod-b tcp 0.0.0.0:80"})
	if a := b.explain(ask, true); a.Verdict != explain.Delivered {
		t.Errorf("with its rule: %s\n%s", a.Verdict, b.account(a))
	}
}

// TestADatagramPassedOnToNobody: of datagrams nothing comes back, whoever takes them.
func TestADatagramPassedOnToNobody(t *testing.T) {
	labtest.Slow(t)
	for _, port := range []string{"5060", "53"} {
		b := masqueraded.build(t)
		b.publish("host", "udp 127.0.0.1:"+port, netip.MustParseAddrPort("10.244.1.11:"+port))
		ask := breakage{from: "host", to: "127.0.0.1", asks: "udp " + port}
		for _, probed := range []bool{false, true} {
			a := b.explain(ask, probed)
			if a.Verdict != explain.Broken || a.Cause.Code != service.NotListening || a.Cause.Netns != b.real("pod-b") {
				t.Errorf("port %s, with a probe: %v: %s\n%s", port, probed, a.Verdict, b.account(a))
			}
		}
		b.serve([]string{"pod-b udp 10.244.1.11:" + port})
		if a := b.explain(ask, false); a.Verdict != explain.Delivered {
			t.Errorf("port %s, somebody listens: %s\n%s", port, a.Verdict, b.account(a))
		}
	}
}

// publish has a process with the command line of docker-proxy listen; addr may begin with
// a protocol.
func (b *built) publish(netns, addr string, to netip.AddrPort) {
	b.t.Helper()
	proto, _, ok := strings.Cut(addr, " ")
	if !ok {
		proto = "tcp"
	}
	b.listens(netns, addr, "docker-proxy", "-proto", proto, "-container-ip", to.Addr().String(), "-container-port", strconv.Itoa(int(to.Port())))
}

// listens has a process that calls itself name, and has these arguments, listen and take
// nothing; addr may begin with a protocol.
func (b *built) listens(netns, addr, name string, args ...string) {
	b.t.Helper()
	b.keeps(netns, addr, nil, name, args...)
}

// takesNothing is a filter of a socket that drops all that comes.
var takesNothing = []unix.SockFilter{{Code: unix.BPF_RET | unix.BPF_K}}

// keeps has such a process in the namespace, with a filter on the socket.
func (b *built) keeps(netns, addr string, filter []unix.SockFilter, name string, args ...string) {
	b.t.Helper()
	proto, at, ok := strings.Cut(addr, " ")
	if !ok {
		proto, at = "tcp", proto
	}
	var socket *os.File
	version := "4"
	if strings.HasPrefix(at, "[") {
		version = "6"
	}
	if err := b.space(netns).Do(func() (err error) {
		if proto == "udp" {
			var c net.PacketConn
			if c, err = net.ListenPacket("udp"+version, at); err == nil {
				defer c.Close()
				socket, err = c.(*net.UDPConn).File()
			}
			return err
		}
		var plain net.ListenConfig
		plain.SetMultipathTCP(false) // whose sockets take no filter
		l, err := plain.Listen(b.t.Context(), "tcp"+version, at)
		if err != nil {
			return err
		}
		defer l.Close()
		socket, err = l.(*net.TCPListener).File()
		return err
	}); err != nil {
		b.t.Fatal(err)
	}
	defer socket.Close()
	if filter != nil {
		program := &unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
		if err := unix.SetsockoptSockFprog(int(socket.Fd()), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, program); err != nil {
			b.t.Fatal(err)
		}
	}
	sh, err := exec.LookPath("sh")
	if err != nil {
		b.t.Skip(err)
	}
	proxy := &exec.Cmd{Path: sh, ExtraFiles: []*os.File{socket}, Args: append([]string{name, "-c", "read line; :", "sh"}, args...)}
	in, err := proxy.StdinPipe()
	if err == nil {
		err = b.space(netns).Do(proxy.Start)
	}
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { in.Close(); proxy.Wait() })
}
