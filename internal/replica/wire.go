package replica

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/internal/say"
)

// wire is a device that stands for one whose other end is not copied.
type wire struct {
	space int
	link  Link
	end   string // what its other end is called outside
}

// makeWire makes a device that leads outside.
func (b *builder) makeWire(space int, l Link) error {
	w := wire{space, l, fmt.Sprintf("w%d.%d", space, l.Index)}
	end := attr.Text(make([]byte, unix.SizeofIfInfomsg), unix.IFLA_IFNAME, w.end)
	if mtu := l.attr(unix.IFLA_MTU); mtu != nil {
		end = attr.Append(end, unix.IFLA_MTU, mtu)
	}
	end = attr.Number(end, unix.IFLA_NET_NS_FD, uint32(b.copy.outside.FD()))
	if err := b.makeVeth(space, l, end); err != nil {
		return err
	}
	b.wires = append(b.wires, w)
	return nil
}

// raiseWires sets the other ends up where there was a carrier. Of a device that was
// down nobody knows.
func (b *builder) raiseWires() error {
	if len(b.wires) == 0 {
		return nil
	}
	c, err := dial(b.copy.outside)
	if err != nil {
		return err
	}
	defer c.Close()
	for _, w := range b.wires {
		if w.link.up() && !w.link.carrier() {
			continue
		}
		body := make([]byte, unix.SizeofIfInfomsg)
		binary.NativeEndian.PutUint32(body[8:], unix.IFF_UP)
		binary.NativeEndian.PutUint32(body[12:], unix.IFF_UP)
		if err := c.do(unix.RTM_NEWLINK, 0, attr.Text(body, unix.IFLA_IFNAME, w.end)); err != nil {
			return say.Err("set %s up: %v", "启用 %s：%v", w.end, err)
		}
	}
	return nil
}

// outlook is what is known of who is at the other end of a wire.
type outlook struct {
	wire   string                // the name of the end
	known  map[netip.Addr][]byte // addresses and their MAC addresses, as they were learned
	silent map[netip.Addr]bool   // who was asked for and did not answer
	// assumes reports whether others are taken to answer as well: behind a NIC there
	// is a network. A port of a bridge is one of many, and answers for itself, unless all
	// the others are copied.
	assumes bool
	// answered are the answers that were seen to come from there.
	answered []Answer
}

// look is what the copied tables say of the other end of a wire.
func (b *builder) look(w wire) outlook {
	s := b.network.Spaces[w.space]
	o := outlook{wire: w.end, answered: w.link.Answered, known: map[netip.Addr][]byte{}, silent: map[netip.Addr]bool{}, assumes: !isPort(w.link) || w.link.Kind != "veth" || b.last(w)}
	behind := map[string]bool{} // a port
	for _, row := range s.FDB {
		if len(row) >= unix.SizeofNdMsg && indexOf(row) == w.link.Index && isPort(w.link) {
			behind[string(attr.Find(row[unix.SizeofNdMsg:], unix.NDA_LLADDR))] = true
		}
	}
	for i, other := range b.network.Spaces {
		for _, row := range other.Neighbours {
			at := indexOf(row)
			if len(row) < unix.SizeofNdMsg || row[10]&unix.NTF_PROXY != 0 {
				continue
			}
			addr, mac := attr.Addr(attr.Find(row[unix.SizeofNdMsg:], unix.NDA_DST)), attr.Find(row[unix.SizeofNdMsg:], unix.NDA_LLADDR)
			state := binary.NativeEndian.Uint16(row[8:])
			switch {
			case behind[string(mac)] && len(mac) == 6:
				o.known[addr] = mac
			case i != w.space || at != w.link.Index && at != w.link.master():
			case state&(unix.NUD_FAILED|unix.NUD_INCOMPLETE) != 0:
				o.silent[addr] = true
			case len(mac) == 6 && at == w.link.Index:
				o.known[addr] = mac
			}
		}
	}
	return o
}

// last reports whether a wire is the one port of its bridge that leads to what is not copied.
func (b *builder) last(w wire) bool {
	return !slices.ContainsFunc(b.network.Spaces[w.space].Links, func(l Link) bool {
		return l.Index != w.link.Index && l.master() == w.link.master() && l.At == Elsewhere
	})
}

// answers reports whether somebody at the other end has an address, and his MAC
// address: nil for any.
func (o outlook) answers(addr netip.Addr) (mac []byte, yes bool) {
	if mac, ok := o.known[addr]; ok {
		return mac, true
	}
	return nil, o.assumes && !o.silent[addr]
}
