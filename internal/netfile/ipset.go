package netfile

import (
	"slices"
	"strconv"

	"github.com/vishvananda/netlink/nl"

	"nstutor/diag/netfilter/ipset"
	"nstutor/internal/replica"
)

// setAddr is an address in an ipset: a nest of one, by its family.
var setAddr = &schema{closed: true, fields: []field{{id: nl.IPSET_ATTR_IPADDR_IPV4, name: "v4", kind: addr}, {id: nl.IPSET_ATTR_IPADDR_IPV6, name: "v6", kind: addr}}}

// ipsetRow is what an ipset is made with; the numbers are those of <linux/netfilter/ipset/ip_set.h>.
var ipsetRow = &schema{closed: true, fields: []field{
	{id: nl.IPSET_ATTR_SETNAME, name: "name", kind: label}, {id: nl.IPSET_ATTR_TYPENAME, name: "type", kind: word},
	{id: nl.IPSET_ATTR_REVISION, name: "revision", kind: number}, {id: nl.IPSET_ATTR_FAMILY, name: "family", kind: number},
	{id: nl.IPSET_ATTR_DATA, name: "data", kind: nest, in: &schema{fields: []field{
		{id: 1, name: "from", kind: nest, in: setAddr}, {id: 2, name: "to", kind: nest, in: setAddr}, {id: 3, name: "prefixlen", kind: number},
		inNetworkOrder(4, "port"), inNetworkOrder(5, "port-to"), inNetworkOrder(6, "timeout"), inNetworkOrder(8, "flags"), inNetworkOrder(11, "markmask"),
		{id: 12, name: "bitmask", kind: nest, in: setAddr}, inNetworkOrder(17, "initval"), inNetworkOrder(18, "hashsize"), inNetworkOrder(19, "maxelem"),
		{id: 20, name: "netmask", kind: number}, {id: 21, name: "bucketsize", kind: number}, inNetworkOrder(23, "size"),
	}}},
}}

// ipsetEntry is an entry of the ipset in the line above it. What expires in it does not in a copy.
var ipsetEntry = &schema{fields: []field{
	{id: 1, name: "ip", kind: nest, in: setAddr}, {id: 2, name: "ip-to", kind: nest, in: setAddr}, {id: 3, name: "prefixlen", kind: number},
	inNetworkOrder(4, "port"), inNetworkOrder(5, "port-to"), {id: 7, name: "proto", kind: number}, inNetworkOrder(8, "flags"), inNetworkOrder(10, "mark"),
	{id: 17, name: "mac", kind: mac}, {id: 18, name: "set", kind: label}, {id: 20, name: "ip2", kind: nest, in: setAddr},
	{id: 21, name: "prefixlen2", kind: number}, {id: 22, name: "ip2-to", kind: nest, in: setAddr}, {id: 23, name: "dev", kind: dev},
	{id: 26, name: "note", kind: word}, inNetworkOrder(27, "skbmark"), inNetworkOrder(28, "skbprio"), inNetworkOrder(29, "skbqueue"),
}}

// readSet reads a line of a set: its index, and what it is made with.
func readSet(s *replica.Space, words []string) error {
	if len(words) == 0 {
		return unknown("ipset")
	}
	index, err := strconv.ParseUint(words[0], 10, 16)
	if err != nil || index >= mostSets || len(s.Sets) == mostSets {
		return unknown(words[0])
	}
	r, err := ipsetRow.heard(words[1:])
	if err != nil {
		return err
	}
	set := ipset.Set{Index: uint16(index), Attrs: ipsetRow.message(r)}
	if set.Name() == "" || slices.ContainsFunc(s.Sets, func(other ipset.Set) bool { return other.Index == set.Index || other.Name() == set.Name() }) {
		return unknown(words[0])
	}
	s.Sets = append(s.Sets, set)
	return nil
}

func readEntry(s *replica.Space, words []string) error {
	r, err := ipsetEntry.heard(words)
	if err != nil || len(s.Sets) == 0 {
		return unknown("ipset-entry")
	}
	set := &s.Sets[len(s.Sets)-1]
	set.Entries = append(set.Entries, ipsetEntry.message(r))
	return nil
}

// sets replaces what is in ipsets. One with a range of addresses, or with anything that
// nobody here understands, is left out: no other range has the same addresses in it.
func (d *disguise) sets(all []ipset.Set) (new []ipset.Set) {
	for _, set := range all {
		r, _ := ipsetRow.rowOf(set.Attrs)
		name := d.mark(wordIn(r.in, "name"))
		entries, ok := d.entries(set.Entries)
		if data := find(r.in, "data"); !ok || data != nil && (find(data.in, "from") != nil || find(data.in, "bitmask") != nil) || !d.row(r) {
			d.leave(replica.Sets, name)
			continue
		}
		new = append(new, ipset.Set{Index: set.Index, Attrs: ipsetRow.message(r), Entries: entries})
	}
	return new
}

func (d *disguise) entries(all [][]byte) (new [][]byte, ok bool) {
	for _, entry := range all {
		r, _ := ipsetEntry.rowOf(entry)
		r.in = slices.DeleteFunc(r.in, func(n node) bool { return n.name == "note" })
		if find(r.in, "ip-to") != nil || find(r.in, "ip2-to") != nil || !d.row(r) {
			return nil, false
		}
		new = append(new, ipsetEntry.message(r))
	}
	return new, true
}
