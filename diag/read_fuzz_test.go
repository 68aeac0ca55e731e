package diag

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// What rtnetlink sends is taken apart by hand: no message may end the program.
func FuzzNetlinkMessage(f *testing.F) {
	name := appendAttr(nil, unix.IFLA_IFNAME, []byte("eth0\x00"))
	dst := appendAttr(nil, unix.RTA_DST, []byte{10, 0, 0, 0})
	hops := appendAttr(nil, unix.RTA_MULTIPATH, []byte{8, 0, 0, 0, 2, 0, 0, 0})
	metrics := appendAttr(nil, unix.RTA_METRICS, appendAttr(nil, unix.RTAX_MTU, []byte{0xdc, 5, 0, 0}))
	f.Add(append(make([]byte, unix.SizeofIfInfomsg), name...))
	f.Add(append(append([]byte{unix.AF_INET, 8}, make([]byte, unix.SizeofRtMsg-2)...), bytes.Join([][]byte{dst, hops, metrics}, nil)...))
	f.Add(append([]byte{unix.AF_BRIDGE}, make([]byte, 40)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := &snapReader{names: map[int]string{2: "eth0"}, links: []Link{{Index: 2, Name: "eth0"}}}
		if l, ok := parseLink(b); ok {
			_, _ = l.Link.Line(), l.Link.AddressLine()
		}
		if a, ok := r.parseAddr(b); ok {
			_ = a.Line()
		}
		if route, ok := r.parseRoute(b); ok {
			_ = route.Line()
		}
		if n, ok := r.parseNeighbour(b, time.Time{}); ok {
			_ = n.Line()
		}
		if len(b) >= unix.SizeofRtMsg {
			_ = parseRule(b).Line()
		}
		parseDevconf(b)
		concerned(b)
	})
}

func FuzzPingPacket(f *testing.F) {
	tag := newEchoTag(1)
	request, err := tag.request(56)
	if err != nil {
		f.Fatal(err)
	}
	header := append([]byte{0x45, 0, 0, 84, 0, 0, 0, 0, 64, 1, 0, 0}, make([]byte, 8)...)
	f.Add(request)
	f.Add(append(append([]byte{3, 4, 0, 0, 0, 0, 5, 0xdc}, header...), request...))
	f.Fuzz(func(t *testing.T, b []byte) {
		tag.matches(b, 0)
		if payload, _, ok := ipv4Payload(b); ok && len(payload) > len(b)-20 {
			t.Error("a payload longer than its packet leaves room for")
		}
		if echo, _, ok := quotedEcho(b); ok {
			tag.matches(echo, 8)
		}
		new(socketReport).addFault(b)
		new(Frame).readControl(b)
	})
}

func FuzzCounters(f *testing.F) {
	f.Add("Ip: Forwarding DefaultTTL\nIp: 1 64\n")
	f.Add("Tcp: MaxConn\nTcp: -1\n")
	f.Fuzz(func(t *testing.T, text string) { _ = Counters{}.add(text) })
}

func FuzzHosts(f *testing.F) {
	f.Add([]byte("127.0.0.1 localhost # here\n::1 localhost\n"), "localhost.")
	f.Fuzz(func(t *testing.T, text []byte, name string) {
		path := filepath.Join(t.TempDir(), "hosts")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if addr, ok := hostsAddress(path, name); ok && !addr.Is4() {
			t.Errorf("%s is %s, not an IPv4 address", name, addr)
		}
	})
}
