package replica

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"

	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/internal/say"
)

// level brings the tables of the copy to where those of the network are.
func (b *builder) level() error {
	for i := range b.network.Spaces {
		b.configure(i)
		if err := b.reconcile(i, addrTable); err != nil {
			return err
		}
	}
	b.raise()
	if err := b.raiseWires(); err != nil {
		return err
	}
	for range 2 { // what stands on others, such as a bridge, has a carrier once they have one
		for i, s := range b.network.Spaces {
			if err := settle(b.copy.Spaces[i], s.Links); err != nil {
				return err
			}
		}
	}
	for i := range b.network.Spaces { // a carrier that comes opens a port again
		b.holdPorts(i)
		b.growTrees(i)
		b.copyTimers(i)
		if err := b.reconcile(i, addrTable); err != nil {
			return err
		}
	}
	b.awaitAddresses()
	for i := range b.network.Spaces {
		b.add(i, unix.RTM_NEWNEXTHOP, Route, b.network.Spaces[i].NextHops, nextHop)
		for _, t := range []kernelTable{routeTable, ruleTable} {
			if err := b.reconcile(i, t); err != nil {
				return err
			}
		}
		b.add(i, unix.RTM_NEWNEIGH, Neighbour, b.network.Spaces[i].Neighbours, neighbour)
		b.add(i, unix.RTM_NEWNEIGH, Neighbour, b.network.Spaces[i].FDB, b.forwarding(i))
		if err := say.Join(b.buildSets(i), b.buildFilter(i), b.buildLegacy(i), b.buildXFRM(i)); err != nil {
			return err
		}
	}
	return nil
}

// kernelTable is a table that the kernel fills in part by itself.
type kernelTable struct {
	what          What
	get, new, del uint16
	ask           []byte
	rows          func(Space) [][]byte
	// asked is a row as it is asked for and compared: without what the kernel only
	// tells; nil for one that nobody has made.
	asked func(row []byte) []byte
	// own reports whether a row is the kernel's own although the original has it not yet; nil: none is.
	own func(s Space, row []byte) bool
}

var (
	addrTable = kernelTable{Address, unix.RTM_GETADDR, unix.RTM_NEWADDR, unix.RTM_DELADDR, family(unix.SizeofIfAddrmsg, unix.AF_UNSPEC),
		Space.inOrder, address, nil}
	routeTable = kernelTable{Route, unix.RTM_GETROUTE, unix.RTM_NEWROUTE, unix.RTM_DELROUTE, family(unix.SizeofRtMsg, unix.AF_UNSPEC),
		func(s Space) [][]byte { return s.Routes }, route, Space.confirms}
	ruleTable = kernelTable{Rule, unix.RTM_GETRULE, unix.RTM_NEWRULE, unix.RTM_DELRULE, family(unix.SizeofRtMsg, unix.AF_UNSPEC),
		func(s Space) [][]byte { return s.Rules }, policyRule, nil}
)

// reconcile takes away what the kernel has put into a table and the original has
// not, and adds what is missing: a route whose next hop has no route yet waits for
// the others.
func (b *builder) reconcile(space int, t kernelTable) error {
	rows, err := b.conns[space].dump(t.get, t.ask)
	if err != nil {
		return err
	}
	have, want := asked(rows, t.asked), asked(t.rows(b.network.Spaces[space]), t.asked)
	for _, row := range have {
		if !slices.ContainsFunc(want, func(w []byte) bool { return bytes.Equal(w, row) }) && (t.own == nil || !t.own(b.network.Spaces[space], row)) {
			_ = b.conns[space].do(t.del, 0, row) // with an address its routes went
		}
	}
	missing := slices.DeleteFunc(want, func(row []byte) bool {
		return slices.ContainsFunc(have, func(h []byte) bool { return bytes.Equal(h, row) })
	})
	for len(missing) > 0 {
		var waiting [][]byte
		var last error
		for _, row := range missing {
			err := b.conns[space].do(t.new, unix.NLM_F_CREATE|unix.NLM_F_APPEND, row)
			if err != nil && !errors.Is(err, unix.EEXIST) {
				waiting, last = append(waiting, row), err
			}
		}
		if len(waiting) == len(missing) {
			for _, row := range waiting {
				if t.what == Route {
					last = b.addStranded(space, row)
				}
				if last != nil {
					b.miss(space, t.what, "", last)
				}
			}
			break
		}
		missing = waiting
	}
	return nil
}

// asked are the rows as they are asked for.
func asked(rows [][]byte, as func([]byte) []byte) (all [][]byte) {
	for _, row := range rows {
		if row = as(row); row != nil {
			all = append(all, row)
		}
	}
	return all
}

func address(row []byte) []byte {
	switch {
	case len(row) < unix.SizeofIfAddrmsg:
		return nil
	case row[0] == unix.AF_INET6:
		return address6(row)
	case row[0] != unix.AF_INET:
		return nil
	}
	head := slices.Clone(row[:unix.SizeofIfAddrmsg])
	rest := row[unix.SizeofIfAddrmsg:]
	// Which address is secondary is what their order says.
	flags := attr.Uint32(attr.Find(rest, unix.IFA_FLAGS)) &^ (unix.IFA_F_SECONDARY | unix.IFA_F_PERMANENT)
	head[2] = byte(flags)
	return attr.Number(append(head, attr.Without(rest, unix.IFA_CACHEINFO, unix.IFA_FLAGS)...), unix.IFA_FLAGS, flags)
}

// hopFlags are those of a next hop that somebody sets; fib_create_info() refuses
// the others.
const hopFlags = unix.RTNH_F_ONLINK | unix.RTNH_F_PERVASIVE

func route(row []byte) []byte {
	if len(row) < unix.SizeofRtMsg || row[0] != unix.AF_INET && row[0] != unix.AF_INET6 {
		return nil
	}
	if kind := row[7]; row[0] == unix.AF_INET6 && (kind == unix.RTN_MULTICAST || kind == unix.RTN_ANYCAST) {
		return nil // which are a device's and an address's own
	}
	head, rest := slices.Clone(row[:unix.SizeofRtMsg]), row[unix.SizeofRtMsg:]
	flags := binary.NativeEndian.Uint32(head[8:])
	if flags&unix.RTM_F_CLONED != 0 {
		return nil
	}
	binary.NativeEndian.PutUint32(head[8:], flags&hopFlags)
	const nhID = 30 // RTA_NH_ID
	drop := []uint16{unix.RTA_CACHEINFO, unix.RTA_MULTIPATH}
	if attr.Find(rest, nhID) != nil {
		// The object says where to; to say so twice is refused.
		drop = append(drop, unix.RTA_OIF, unix.RTA_GATEWAY, unix.RTA_VIA, unix.RTA_ENCAP, unix.RTA_ENCAP_TYPE)
		return append(head, attr.Without(rest, drop...)...)
	}
	body := append(head, attr.Without(rest, drop...)...)
	if hops := attr.Find(rest, unix.RTA_MULTIPATH); hops != nil {
		hops = slices.Clone(hops)
		for b := hops; len(b) >= unix.SizeofRtNexthop; {
			size := int(binary.NativeEndian.Uint16(b))
			if size < unix.SizeofRtNexthop || size > len(b) {
				break
			}
			b[2] &= hopFlags
			b = b[min(attr.Align(size), len(b)):]
		}
		body = attr.Append(body, unix.RTA_MULTIPATH, hops)
	}
	return body
}

func policyRule(row []byte) []byte {
	if len(row) < unix.SizeofRtMsg || row[0] != unix.AF_INET && row[0] != unix.AF_INET6 {
		return nil
	}
	head := slices.Clone(row[:unix.SizeofRtMsg])
	const permanent, invert = 1, 2 // FIB_RULE_*
	binary.NativeEndian.PutUint32(head[8:], binary.NativeEndian.Uint32(head[8:])&(permanent|invert))
	return append(head, row[unix.SizeofRtMsg:]...)
}

// sizeofNhmsg is the length of struct nhmsg.
const sizeofNhmsg = 8

// nextHop is struct nhmsg and what it is to be.
func nextHop(row []byte) []byte {
	if len(row) < sizeofNhmsg {
		return nil
	}
	head := slices.Clone(row[:sizeofNhmsg])
	head[1] = 0 // the scope, which is not to be said
	binary.NativeEndian.PutUint32(head[4:], binary.NativeEndian.Uint32(head[4:])&hopFlags)
	const fdb, resilient, told = 11, 12, 4 // NHA_FDB, NHA_RES_GROUP, NHA_RES_GROUP_UNBALANCED_TIME
	if buckets := attr.Find(row[sizeofNhmsg:], resilient); buckets != nil {
		head = attr.Nest(head, resilient, attr.Without(buckets, told))
	}
	return append(head, attr.Only(row[sizeofNhmsg:], unix.NHA_ID, fdb, unix.NHA_GROUP, unix.NHA_GROUP_TYPE, unix.NHA_BLACKHOLE, unix.NHA_OIF,
		unix.NHA_GATEWAY, unix.NHA_ENCAP_TYPE, unix.NHA_ENCAP)...)
}

// neighbour is an entry that has an answer: what is being asked for is asked for anew. One
// that is to be confirmed waits until somebody sends: asking moves entries of bridges.
func neighbour(row []byte) []byte {
	if len(row) < unix.SizeofNdMsg {
		return nil
	}
	state, proxy := binary.NativeEndian.Uint16(row[8:]), row[10]&unix.NTF_PROXY != 0
	const answered = unix.NUD_REACHABLE | unix.NUD_STALE | unix.NUD_DELAY | unix.NUD_PROBE | unix.NUD_PERMANENT
	if !proxy && state&answered == 0 {
		return nil
	}
	head := slices.Clone(row[:unix.SizeofNdMsg])
	if state&(unix.NUD_DELAY|unix.NUD_PROBE) != 0 {
		binary.NativeEndian.PutUint16(head[8:], unix.NUD_STALE)
	}
	return append(head, attr.Without(row[unix.SizeofNdMsg:], unix.NDA_CACHEINFO, unix.NDA_PROBES)...)
}

// forwarding picks the entries of the forwarding database that are no device's own.
func (b *builder) forwarding(space int) func([]byte) []byte {
	bridged := map[int]bool{}
	for _, l := range b.network.Spaces[space].Links {
		bridged[l.Index] = l.Kind == "vxlan" || isPort(l) || l.Kind == "bridge"
	}
	return func(row []byte) []byte {
		if len(row) < unix.SizeofNdMsg || !bridged[indexOf(row)] {
			return nil
		}
		mac := attr.Find(row[unix.SizeofNdMsg:], unix.NDA_LLADDR)
		const local = unix.NUD_PERMANENT
		own := binary.NativeEndian.Uint16(row[8:])&local != 0 && attr.Find(row[unix.SizeofNdMsg:], unix.NDA_DST) == nil
		if len(mac) == 0 || mac[0]&1 != 0 || own && b.ownMAC(space, mac) {
			return nil
		}
		return bridgeEntry(row)
	}
}

// bridgeEntry is an entry of a forwarding database as it is asked for.
func bridgeEntry(row []byte) []byte {
	entry := append(slices.Clone(row[:unix.SizeofNdMsg]), attr.Without(row[unix.SizeofNdMsg:], unix.NDA_CACHEINFO, unix.NDA_PROBES)...)
	if attr.Find(row[unix.SizeofNdMsg:], unix.NDA_MASTER) != nil && entry[10] != 0 && entry[10]&unix.NTF_SELF == 0 {
		entry[10] |= unix.NTF_MASTER // without any flag it is the bridge's; with others that has to be said (rtnl_fdb_add())
	}
	return entry
}

func (b *builder) ownMAC(space int, mac []byte) bool {
	return slices.ContainsFunc(b.network.Spaces[space].Links, func(l Link) bool { return bytes.Equal(l.attr(unix.IFLA_ADDRESS), mac) })
}

// add adds rows to a table that is empty but for what may be there already.
func (b *builder) add(space int, new uint16, what What, rows [][]byte, as func([]byte) []byte) {
	for _, row := range asked(rows, as) {
		flags := uint16(unix.NLM_F_CREATE | unix.NLM_F_REPLACE)
		if row[0] == unix.AF_BRIDGE {
			flags = unix.NLM_F_CREATE | unix.NLM_F_APPEND
		}
		if err := b.conns[space].do(new, flags, row); err != nil && !errors.Is(err, unix.EEXIST) {
			b.miss(space, what, "", err)
		}
	}
}
