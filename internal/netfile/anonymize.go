package netfile

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/internal/replica"
)

// Anonymized is a network whose addresses and names are others, each the same
// everywhere: an address stays in its network, and keeps apart from others as it was.
// What may have one in it and cannot be read is left out, and said to be missing.
func (f File) Anonymized() File {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // which never fails
	return f.disguised(key)
}

// disguise is what stands for what.
type disguise struct {
	addrs addressMap
	names map[string]string // of devices
	marks map[string]string // of tables, chains, sets
	macs  map[[6]byte][]byte
	count map[string]int
	left  []replica.Omission
}

func (f File) disguised(key []byte) File {
	d := &disguise{addressMap{key: key}, map[string]string{}, map[string]string{}, map[[6]byte][]byte{}, map[string]int{}, nil}
	for _, s := range f.Network.Spaces {
		for _, p := range s.Prefixes() {
			d.addrs.keepEdges(p)
		}
	}
	spaces := map[string]string{}
	for _, s := range f.Network.Spaces {
		name := s.Name
		if name != "host" {
			name = fmt.Sprintf("ns%d", len(spaces)+1)
		}
		spaces[s.Name] = name
	}
	g := File{}
	if f.Asked != nil {
		a := *f.Asked
		a.From, a.Dest = spaces[a.From], d.addrs.of(a.Dest.WithZone("")).WithZone(d.device(a.Dest.Zone()))
		if a.Came != nil {
			c := *a.Came
			if c.From.IsValid() {
				c.From = d.addrs.of(c.From)
			}
			a.Came = &c
		}
		g.Asked = &a
	}
	for _, s := range f.Network.Spaces {
		d.left = nil
		new := d.space(s)
		new.Name = spaces[s.Name]
		g.Network.Spaces = append(g.Network.Spaces, new)
		for _, m := range d.left {
			m.Netns = new.Name
			if !slices.Contains(g.Network.Missing, m) {
				g.Network.Missing = append(g.Network.Missing, m)
			}
		}
	}
	for _, m := range f.Network.Missing {
		g.Network.Missing = append(g.Network.Missing, replica.Omission{Netns: spaces[m.Netns], What: m.What, Name: d.names[m.Name]})
	}
	return g
}

func (d *disguise) space(s replica.Space) replica.Space {
	new := replica.Space{Settings: s.Settings}
	for _, l := range s.Links {
		r, ok := linkRow.rowOf(l.Message)
		if !ok || !d.row(r) {
			d.leave(replica.Device, "")
			continue
		}
		l.Name, l.Message = d.device(l.Name), linkRow.message(r)
		new.Links = append(new.Links, l)
	}
	for _, t := range rows {
		to := t.in(&new)
		for _, message := range *t.in(&s) {
			if r, ok := t.of.rowOf(message); ok && d.row(r) {
				mask(t.of, r)
				*to = append(*to, t.of.message(r))
			} else {
				d.leave(replica.Route, "")
			}
		}
	}
	if len(s.Policies) > 0 {
		d.leave(replica.IPsec, "")
	}
	for _, t := range s.Legacy {
		d.leave(replica.Legacy, t.Name()) // all of which the kernel has named
	}
	new.Sets = d.sets(s.Sets)
	new.Filter = d.filter(s.Filter)
	for _, l := range s.Listeners {
		l.At = netip.AddrPortFrom(d.addrs.of(l.At.Addr()), l.At.Port())
		new.Listeners = append(new.Listeners, l)
	}
	return new
}

// leave notes what is left out.
func (d *disguise) leave(what replica.What, name string) {
	d.left = append(d.left, replica.Omission{What: what, Name: name})
}

// row replaces what is in a row's attributes, and reports whether all of them are
// understood.
func (d *disguise) row(r row) bool { return d.nodes(r.in) }

func (d *disguise) nodes(all []node) bool {
	for i := range all {
		n := &all[i]
		switch n.kind {
		case addr:
			n.value = d.addrs.of(attr.Addr(n.value)).AsSlice()
		case mac:
			n.value = d.mac(n.value)
		case dev:
			n.value = append([]byte(d.device(attr.String(n.value))), 0)
		case label:
			n.value = append([]byte(d.mark(attr.String(n.value))), 0)
		case raw:
			return false
		case nest, hops:
			if !d.nodes(n.in) {
				return false
			}
		}
	}
	return true
}

// mask takes away what an address has behind the prefix that the row gives it.
func mask(s *schema, r row) {
	for i, p := range s.head {
		to, ok := map[string]string{"dst-len": "dst", "src-len": "src"}[p.name]
		if !ok {
			continue
		}
		for j := range r.in {
			if n := &r.in[j]; n.name == to && n.kind == addr {
				if p, err := attr.Addr(n.value).Prefix(int(r.head[i])); err == nil {
					n.value = p.Addr().AsSlice()
				}
			}
		}
	}
}

// mac is another MAC address; that of nobody, and those of groups, stay.
func (d *disguise) mac(b []byte) []byte {
	if b[0]&1 != 0 || bytes.Equal(b, make([]byte, 6)) {
		return b
	}
	from := [6]byte(b)
	if d.macs[from] == nil {
		n := len(d.macs) + 1
		d.macs[from] = []byte{0x02, 0, 0, byte(n >> 16), byte(n >> 8), byte(n)}
	}
	return d.macs[from]
}

// stems are how devices begin to be called by programs, and not by people.
var stems = []string{"veth", "cali", "lxc", "eth", "eno", "ens", "enp", "wlan", "br-", "br", "docker", "cni", "flannel.", "vxlan.", "vxlan", "tunl", "tap", "tun", "wg", "bond", "dummy", "vnet", "kube-ipvs", "cilium_", "lo", "gre", "sit", "ip6tnl", "erspan", "gretap", "ip_vti", "ip6_vti", "ip6gre"}

// device is another name of a device. What is a stem and a small number says nothing.
func (d *disguise) device(name string) string {
	if name == "" {
		return ""
	}
	if d.names[name] == "" {
		d.names[name] = d.replace(name, stems, "dev")
	}
	return d.names[name]
}

// marks that say nothing of whose they are: of the kernel, and of well-known programs.
var marks = []string{"filter", "nat", "mangle", "raw", "security", "INPUT", "FORWARD", "OUTPUT", "PREROUTING", "POSTROUTING",
	"input", "forward", "output", "prerouting", "postrouting", "DOCKER-USER", "DOCKER-ISOLATION-STAGE-", "DOCKER-FORWARD", "DOCKER-CT", "DOCKER-BRIDGE", "DOCKER",
	"KUBE-SERVICES", "KUBE-NODEPORTS", "KUBE-POSTROUTING", "KUBE-FORWARD", "KUBE-MARK-MASQ", "KUBE-SVC-", "KUBE-SEP-", "KUBE-EXT-", "__set", "__map"}

func (d *disguise) mark(name string) string {
	if d.marks[name] == "" {
		d.marks[name] = d.replace(name, marks, "name")
	}
	return d.marks[name]
}

// replace is what stands for a name: the name itself where it is one of those known
// with at most three digits, else its beginning, if that is known, and a number.
func (d *disguise) replace(name string, known []string, other string) string {
	begin := other
	for _, k := range known {
		rest, ok := strings.CutPrefix(name, k)
		if ok && len(rest) <= 3 && strings.Trim(rest, "0123456789") == "" {
			return name
		}
		if ok && (begin == other || len(k) > len(begin)) {
			begin = k
		}
	}
	const first = 1000 // behind all that stays
	d.count[begin]++
	return fmt.Sprintf("%.*s%d", unix.IFNAMSIZ-8, begin, first+d.count[begin])
}
