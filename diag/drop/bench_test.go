package drop

import (
	"net/netip"
	"testing"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"nstutor/internal/lab/labtest"
)

// BenchmarkWatch is a Watch and its end, when the kernel's types are known.
func BenchmarkWatch(b *testing.B) {
	for b.Loop() {
		w, ok := watch(b, pingCS, pingCS.Reply())
		if !ok {
			return
		}
		w.Close()
	}
}

// BenchmarkDrop is a datagram to a closed port of its own sender's, which the
// kernel drops and answers by ICMP: with nobody watching, with somebody watching
// others, and with somebody watching it. The program's own part is "ns/run".
func BenchmarkDrop(b *testing.B) {
	for _, c := range []struct {
		name  string
		flows []Flow
	}{
		{"unwatched", nil}, {"others watched", []Flow{pingCS, pingCS.Reply()}},
		{"watched", []Flow{{Dst: netip.AddrFrom4([4]byte{127, 0, 0, 1}), Proto: unix.IPPROTO_UDP}}},
	} {
		b.Run(c.name, func(b *testing.B) {
			ns := labtest.Netns(b, "bench")
			handle, err := ns.Handle()
			if err != nil {
				b.Fatal(err)
			}
			lo, err := handle.LinkByName("lo")
			if err == nil {
				err = handle.LinkSetUp(lo)
			}
			if err != nil {
				b.Fatal(err)
			}
			var w *Watcher
			if c.flows != nil {
				var ok bool
				if w, ok = watch(b, c.flows...); !ok {
					return
				}
				stats, err := ebpf.EnableStats(unix.BPF_STATS_RUN_TIME)
				if err != nil {
					b.Fatal(err)
				}
				defer stats.Close()
				go func() {
					for range w.Drops() {
					}
				}()
			}
			fd := socket(b, ns, unix.AF_INET, unix.SOCK_DGRAM)
			to := sockaddr(netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 9))
			for b.Loop() {
				_ = unix.Sendto(fd, nil, 0, to) // every other one is refused
			}
			if w == nil {
				return
			}
			s, err := w.program.Stats()
			if err != nil || s.RunCount == 0 {
				b.Fatal(s, err)
			}
			b.ReportMetric(float64(s.Runtime.Nanoseconds())/float64(s.RunCount), "ns/run")
		})
	}
}
