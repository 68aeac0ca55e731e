package drop

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/nftables"

	"nstutor/diag/probe"
	"nstutor/internal/lab/labtest"
	"nstutor/internal/nsenter"
)

// faulty is one way for a packet from c to die, and what the kernel says of it.
type faulty struct {
	name   string
	set    func(w *labtest.Trio) bool // it says false when it cannot be done here; nil: nothing to do
	flow   Flow
	send   func(w *labtest.Trio) // nil: a ping to s
	reason []string              // in one version or another
	where  func(w *labtest.Trio) *nsenter.Namespace
	device string
}

func inC(w *labtest.Trio) *nsenter.Namespace { return w.C }
func inR(w *labtest.Trio) *nsenter.Namespace { return w.R }
func inS(w *labtest.Trio) *nsenter.Namespace { return w.S }

func done(do func(w *labtest.Trio)) func(w *labtest.Trio) bool {
	return func(w *labtest.Trio) bool { do(w); return true }
}

var filtered = []string{"NETFILTER_DROP"}

var faults = []faulty{
	{"nft on the way", done(func(w *labtest.Trio) { dropFrom(w, w.R, nftables.ChainHookForward, addrC) }), pingCS, nil, filtered, inR, "left"},
	{"nft before routing", done(func(w *labtest.Trio) { dropFrom(w, w.R, nftables.ChainHookPrerouting, addrC) }), pingCS, nil, filtered, inR, "left"},
	{"nft behind routing", done(func(w *labtest.Trio) { dropFrom(w, w.R, nftables.ChainHookPostrouting, addrC) }), pingCS, nil, filtered, inR, "right"},
	{"nft at the destination", done(func(w *labtest.Trio) { dropFrom(w, w.S, nftables.ChainHookInput, addrC) }), pingCS, nil, filtered, inS, "eth0"},
	{"nft at the source", done(func(w *labtest.Trio) { dropFrom(w, w.C, nftables.ChainHookOutput, addrC) }), pingCS, nil, filtered, inC, "eth0"},
	{"nft for the reply", done(func(w *labtest.Trio) { dropFrom(w, w.R, nftables.ChainHookForward, addrS) }), pingCS.Reply(), nil, filtered, inR, "right"},
	{"iptables on the way", func(w *labtest.Trio) bool {
		return iptables(w, w.R, "-I", "FORWARD", "-s", addrC.String(), "-j", "DROP")
	}, pingCS, nil, filtered, inR, "left"},
	{"rp_filter", done(func(w *labtest.Trio) {
		w.Addr(w.C, "lo", "10.9.0.1/32")
		ping(w.T, w.C, probe.Echo{Dst: addrS, Timeout: time.Second}) // r does not answer who asks for it with the other address
		w.Sysctl(w.R, "net/ipv4/conf/left/rp_filter", "1")
	}), Flow{Src: labtest.Addr("10.9.0.1"), Dst: addrS}, func(w *labtest.Trio) {
		ping(w.T, w.C, probe.Echo{Dst: addrS, Src: labtest.Addr("10.9.0.1")})
	}, []string{"IP_RPFILTER"}, inR, "left"},
	{"no route", nil, Flow{Src: addrC, Dst: labtest.Addr("10.9.0.9")}, func(w *labtest.Trio) {
		ping(w.T, w.C, probe.Echo{Dst: labtest.Addr("10.9.0.9")})
	}, []string{"IP_INNOROUTES"}, inR, "left"},
	{"forwarding off", done(func(w *labtest.Trio) { w.Sysctl(w.R, "net/ipv4/ip_forward", "0") }), pingCS, nil, []string{"IP_INADDRERRORS"}, inR, "left"},
	{"TTL", nil, pingCS, func(w *labtest.Trio) {
		ping(w.T, w.C, probe.Echo{Dst: addrS, TTL: 1})
	}, []string{"IP_INHDR", "TTL_EXCEEDED"}, inR, "left"},
	{"too large", done(func(w *labtest.Trio) { w.MTU(w.R, "right", 1000) }), pingCS, func(w *labtest.Trio) {
		ping(w.T, w.C, probe.Echo{Dst: addrS, Size: 1200, DF: true})
	}, []string{"PKT_TOO_BIG"}, inR, "left"},
	{"a port of UDP without a socket", nil, udpCS, func(w *labtest.Trio) {
		send(w.T, w.C, 0, netip.AddrPortFrom(addrS, 9))
	}, []string{"NO_SOCKET"}, inS, "eth0"},
	{"a port of TCP without a socket", nil, Flow{Src: addrC, Dst: addrS, Proto: 6, DstPort: 81}, func(w *labtest.Trio) {
		connect(w.T, w.C, netip.AddrPortFrom(addrS, 81))
	}, []string{"NO_SOCKET"}, inS, "eth0"},
	{"a neighbour that is not there", nil, Flow{Src: addrC, Dst: labtest.Addr("10.1.0.77")}, func(w *labtest.Trio) {
		ping(w.T, w.C, probe.Echo{Dst: labtest.Addr("10.1.0.77"), Timeout: time.Second})
	}, []string{"NEIGH_FAILED"}, inC, "eth0"},
	{"a neighbour behind the router that is not there", nil, Flow{Src: addrC, Dst: labtest.Addr("10.2.0.77")}, func(w *labtest.Trio) {
		ping(w.T, w.C, probe.Echo{Dst: labtest.Addr("10.2.0.77"), Timeout: time.Second})
	}, []string{"NEIGH_FAILED"}, inR, "right"},
	{"the answer of a port that is not there", done(func(w *labtest.Trio) { dropFrom(w, w.R, nftables.ChainHookForward, addrS) }), udpCS, func(w *labtest.Trio) {
		send(w.T, w.C, 0, netip.AddrPortFrom(addrS, 9))
	}, filtered, inR, "right"},
}

func TestTheKernelSaysWhyAndWhere(t *testing.T) {
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			w := labtest.NewTrio(t)
			if f.set != nil && !f.set(w) {
				return
			}
			d, ok := watch(t, f.flow)
			if !ok {
				return
			}
			if f.send == nil {
				ping(t, w.C, probe.Echo{Dst: addrS})
			} else {
				f.send(w)
			}
			reason := func(d Drop) bool { return slices.Contains(f.reason, d.Reason.Name) }
			all := heard(w, d, 1, reason)
			found := slices.IndexFunc(all, reason)
			if found < 0 {
				t.Fatalf("got %+v, want the reason %v", all, f.reason)
			}
			got, where := all[found], f.where(w)
			if got.Netns != where.Inode() || got.Device != f.device || got.Ifindex != index(t, where, f.device) {
				t.Errorf("it is said to be at %s (%d) in %d; want %s in %d: %+v", got.Device, got.Ifindex, got.Netns, f.device, where.Inode(), got)
			}
			if got.Meaning() != Dropped || got.Reason.Number == 0 || got.Function == "" || got.Location == 0 {
				t.Errorf("reason %+v in %s at %x", got.Reason, got.Function, got.Location)
			}
		})
	}
}
