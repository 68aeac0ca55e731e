package table

import (
	"bytes"
	"testing"
	"time"

	"nstutor/diag/attr"

	"golang.org/x/sys/unix"
)

// What rtnetlink sends is taken apart by hand: no message may end the program.
func FuzzNetlinkMessage(f *testing.F) {
	name := attr.Append(nil, unix.IFLA_IFNAME, []byte("eth0\x00"))
	dst := attr.Append(nil, unix.RTA_DST, []byte{10, 0, 0, 0})
	hops := attr.Append(nil, unix.RTA_MULTIPATH, []byte{8, 0, 0, 0, 2, 0, 0, 0})
	metrics := attr.Append(nil, unix.RTA_METRICS, attr.Append(nil, unix.RTAX_MTU, []byte{0xdc, 5, 0, 0}))
	f.Add(append(make([]byte, unix.SizeofIfInfomsg), name...))
	f.Add(append(append([]byte{unix.AF_INET, 8}, make([]byte, unix.SizeofRtMsg-2)...), bytes.Join([][]byte{dst, hops, metrics}, nil)...))
	f.Add(append([]byte{unix.AF_BRIDGE}, make([]byte, 40)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := &Reader{names: map[int]string{2: "eth0"}, links: []Link{{Index: 2, Name: "eth0"}}}
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
	})
}

func FuzzCounters(f *testing.F) {
	f.Add("Ip: Forwarding DefaultTTL\nIp: 1 64\n")
	f.Add("Tcp: MaxConn\nTcp: -1\n")
	f.Fuzz(func(t *testing.T, text string) { _ = Counters{}.add(text) })
}
