package replica

import (
	"encoding/binary"
	"errors"
	"maps"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/internal/say"
)

// Heard is what the namespaces of a copy have heard by some moment: who has which MAC address,
// who has not answered, and where on a bridge or behind a tunnel somebody is.
type Heard []map[string]bool

// Heard is what they have heard by now.
func (c *Copy) Heard() (all Heard, err error) {
	for _, conn := range c.conns {
		rows := map[string]bool{}
		for _, body := range [][]byte{make([]byte, unix.SizeofNdMsg), family(unix.SizeofNdMsg, unix.AF_BRIDGE)} {
			entries, err := conn.dump(unix.RTM_GETNEIGH, body)
			if err != nil {
				return nil, say.Err("%s: read %s: %v", "%s：读取%s：%v", conn.NS.Name(), say.T("neighbours", "邻居"), err)
			}
			for _, row := range entries {
				if len(row) < unix.SizeofNdMsg {
					continue
				}
				head, rest := row[:unix.SizeofNdMsg], row[unix.SizeofNdMsg:]
				mac := attr.Find(rest, unix.NDA_LLADDR)
				own := binary.NativeEndian.Uint16(head[8:])&unix.NUD_NOARP != 0 && head[0] != unix.AF_BRIDGE // where it is an entry made by hand
				if !own && (len(mac) == 0 || mac[0]&1 == 0) {                                                // the rest a device has of itself
					rows[string(slices.Concat(head, attr.Without(rest, unix.NDA_CACHEINFO, unix.NDA_PROBES)))] = true
				}
			}
		}
		all = append(all, rows)
	}
	return all, nil
}

// Forget takes the copy back to what it had heard, as though nobody had sent anything since.
func (c *Copy) Forget(since Heard) error {
	now, err := c.Heard()
	if err != nil {
		return err
	}
	var refused []error
	for i, was := range since {
		for row := range now[i] {
			if !was[row] {
				_ = c.conns[i].do(unix.RTM_DELNEIGH, 0, []byte(row)) // it may have gone by itself
			}
		}
		for row := range was {
			if entry := restored([]byte(row)); !now[i][row] && entry != nil {
				err := c.conns[i].do(unix.RTM_NEWNEIGH, unix.NLM_F_CREATE|unix.NLM_F_REPLACE, entry)
				if !errors.Is(err, unix.EEXIST) {
					refused = append(refused, err)
				}
			}
		}
	}
	return say.Join(refused...)
}

// Remember gives the copy back the neighbours that were forgotten and that nobody has asked for
// since. What is known of the others is newer.
func (c *Copy) Remember(known Heard) {
	now, err := c.Heard()
	if err != nil {
		return
	}
	for i, rows := range known {
		asked := map[string]bool{}
		for row := range now[i] {
			asked[whose(row)] = true
		}
		for row := range rows {
			if entry := neighbour([]byte(row)); entry != nil && row[0] != unix.AF_BRIDGE && !asked[whose(row)] {
				_ = c.conns[i].do(unix.RTM_NEWNEIGH, unix.NLM_F_CREATE, entry) // its device may be down
			}
		}
	}
}

// whose is the device and the address that a neighbour's entry is about.
func whose(row string) string {
	return row[:8] + string(attr.Find([]byte(row[unix.SizeofNdMsg:]), unix.NDA_DST))
}

// restored is an entry that has gone, as it is asked for. One of a bridge that was made by
// hand has gone to the port where its owner was heard (br_fdb_update()).
func restored(row []byte) []byte {
	if row[0] == unix.AF_BRIDGE {
		return bridgeEntry(row)
	}
	return neighbour(row)
}

// Disconnect has connection tracking forget everything, as though nobody had sent anything: a
// packet that is sent again from the same port would belong to the connection of the one before.
func (c *Copy) Disconnect() {
	for _, ns := range c.Spaces {
		asked, err := dialProtocol(ns, unix.NETLINK_NETFILTER)
		if err != nil {
			continue
		}
		// A kernel without it has nothing to forget.
		_ = asked.do(unix.NFNL_SUBSYS_CTNETLINK<<8|nl.IPCTNL_MSG_CT_DELETE, 0, make([]byte, nl.SizeofNfgenmsg))
		asked.Close()
	}
}

// neighbourly is an address, and the MAC address of the device that has it.
type neighbourly struct {
	addr netip.Addr
	mac  string
}

// ToAsk is what was heard, but for neighbours that are right and have to be asked for again in
// a while: whether they answer then, nobody knows who does not ask now.
func (h Heard) ToAsk(n Network) Heard {
	right := map[neighbourly]bool{}
	for _, s := range n.Spaces {
		macs := map[int]string{}
		for _, l := range s.Links {
			macs[l.Index] = string(l.attr(unix.IFLA_ADDRESS))
		}
		for _, row := range s.Addrs {
			if p := prefixOf(row); p.IsValid() {
				right[neighbourly{p.Addr(), macs[indexOf(row)]}] = true
			}
		}
	}
	return h.without(func(row string) bool {
		rest := []byte(row[unix.SizeofNdMsg:])
		addr, ok := netip.AddrFromSlice(attr.Find(rest, unix.NDA_DST))
		return ok && inAWhile(row) && right[neighbourly{addr, string(attr.Find(rest, unix.NDA_LLADDR))}]
	})
}

// Lasting is what was heard, but for all neighbours that have to be asked for again in a
// while, right or wrong: somebody may have gone who is remembered.
func (h Heard) Lasting() Heard { return h.without(inAWhile) }

// inAWhile reports whether a neighbour has to be asked for again then.
func inAWhile(row string) bool {
	const confirmed = unix.NUD_REACHABLE | unix.NUD_STALE | unix.NUD_DELAY | unix.NUD_PROBE
	return row[0] != unix.AF_BRIDGE && binary.NativeEndian.Uint16([]byte(row[8:]))&confirmed != 0
}

func (h Heard) without(gone func(row string) bool) (all Heard) {
	for _, rows := range h {
		kept := maps.Clone(rows)
		maps.DeleteFunc(kept, func(row string, _ bool) bool { return gone(row) })
		all = append(all, kept)
	}
	return all
}
