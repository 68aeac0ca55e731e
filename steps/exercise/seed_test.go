package exercise

import (
	"net/netip"
	"testing"
)

func TestASeedGivesNothingTwice(t *testing.T) {
	own := []netip.Prefix{netip.MustParsePrefix("192.168.6.0/24"), netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("169.254.0.0/16")}
	for n := range uint64(200) {
		r := NewSeed(n, "test")
		names := map[string]bool{}
		nets := append([]netip.Prefix(nil), own...)
		for range 20 {
			name := r.Name()
			if names[name] || len("veth-"+name) > 15 {
				t.Fatalf("seed %d: the name %q", n, name)
			}
			names[name] = true
			for _, s := range []Subnet{r.Subnet(), r.Cluster()} {
				for _, other := range nets {
					if s.Overlaps(other) || !s.Addr().IsPrivate() {
						t.Fatalf("seed %d: %s and %s", n, s, other)
					}
				}
				nets = append(nets, s.Prefix)
			}
		}
	}
}

func TestTheSameSeedGivesTheSame(t *testing.T) {
	all := func(n uint64, name string) string {
		r := NewSeed(n, name)
		return r.Name() + r.Subnet().String() + r.Cluster().Node(3).CIDR(7) + Pick(r, "a", "b", "c")
	}
	first := all(1, "x")
	if again := all(1, "x"); again != first {
		t.Errorf("the same seed gives %s and %s", first, again)
	}
	if first == all(2, "x") || first == all(1, "y") {
		t.Error("another seed, or another exercise, gives the same")
	}
}

func TestHostsAreCountedFromTheNetwork(t *testing.T) {
	s := Subnet{netip.MustParsePrefix("10.1.0.0/16")}
	if s.IP(258) != "10.1.1.2" || s.CIDR(7) != "10.1.0.7/16" || s.Node(3).CIDR(7) != "10.1.3.7/24" {
		t.Errorf("%s, %s, %s", s.IP(258), s.CIDR(7), s.Node(3).CIDR(7))
	}
}
