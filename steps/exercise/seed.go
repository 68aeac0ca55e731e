package exercise

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net/netip"
	"slices"
)

// Seed decides what varies in an exercise. Nothing that it gives is given twice.
type Seed struct {
	*rand.Rand
	names   []string
	subnets []netip.Prefix
}

// NewSeed is the seed of one exercise: exercises with the same number differ.
func NewSeed(seed uint64, exercise string) *Seed {
	h := fnv.New64a()
	h.Write([]byte(exercise))
	return &Seed{Rand: rand.New(rand.NewPCG(seed, h.Sum64()))}
}

// Pick is one of the choices.
func Pick[T any](r *Seed, choices ...T) T { return choices[r.IntN(len(choices))] }

// podNames are what namespaces of pods are called when nobody says otherwise.
var podNames = []string{
	"shop", "cart", "orders", "search", "users", "mail", "pay", "stock", "blog", "wiki", "chat", "photos", "login", "reports", "maps", "news",
}

// Name is one of the pool that was not given yet, or of a pool of pods' names.
func (r *Seed) Name(pool ...string) string {
	if len(pool) == 0 {
		pool = podNames
	}
	left := slices.DeleteFunc(slices.Clone(pool), func(s string) bool { return slices.Contains(r.names, s) })
	if len(left) == 0 {
		left = []string{fmt.Sprintf("%s%d", pool[0], len(r.names))}
	}
	name := left[r.IntN(len(left))]
	r.names = append(r.names, name)
	return name
}

// Subnet is a private /24 that overlaps with no other one, nor with the lab's
// own networks.
func (r *Seed) Subnet() Subnet {
	for {
		text := fmt.Sprintf("10.%d.%d.0/24", 1+r.IntN(254), r.IntN(256))
		if r.IntN(3) == 0 {
			text = fmt.Sprintf("172.%d.%d.0/24", 18+r.IntN(14), r.IntN(256))
		}
		p := netip.MustParsePrefix(text)
		if !slices.ContainsFunc(r.subnets, p.Overlaps) {
			r.subnets = append(r.subnets, p)
			return Subnet{p}
		}
	}
}

// Cluster is a private /16 for all pods of a cluster, of which Node takes /24s.
func (r *Seed) Cluster() Subnet {
	for {
		p := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(1 + r.IntN(254)), 0, 0}), 16)
		if !slices.ContainsFunc(r.subnets, p.Overlaps) {
			r.subnets = append(r.subnets, p)
			return Subnet{p}
		}
	}
}

// Subnet is an IPv4 network whose hosts are counted.
type Subnet struct{ netip.Prefix }

// IP is the address of host number i, as text.
func (s Subnet) IP(i int) string {
	a := s.Masked().Addr().As4()
	n := uint32(a[0])<<24 | uint32(a[1])<<16 | uint32(a[2])<<8 | uint32(a[3])
	n += uint32(i)
	return netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}).String()
}

// CIDR is the address of host number i with the network's length: 10.1.2.10/24.
func (s Subnet) CIDR(i int) string { return fmt.Sprintf("%s/%d", s.IP(i), s.Bits()) }

// Node is the /24 number i of a /16.
func (s Subnet) Node(i int) Subnet {
	return Subnet{netip.MustParsePrefix(s.IP(i*256) + "/24")}
}

// Hosts are n different numbers of hosts, from 10 to 250.
func (r *Seed) Hosts(n int) []int {
	all := r.Perm(241)[:n]
	for i := range all {
		all[i] += 10
	}
	return all
}
