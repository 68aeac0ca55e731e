package machine

import (
	"encoding/binary"
	"net"
	"net/netip"
	"testing"
	"time"

	"nstutor/internal/lab/labtest"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// TestARPAnswersAreWhatTheKernelGives sends the request that each prediction is
// about from a to r's left.
func TestARPAnswersAreWhatTheKernelGives(t *testing.T) {
	labtest.Slow(t)
	proxy := func(q *queryBed) { q.conf(q.r, "left", "proxy_arp", "1") }
	with := func(steps ...func(q *queryBed)) func(q *queryBed) {
		return func(q *queryBed) {
			for _, step := range steps {
				step(q)
			}
		}
	}
	leftConf := func(key, value string) func(q *queryBed) {
		return func(q *queryBed) { q.conf(q.r, "left", key, value) }
	}
	allConf := func(key, value string) func(q *queryBed) {
		return func(q *queryBed) { q.conf(q.r, "all", key, value) }
	}
	unnumbered := func(q *queryBed) { q.unnumber("left") }
	senderElsewhere := func(q *queryBed) { q.byDev(q.r, "10.1.0.2/32", "right") }
	reject := func(kind int) func(q *queryBed) {
		return func(q *queryBed) { q.typed(q.r, "10.2.0.2/32", kind) }
	}
	for _, c := range []struct {
		name   string
		target string
		set    func(q *queryBed)
		answer string // By, or Why
	}{
		{"owner", "10.1.0.1", nil, ARPOwner},
		{"owner by another device", "10.2.0.1", nil, ARPOwner},
		{"owner, although nothing is forwarded", "10.2.0.1", leftConf("forwarding", "0"), ARPOwner},
		{"proxy", "10.2.0.2", proxy, ARPProxy},
		{"proxy by all", "10.2.0.2", allConf("proxy_arp", "1"), ARPProxy},
		{"proxy off", "10.2.0.2", nil, ARPProxyOff},
		{"proxy off, and nothing is forwarded", "10.2.0.2", leftConf("forwarding", "0"), ARPProxyOff},
		{"nobody's", "10.1.0.77", nil, ARPNotMine},
		{"nobody's, without a route", "10.9.0.1", nil, ARPNotMine},
		{"forwarding off", "10.2.0.2", with(proxy, leftConf("forwarding", "0")), ARPForwardingOff},
		{"no route", "10.9.0.1", proxy, ARPNoRoute},
		{"same device", "10.1.0.77", proxy, ARPSameDevice},
		{"same device with proxy_arp_pvlan", "10.1.0.77", leftConf("proxy_arp_pvlan", "1"), ARPProxy},
		{"proxy_arp_pvlan is for the same device only", "10.2.0.2", leftConf("proxy_arp_pvlan", "1"), ARPProxyOff},
		{"same medium", "10.2.0.2", with(proxy, leftConf("medium_id", "7"), func(q *queryBed) { q.conf(q.r, "right", "medium_id", "7") }), ARPSameDevice},
		{"other medium", "10.2.0.2", with(proxy, leftConf("medium_id", "7"), func(q *queryBed) { q.conf(q.r, "right", "medium_id", "8") }), ARPProxy},
		{"blackhole", "10.2.0.2", with(proxy, reject(unix.RTN_BLACKHOLE)), ARPRejectRoute},
		{"unreachable", "10.2.0.2", with(proxy, reject(unix.RTN_UNREACHABLE)), ARPRejectRoute},
		{"prohibit", "10.2.0.2", with(proxy, reject(unix.RTN_PROHIBIT)), ARPRejectRoute},
		{"throw, with nothing after it", "10.9.0.1", with(proxy, func(q *queryBed) { q.typed(q.r, "10.9.0.1/32", unix.RTN_THROW) }), ARPRejectRoute},
		{"published", "10.2.0.2", func(q *queryBed) { q.publish("10.2.0.2") }, ARPProxy},
		{"published, nothing is forwarded", "10.2.0.2", with(func(q *queryBed) { q.publish("10.2.0.2") }, leftConf("forwarding", "0")), ARPForwardingOff},
		{"rp_filter strict", "10.2.0.2", with(proxy, senderElsewhere, leftConf("rp_filter", "1")), ARPRPFilter},
		{"rp_filter strict, owner", "10.1.0.1", with(senderElsewhere, allConf("rp_filter", "1")), ARPRPFilter},
		{"rp_filter loose", "10.2.0.2", with(proxy, senderElsewhere, leftConf("rp_filter", "2")), ARPProxy},
		{"rp_filter strict, nobody asked for proxying", "10.1.0.77", with(senderElsewhere, leftConf("rp_filter", "1")), ARPNotMine},
		{"rp_filter loose, unnumbered device without a host route", "10.2.0.2", with(proxy, unnumbered, leftConf("rp_filter", "2")), ARPRPFilter},
		{"rp_filter loose, unnumbered device with a host route", "10.2.0.2", with(proxy, unnumbered, leftConf("rp_filter", "2"), func(q *queryBed) { q.byDev(q.r, "10.1.0.2/32", "left") }), ARPProxy},
		{"unnumbered device, nothing is filtered", "10.2.0.2", with(proxy, unnumbered), ARPProxy},
		{"the sender is r itself", "10.1.0.1", func(q *queryBed) { q.addr(q.r.NS, "lo", "10.1.0.2/32") }, ARPMartian},
		{"arp_ignore 1, address of another device", "10.2.0.1", leftConf("arp_ignore", "1"), ARPIgnore},
		{"arp_ignore 1, own address", "10.1.0.1", allConf("arp_ignore", "1"), ARPOwner},
		{"arp_ignore 1 does not touch the proxy", "10.2.0.2", with(proxy, allConf("arp_ignore", "1")), ARPProxy},
		{"arp_ignore 2, sender in another subnet", "10.1.7.1", with(func(q *queryBed) { q.addr(q.r.NS, "left", "10.1.7.1/24") }, leftConf("arp_ignore", "2")), ARPIgnore},
		{"arp_ignore 2, sender in the subnet", "10.1.0.1", leftConf("arp_ignore", "2"), ARPOwner},
		{"arp_ignore 3, scope host", "10.3.0.1", with(hostScope, leftConf("arp_ignore", "3")), ARPIgnore},
		{"arp_ignore 3, scope global", "10.2.0.1", leftConf("arp_ignore", "3"), ARPOwner},
		{"arp_ignore 8", "10.1.0.1", leftConf("arp_ignore", "8"), ARPIgnore},
		{"arp_filter", "10.1.0.1", with(senderElsewhere, leftConf("arp_filter", "1")), ARPFilter},
		{"arp_filter, the way back is here", "10.1.0.1", leftConf("arp_filter", "1"), ARPOwner},
		{"device without ARP", "10.1.0.1", func(q *queryBed) { q.must(q.handle(q.r.NS).LinkSetARPOff(q.link(q.r.NS, "left"))) }, ARPNoARP},
	} {
		t.Run(c.name, func(t *testing.T) {
			q := newQueryBed(t)
			if c.set != nil {
				c.set(q)
			}
			q.compareARP(c.target, "10.1.0.2", c.answer)
		})
	}
}

// TestARPProbesAreAnsweredByOwnersOnly sends requests from 0.0.0.0, as those do
// who are about to take an address (RFC 5227).
func TestARPProbesAreAnsweredByOwnersOnly(t *testing.T) {
	q := newQueryBed(t)
	q.conf(q.r, "left", "proxy_arp", "1")
	q.compareARP("10.1.0.1", "0.0.0.0", ARPOwner)
	q.compareARP("10.2.0.2", "0.0.0.0", ARPNotMine)
}

func hostScope(q *queryBed) {
	addr, err := netlink.ParseAddr("10.3.0.1/32")
	q.must(err)
	addr.Scope = unix.RT_SCOPE_HOST
	q.must(q.handle(q.r.NS).AddrAdd(q.link(q.r.NS, "lo"), addr))
}

// publish does `ip neigh add proxy ADDR dev left` in r.
func (q *queryBed) publish(addr string) {
	q.t.Helper()
	q.must(q.handle(q.r.NS).NeighAdd(&netlink.Neigh{
		LinkIndex: q.index(q.r, "left"), IP: net.ParseIP(addr), Flags: netlink.NTF_PROXY, State: netlink.NUD_PERMANENT,
	}))
}

// compareARP predicts r's answer, and then asks.
func (q *queryBed) compareARP(target, sender, want string) {
	q.t.Helper()
	left, err := q.r.Link("left")
	q.must(err)
	got := q.r.answersARP(left, ip4(target), ip4(sender))
	if got.By+got.Why != want || got.Yes != (got.By != "") || len(got.Evidence) == 0 && !got.Yes && want != ARPNotMine {
		q.t.Errorf("predicted %+v, want %s", got, want)
	}
	mac := q.askARP(ip4(target), ip4(sender))
	if (mac != nil) != got.Yes || mac.String() != got.MAC.String() {
		q.t.Errorf("predicted %+v, but the answer was %q", got, mac)
	}
}

// askARP broadcasts a request out of a's eth0 and returns who answers, if
// anybody does within a while.
func (q *queryBed) askARP(target, sender netip.Addr) net.HardwareAddr {
	q.t.Helper()
	eth0 := q.link(q.a.NS, "eth0").Attrs()
	protocol := binary.NativeEndian.Uint16([]byte{unix.ETH_P_ARP >> 8, unix.ETH_P_ARP & 0xff})
	var fd int
	q.must(q.a.NS.Do(func() (err error) {
		fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, int(protocol))
		return err
	}))
	defer unix.Close(fd)
	q.must(unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: protocol, Ifindex: eth0.Index}))

	request := []byte{0, 1, 8, 0, 6, 4, 0, 1}
	request = append(append(request, eth0.HardwareAddr...), sender.AsSlice()...)
	request = append(append(request, make([]byte, 6)...), target.AsSlice()...)
	to := &unix.SockaddrLinklayer{Protocol: protocol, Ifindex: eth0.Index, Halen: 6, Addr: [8]byte{255, 255, 255, 255, 255, 255}}
	if err := unix.Sendto(fd, request, 0, to); err != nil && err != unix.ENETDOWN {
		q.t.Fatal(err)
	}
	for end := time.Now().Add(150 * time.Millisecond); time.Now().Before(end); {
		wait := unix.NsecToTimeval(max(time.Until(end), time.Millisecond).Nanoseconds())
		q.must(unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &wait))
		answer := make([]byte, 128)
		n, _, err := unix.Recvfrom(fd, answer, 0)
		if err == nil && n >= 28 && answer[7] == 2 && netip.AddrFrom4([4]byte(answer[14:18])) == target {
			return net.HardwareAddr(answer[8:14])
		}
	}
	return nil
}
