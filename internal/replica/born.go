package replica

import (
	"encoding/binary"
	"slices"

	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/internal/say"
)

// moveIn makes room for the devices that the namespaces of the copy are born with, as lo and, once
// ipip, gre or sit is loaded, tunl0, gre0, sit0: nobody can delete them (ip_tunnel_dellink()), or
// give them another index. Where the original has the same device, that is it. The devices of the
// original whose indexes are taken get others, and what speaks of one by its index speaks of
// the new one.
func (b *builder) moveIn() error {
	spaces := slices.Clone(b.network.Spaces)
	moves := make([]map[int]int, len(spaces))
	for i, s := range spaces {
		born, err := readLinks(b.conns[i], nil, i)
		if err != nil {
			return say.Err("%s: read links: %v", "%s：读取网卡：%v", s.Name, err)
		}
		moves[i] = s.moves(born)
		for _, l := range s.Links {
			switch at := slices.IndexFunc(born, func(other Link) bool { return other.Name == l.Name }); {
			case at < 0:
			case born[at].Kind == l.Kind:
				b.born[place{i, born[at].Index}] = true
			default:
				b.stepAside(i, born[at])
			}
		}
	}
	for i := range spaces {
		spaces[i] = spaces[i].moved(i, moves)
	}
	b.network.Spaces = spaces
	return nil
}

// moves are the indexes that devices have in the copy instead of their own, where others are there
// already. Devices keep their order.
func (s Space) moves(born []Link) map[int]int {
	to, last, taken := map[int]int{}, 0, map[int]bool{}
	for _, l := range born {
		last, taken[l.Index] = max(last, l.Index), true
	}
	clash := false
	for _, l := range s.Links {
		at := slices.IndexFunc(born, func(other Link) bool { return other.Name == l.Name && other.Kind == l.Kind })
		if at >= 0 {
			to[l.Index] = born[at].Index
		} else {
			clash = clash || taken[l.Index]
		}
	}
	for _, l := range s.Links {
		if _, there := to[l.Index]; clash && !there {
			to[l.Index] = l.Index + last
		}
	}
	return to
}

// stepAside gives a device that is there already another name, for one of another kind has its own.
func (b *builder) stepAside(space int, l Link) {
	body := make([]byte, unix.SizeofIfInfomsg)
	binary.NativeEndian.PutUint32(body[4:], uint32(l.Index))
	if err := b.conns[space].do(unix.RTM_NEWLINK, 0, attr.Text(body, unix.IFLA_IFNAME, "born"+l.Name)); err != nil {
		b.miss(space, Device, l.Name, err)
	}
}

// moved is a namespace whose devices have the indexes that moves gives them; here is its own place
// among them.
func (s Space) moved(here int, moves []map[int]int) Space {
	if !slices.ContainsFunc(moves, func(m map[int]int) bool {
		for from, to := range m {
			if from != to {
				return true
			}
		}
		return false
	}) {
		return s
	}
	at := func(space int) func([]byte) {
		return func(index []byte) {
			if space != Elsewhere && len(index) == 4 {
				if to, ok := moves[space][attr.Int(index)]; ok {
					binary.NativeEndian.PutUint32(index, uint32(to))
				}
			}
		}
	}
	own := at(here)
	s.Links = slices.Clone(s.Links)
	for i := range s.Links {
		s.Links[i].move(own, at(s.Links[i].At))
	}
	for _, t := range []struct {
		rows *[][]byte
		head int // of a row, behind which its attributes are
		own  bool
		kind []uint16
	}{
		{&s.Addrs, unix.SizeofIfAddrmsg, true, nil},
		{&s.NextHops, sizeofNhmsg, false, []uint16{unix.NHA_OIF}},
		{&s.Routes, unix.SizeofRtMsg, false, []uint16{unix.RTA_OIF, unix.RTA_IIF}},
		{&s.Neighbours, unix.SizeofNdMsg, true, []uint16{unix.NDA_IFINDEX, unix.NDA_MASTER}},
		{&s.FDB, unix.SizeofNdMsg, true, []uint16{unix.NDA_IFINDEX, unix.NDA_MASTER}},
	} {
		*t.rows = each(*t.rows, t.head, func(row []byte) {
			if t.own {
				own(row[4:8])
			}
			for _, kind := range t.kind {
				own(attr.Find(row[t.head:], kind))
			}
		})
	}
	for _, row := range s.Routes { // which are clones by now
		if len(row) < unix.SizeofRtMsg {
			continue
		}
		for hops := attr.Find(row[unix.SizeofRtMsg:], unix.RTA_MULTIPATH); len(hops) >= unix.SizeofRtNexthop; {
			own(hops[4:8])
			hops = hops[min(max(attr.Align(int(binary.NativeEndian.Uint16(hops))), unix.SizeofRtNexthop), len(hops)):]
		}
	}
	s.Timers = each(s.Timers, sizeofNdtmsg, func(row []byte) {
		own(attr.Find(attr.Find(row[sizeofNdtmsg:], ndtaParms), ndtpaIfindex))
	})
	const selected = 48 // xfrm_selector.ifindex, with which struct xfrm_userpolicy_info begins
	s.Policies = each(s.Policies, selected+4, func(row []byte) { own(row[selected:][:4]) })
	s.Filter = s.Filter.Moved(own)
	return s
}

// each are rows that something was done to; those that are shorter than their header are left as
// they are.
func each(rows [][]byte, head int, do func(row []byte)) (all [][]byte) {
	for _, row := range rows {
		row = slices.Clone(row)
		if len(row) >= head {
			do(row)
		}
		all = append(all, row)
	}
	return all
}

// move gives a device the index that it has in the copy; there is what does so for the one that it
// stands on, which may be in another namespace.
func (l *Link) move(own, there func(index []byte)) {
	l.Message = slices.Clone(l.Message)
	own(l.Message[4:8])
	l.Index = indexOf(l.Message)
	own(l.attr(unix.IFLA_MASTER))
	there(l.attr(unix.IFLA_LINK))
	if l.Kind == "vxlan" {
		there(attr.Find(l.info(unix.IFLA_INFO_DATA), unix.IFLA_VXLAN_LINK))
	}
}
