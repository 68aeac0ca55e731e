package wire

import (
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
	"golang.org/x/sys/unix"

	"nstutor/internal/lab/labtest"
	"nstutor/internal/nsenter"
)

const (
	wireMACa      = "02:00:00:00:00:0a"
	wireMACb      = "02:00:00:00:00:0b"
	wireBroadcast = "ff:ff:ff:ff:ff:ff"
)

var (
	wireAddrA = netip.MustParseAddr("10.0.0.1")
	wireAddrB = netip.MustParseAddr("10.0.0.2")
)

// wirePair is two namespaces with a veth pair between them: a has a0 with
// 10.0.0.1/24, b has b0 with 10.0.0.2/24.
func wirePair(t *testing.T) (a, b *nsenter.Namespace) {
	t.Helper()
	a, b = labtest.Netns(t, "wire-a"), labtest.Netns(t, "wire-b")
	attrs := netlink.NewLinkAttrs()
	attrs.Name, attrs.HardwareAddr = "a0", wireMAC(t, wireMACa)
	veth := &netlink.Veth{LinkAttrs: attrs, PeerName: "b0", PeerHardwareAddr: wireMAC(t, wireMACb), PeerNamespace: netlink.NsFd(b.FD())}
	if err := wireHandle(t, a).LinkAdd(veth); err != nil {
		t.Fatalf("%s: add veth a0: %v", a.Name(), err)
	}
	wireUp(t, a, "a0", wireAddrA.String()+"/24")
	wireUp(t, b, "b0", wireAddrB.String()+"/24")
	return a, b
}

func wireMAC(t *testing.T, s string) net.HardwareAddr {
	t.Helper()
	mac, err := net.ParseMAC(s)
	if err != nil {
		t.Fatal(err)
	}
	return mac
}

func wireHandle(t *testing.T, ns *nsenter.Namespace) *netlink.Handle {
	t.Helper()
	h, err := ns.Handle()
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func wireUp(t *testing.T, ns *nsenter.Namespace, dev, prefix string) netlink.Link {
	t.Helper()
	h := wireHandle(t, ns)
	link, err := h.LinkByName(dev)
	if err != nil {
		t.Fatalf("%s: %s: %v", ns.Name(), dev, err)
	}
	if prefix != "" {
		addr, err := netlink.ParseAddr(prefix)
		if err != nil {
			t.Fatal(err)
		}
		if err := h.AddrAdd(link, addr); err != nil {
			t.Fatalf("%s: add %s to %s: %v", ns.Name(), prefix, dev, err)
		}
	}
	if err := h.LinkSetUp(link); err != nil {
		t.Fatalf("%s: set %s up: %v", ns.Name(), dev, err)
	}
	return link
}

func wireCapture(t *testing.T, ns *nsenter.Namespace, filter Filter) *Tap {
	t.Helper()
	tap, err := Capture(ns, filter)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tap.Close)
	return tap
}

// wireEcho sends count echo requests of 56 bytes, seq 1 and up.
func wireEcho(t *testing.T, ns *nsenter.Namespace, dst netip.Addr, id, count int) {
	t.Helper()
	err := ns.Do(func() error {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_ICMP)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		for seq := 1; seq <= count; seq++ {
			m := icmp.Message{Type: ipv4.ICMPTypeEcho, Body: &icmp.Echo{ID: id, Seq: seq, Data: make([]byte, 56)}}
			data, err := m.Marshal(nil)
			if err != nil {
				return err
			}
			if err := unix.Sendto(fd, data, 0, &unix.SockaddrInet4{Addr: dst.As4()}); err != nil {
				return fmt.Errorf("seq %d: %w", seq, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatalf("%s: echo to %s: %v", ns.Name(), dst, err)
	}
}

// wireStamped waits until the kernel stamps frames when they pass, by some of its
// own. It turns that on a moment after the first socket asks (net_enable_timestamp),
// and off after the last; a frame before has the time of reading. The socket stays
// open for the tests that follow.
func wireStamped(t *testing.T) {
	t.Helper()
	ns, _ := wirePair(t)
	fd := -1
	err := ns.Do(func() (err error) {
		fd, err = openSocket(Filter{})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	data, control := make([]byte, wireSnapLength), make([]byte, 256)
	wirePoll(t, "the kernel stamps frames", func() bool {
		wireEcho(t, ns, wireAddrB, 1, 1)
		sent := time.Now()
		time.Sleep(5 * time.Millisecond)
		var frame Frame
		for {
			_, n, _, _, err := unix.Recvmsg(fd, data, control, 0)
			if err != nil {
				return !frame.At.IsZero() && frame.At.Before(sent.Add(5*time.Millisecond))
			}
			frame.readControl(control[:n])
		}
	})
}

// wireUntil reads frames up to and with the first that matches last.
func wireUntil(t *testing.T, frames <-chan Frame, last func(Frame) bool) []Frame {
	t.Helper()
	var seen []Frame
	deadline := time.After(10 * time.Second)
	for {
		select {
		case f, ok := <-frames:
			if !ok {
				t.Fatalf("the tap ended; seen:\n%s", wireLines(seen))
			}
			seen = append(seen, f)
			if last(f) {
				return seen
			}
		case <-deadline:
			t.Fatalf("the awaited frame did not come; seen:\n%s", wireLines(seen))
		}
	}
}

func wireLines(frames []Frame) (lines string) {
	for _, f := range frames {
		lines += f.Line() + "\n"
	}
	return lines
}

// wirePoll waits until the condition holds.
func wirePoll(t *testing.T, what string, condition func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(10 * time.Second)
	for !condition() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not within 10 s: %s", what)
		}
	}
}

func wireIsEchoReply(f Frame) bool { return f.Op == "echo reply" }
