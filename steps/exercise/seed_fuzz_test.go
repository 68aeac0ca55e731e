package exercise

import (
	"net/netip"
	"testing"
)

// FuzzSeed: whatever the seed and the exercise are called, names are names of
// devices and given once, and so are networks and hosts.
func FuzzSeed(f *testing.F) {
	f.Add(uint64(0), "dead-veth", uint8(20))
	f.Add(^uint64(0), "\x00\xff", uint8(60))
	f.Fuzz(func(t *testing.T, number uint64, exercise string, count uint8) {
		r := NewSeed(number, exercise)
		names, nets := map[string]bool{}, []netip.Prefix{}
		for range count % 64 {
			name := r.Name()
			if names[name] || len("veth-"+name) > 15 || name == "" {
				t.Fatalf("seed %d of %q: the name %q", number, exercise, name)
			}
			names[name] = true
			net := r.Subnet()
			for _, other := range nets {
				if net.Overlaps(other) {
					t.Fatalf("seed %d of %q: %s and %s", number, exercise, net, other)
				}
			}
			nets = append(nets, net.Prefix)
			for _, host := range r.Hosts(int(count) % 240) {
				if addr := netip.MustParseAddr(net.IP(host)); !net.Contains(addr) || host < 10 || host > 250 {
					t.Fatalf("seed %d of %q: host %d of %s", number, exercise, host, net)
				}
			}
		}
	})
}
