package table

import (
	"context"
	"encoding/binary"
	"errors"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/internal/nsenter"
	"nstutor/internal/say"
)

// One asks the kernel about single objects of one namespace, for whom a dump of
// a table with thousands of rows would be too dear. Not for concurrent use.
type One struct {
	r  Reader
	up map[int]bool
}

// OpenOne opens an rtnetlink socket in ns. It stays usable until Close; an open
// socket keeps the namespace alive.
func OpenOne(ns *nsenter.Namespace) (*One, error) {
	conn, err := openDumpConn(ns)
	if err != nil {
		return nil, err
	}
	o := &One{r: Reader{ns: ns, conn: conn, opts: ReadOptions{NoARP: true}}}
	// Without it the kernel ignores what a dump is to be narrowed down to.
	if err := unix.SetsockoptInt(conn.FD(), unix.SOL_NETLINK, unix.NETLINK_GET_STRICT_CHK, 1); err != nil {
		o.Close()
		return nil, say.At(ns.Name(), say.At("rtnetlink", err))
	}
	o.forget()
	return o, nil
}

// Keep has each question from now on asked once. It is for who knows that nothing changes
// meanwhile; Keep again forgets.
func (o *One) Keep() { o.r.conn.kept, o.r.names = attr.Answers{}, nil }

// Netns is the namespace that is asked.
func (o *One) Netns() *nsenter.Namespace { return o.r.ns }

// Close closes the socket.
func (o *One) Close() { o.r.Close() }

// forget drops the device names: they are kept no longer than one answer needs
// them, since devices are renamed, or as long as everything is.
func (o *One) forget() {
	if o.r.conn.kept == nil || o.r.names == nil {
		o.r.names, o.up = map[int]string{}, map[int]bool{}
	}
}

// Link returns the device called name. The error is ENODEV when there is none.
// The name of the namespace at its other end is not looked for.
func (o *One) Link(name string) (Link, error) {
	body := binary.NativeEndian.AppendUint16(linkRequest(), uint16(unix.SizeofRtAttr+len(name)+1))
	body = binary.NativeEndian.AppendUint16(body, unix.IFLA_IFNAME)
	body = append(append(body, name...), make([]byte, attr.Align(len(name)+1)-len(name))...)
	l, err := o.link(body)
	if err != nil {
		return Link{}, say.Err("%s: device %s: %v", "%s：设备 %s：%v", o.r.ns.Name(), name, err)
	}
	return l, nil
}

// LinkByIndex is Link for an interface index.
func (o *One) LinkByIndex(index int) (Link, error) {
	body := linkRequest()
	binary.NativeEndian.PutUint32(body[4:], uint32(index))
	l, err := o.link(body)
	if err != nil {
		return Link{}, say.Err("%s: device with index %d: %v", "%s：编号为 %d 的设备：%v", o.r.ns.Name(), index, err)
	}
	return l, nil
}

func (o *One) link(body []byte) (Link, error) {
	o.forget()
	raw, err := o.rawLink(body)
	if err != nil {
		return Link{}, err
	}
	return o.named(raw), nil
}

// named gives the indexes in a device their names.
func (o *One) named(raw rawLink) Link {
	o.learn(raw.master)
	if raw.hasLower && raw.PeerNetnsID == netnsHere {
		o.learn(raw.lower)
	}
	raw.Master = o.r.device(raw.master)
	o.r.namePeer(&raw, o.up)
	return raw.Link
}

func (o *One) rawLink(body []byte) (rawLink, error) {
	l, found, err := one(o, unix.RTM_GETLINK, unix.RTM_NEWLINK, body, parseLink)
	if err == nil && !found {
		err = unix.ENODEV
	}
	return l, err
}

// learn finds the name of an interface index. One that has none stays unknown.
func (o *One) learn(index int) {
	if index == 0 || o.r.names[index] != "" {
		return
	}
	body := linkRequest()
	binary.NativeEndian.PutUint32(body[4:], uint32(index))
	if l, err := o.rawLink(body); err == nil {
		o.r.names[index], o.up[index] = l.Name, l.flags&unix.IFF_UP != 0
	}
}

// one sends a request that has at most one answer.
func one[T any](o *One, kind, answer uint16, body []byte, parse func([]byte) (T, bool)) (row T, found bool, err error) {
	err = o.r.conn.request(kind, 0, answer, body, func(b []byte) { row, found = parse(b) })
	return row, found, err
}

// Addrs returns the addresses of one device, IPv4 before IPv6.
func (o *One) Addrs(ifindex int) ([]Addr, error) {
	o.forget()
	o.learn(ifindex)
	if o.r.names[ifindex] == "" {
		return nil, say.Err("%s: addresses of the device with index %d: %v", "%s：读取编号为 %d 的设备的地址：%v", o.r.ns.Name(), ifindex, unix.ENODEV)
	}
	var all []Addr
	for _, family := range []byte{unix.AF_INET, unix.AF_INET6} {
		request := make([]byte, unix.SizeofIfAddrmsg)
		request[0] = family
		binary.NativeEndian.PutUint32(request[4:], uint32(ifindex))
		rows, err := dumpTable(context.Background(), o.r.conn, unix.RTM_GETADDR, unix.RTM_NEWADDR, request, func(b []byte) (Addr, bool) {
			a, ok := o.r.parseAddr(b)
			return a, ok && a.Index == ifindex && b[0] == family
		})
		// A device may lack one of the families, as lo does IPv6 when that is off.
		if err != nil && !errors.Is(err, unix.ENODEV) {
			return nil, say.Err("%s: addresses of %s: %v", "%s：读取 %s 的地址：%v", o.r.ns.Name(), o.r.names[ifindex], err)
		}
		all = append(all, rows...)
	}
	return all, nil
}

// Neighbour returns the entry for dst on a device, and whether there is one.
func (o *One) Neighbour(ifindex int, dst netip.Addr) (Neighbour, bool, error) {
	return o.neighbour(ifindex, dst, 0)
}

// Published returns the entry of `ip neigh show proxy` for dst on a device, or
// on all of them, and whether there is one.
func (o *One) Published(ifindex int, dst netip.Addr) (Neighbour, bool, error) {
	return o.neighbour(ifindex, dst, unix.NTF_PROXY)
}

func (o *One) neighbour(ifindex int, dst netip.Addr, flags byte) (Neighbour, bool, error) {
	o.forget()
	o.learn(ifindex)
	body := make([]byte, sizeofNdmsg)
	body[0], body[10] = addrFamily(dst), flags
	binary.NativeEndian.PutUint32(body[4:], uint32(ifindex))
	body = attr.Append(body, unix.NDA_DST, dst.AsSlice())
	now := time.Now()
	n, found, err := one(o, unix.RTM_GETNEIGH, unix.RTM_NEWNEIGH, body, func(b []byte) (Neighbour, bool) {
		return o.r.parseNeighbour(b, now)
	})
	if errors.Is(err, unix.ENOENT) {
		return Neighbour{}, false, nil
	}
	if err != nil {
		return Neighbour{}, false, say.Err("%s: neighbour %s: %v", "%s：邻居 %s：%v", o.r.ns.Name(), dst, err)
	}
	return n, found, nil
}

func addrFamily(a netip.Addr) byte {
	if a.Is4() {
		return unix.AF_INET
	}
	return unix.AF_INET6
}
