package socket

import (
	"cmp"
	"net"
	"net/netip"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"nstutor/internal/lab/labtest"
	"nstutor/internal/nsenter"
)

// options are how a test opens a socket.
type options struct {
	device  string // to bind to
	only6   bool
	share   bool // SO_REUSEPORT
	backlog int  // of listen; 0 stands for 16
	peer    string
	buffer  int // SO_RCVBUF
}

// bound opens a socket on an address inside ns, and listens if it is TCP. It is
// closed when the test ends.
func bound(w *labtest.Trio, ns *nsenter.Namespace, proto Proto, local string, o options) (fd int) {
	w.T.Helper()
	kind := unix.SOCK_DGRAM
	if proto == TCP {
		kind = unix.SOCK_STREAM
	}
	at := netip.MustParseAddrPort(local)
	family := unix.AF_INET6
	if at.Addr().Is4() {
		family = unix.AF_INET
	}
	w.T.Cleanup(func() { unix.Close(fd) })
	w.Must(ns.Do(func() (err error) { // on the thread that may bind low ports
		if fd, err = unix.Socket(family, kind|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0); err != nil {
			return err
		}
		return o.bind(fd, proto, at)
	}))
	return fd
}

// bind sets the options of a socket, binds it, and has it listen if it is TCP.
func (o options) bind(fd int, proto Proto, at netip.AddrPort) error {
	for _, s := range []struct {
		on                 bool
		level, name, value int
	}{
		{at.Addr().Is6(), unix.SOL_IPV6, unix.IPV6_V6ONLY, map[bool]int{true: 1}[o.only6]},
		{o.share, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1},
		{o.buffer != 0, unix.SOL_SOCKET, unix.SO_RCVBUF, o.buffer},
	} {
		if !s.on {
			continue
		}
		if err := unix.SetsockoptInt(fd, s.level, s.name, s.value); err != nil {
			return err
		}
	}
	if err := unix.BindToDevice(fd, o.device); err != nil {
		return err
	}
	if err := unix.Bind(fd, sockaddr(at)); err != nil {
		return err
	}
	if o.peer != "" {
		return unix.Connect(fd, sockaddr(netip.MustParseAddrPort(o.peer)))
	}
	if proto == TCP {
		return unix.Listen(fd, cmp.Or(o.backlog, 16))
	}
	return nil
}

func sockaddr(a netip.AddrPort) unix.Sockaddr {
	if a.Addr().Is4() {
		return &unix.SockaddrInet4{Addr: a.Addr().As4(), Port: int(a.Port())}
	}
	return &unix.SockaddrInet6{Addr: a.Addr().As16(), Port: int(a.Port())}
}

func read(w *labtest.Trio, ns *nsenter.Namespace) *Listeners {
	w.T.Helper()
	l, err := Read(w.T.Context(), ns)
	w.Must(err)
	return l
}

// world is a server with IPv6 as well.
func world(t *testing.T) *labtest.Trio {
	w := labtest.NewTrio(t)
	w.Sysctl(w.S, "net/ipv6/conf/eth0/disable_ipv6", "0")
	w.Sysctl(w.S, "net/ipv6/conf/lo/disable_ipv6", "0")
	w.Addr(w.S, "eth0", "fd00:2::2/64")
	return w
}

// socketInode is the inode of a descriptor, which a Socket has too.
func socketInode(w *labtest.Trio, fd int) uint32 {
	w.T.Helper()
	var stat unix.Stat_t
	w.Must(unix.Fstat(fd, &stat))
	return uint32(stat.Ino)
}

func TestForFindsWhoTakesAPacket(t *testing.T) {
	type socket struct {
		proto Proto
		local string
		options
	}
	for _, c := range []struct {
		name  string
		socks []socket
		to    Packet
		taker int  // the number of the socket from 1, 0 for none
		near  Miss // of the nearest, when none takes it
	}{
		{name: "nobody"},
		{name: "for all addresses", socks: []socket{{proto: TCP, local: "0.0.0.0:80"}}, taker: 1},
		{name: "the very address", socks: []socket{{proto: TCP, local: "10.2.0.2:80"}}, taker: 1},
		{name: "another port", socks: []socket{{proto: TCP, local: "10.2.0.2:81"}}},
		{name: "loopback only", socks: []socket{{proto: TCP, local: "127.0.0.1:80"}}, near: LoopbackOnly},
		{name: "IPv6 loopback only", socks: []socket{{proto: TCP, local: "[::1]:80"}}, near: OtherFamily},
		{name: "another address", socks: []socket{{proto: TCP, local: "10.2.0.3:80"}}, near: OtherAddress},
		{name: "both families", socks: []socket{{proto: TCP, local: "[::]:80"}}, taker: 1},
		{name: "IPv6 only", socks: []socket{{proto: TCP, local: "[::]:80", options: options{only6: true}}}, near: OtherFamily},
		{name: "IPv4 inside IPv6", socks: []socket{{proto: TCP, local: "[::ffff:10.2.0.2]:80"}}, taker: 1},
		{name: "UDP and not TCP", socks: []socket{{proto: UDP, local: "0.0.0.0:80"}}, near: OtherProto},
		{name: "UDP", socks: []socket{{proto: UDP, local: "0.0.0.0:80"}}, to: Packet{Proto: UDP}, taker: 1},
		{name: "UDP for both families", socks: []socket{{proto: UDP, local: "[::]:80"}}, to: Packet{Proto: UDP}, taker: 1},
		{name: "UDP that is connected to somebody else", socks: []socket{{proto: UDP, local: "10.2.0.2:80", options: options{peer: "10.2.0.1:9"}}},
			to: Packet{Proto: UDP, From: netip.MustParseAddrPort("10.1.0.2:7777")}, near: OtherPeer},
		{name: "UDP that is connected to who asks", to: Packet{Proto: UDP, From: netip.MustParseAddrPort("10.1.0.2:7777")}, taker: 2, socks: []socket{
			{proto: UDP, local: "10.2.0.2:80", options: options{share: true}},
			{proto: UDP, local: "10.2.0.2:80", options: options{share: true, peer: "10.1.0.2:7777"}}}},
		{name: "another device", socks: []socket{{proto: TCP, local: "0.0.0.0:80", options: options{device: "lo"}}}, near: OtherDevice},
		{name: "the device", socks: []socket{{proto: TCP, local: "0.0.0.0:80", options: options{device: "eth0"}}}, taker: 1},
		{name: "the nearest of several", near: LoopbackOnly, socks: []socket{
			{proto: UDP, local: "0.0.0.0:80"}, {proto: TCP, local: "[::1]:80"},
			{proto: TCP, local: "10.2.0.3:80"}, {proto: TCP, local: "127.0.0.1:80"}}},
		{name: "IPv6", socks: []socket{{proto: TCP, local: "[::]:80"}}, to: Packet{To: netip.MustParseAddrPort("[fd00:2::2]:80")}, taker: 1},
		{name: "IPv6 and IPv4 only", socks: []socket{{proto: TCP, local: "0.0.0.0:80"}},
			to: Packet{To: netip.MustParseAddrPort("[fd00:2::2]:80")}, near: OtherFamily},
		{name: "the address before all", taker: 2, socks: []socket{
			{proto: TCP, local: "0.0.0.0:80", options: options{share: true}}, {proto: TCP, local: "10.2.0.2:80", options: options{share: true}}}},
		{name: "the address before the device", taker: 2, socks: []socket{
			{proto: TCP, local: "0.0.0.0:80", options: options{device: "eth0", share: true}}, {proto: TCP, local: "10.2.0.2:80", options: options{share: true}}}},
		{name: "the device before none", taker: 2, socks: []socket{
			{proto: TCP, local: "0.0.0.0:80", options: options{share: true}}, {proto: TCP, local: "0.0.0.0:80", options: options{device: "eth0", share: true}}}},
		{name: "IPv4 before both families", taker: 2, socks: []socket{
			{proto: TCP, local: "[::]:80", options: options{share: true}}, {proto: TCP, local: "0.0.0.0:80", options: options{share: true}}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := world(t)
			w.Addr(w.S, "eth0", "10.2.0.3/24")
			c.to.Ifindex = ifindex(w, w.S, "eth0")
			if !c.to.To.IsValid() {
				c.to.To = netip.MustParseAddrPort("10.2.0.2:80")
			}
			if c.to.Proto == 0 {
				c.to.Proto = TCP
			}
			var fds []int
			for _, s := range c.socks {
				fds = append(fds, bound(w, w.S, s.proto, s.local, s.options))
			}
			found := read(w, w.S).For(c.to)
			switch {
			case c.taker == 0 && len(found.Takers) > 0:
				t.Errorf("%+v takes it", found.Takers)
			case c.taker == 0 && c.near == Fits && len(found.Near) > 0, c.taker == 0 && c.near != Fits && (len(found.Near) == 0 || found.Near[0].Why != c.near):
				t.Errorf("near are %+v, want %v", found.Near, c.near)
			case c.taker > 0 && (len(found.Takers) != 1 || found.Takers[0].Inode != socketInode(w, fds[c.taker-1])):
				t.Errorf("got %+v, want number %d", found, c.taker)
			}
			if c.to.To.Addr().Is4() {
				judge(w, c.to, fds, c.taker)
			}
		})
	}
}

func ifindex(w *labtest.Trio, ns *nsenter.Namespace, dev string) int {
	w.T.Helper()
	h, err := ns.Handle()
	w.Must(err)
	link, err := h.LinkByName(dev)
	w.Must(err)
	return link.Attrs().Index
}

// judge has the kernel say who takes a packet: it is sent, and found in one queue or
// in none.
func judge(w *labtest.Trio, p Packet, fds []int, taker int) {
	w.T.Helper()
	from := "10.1.0.2:7777"
	if p.Proto == UDP {
		fd := bound(w, w.C, UDP, from, options{})
		w.Must(unix.Sendto(fd, nil, 0, sockaddr(p.To)))
	} else {
		var conn net.Conn
		err := w.C.Do(func() (err error) {
			conn, err = net.Dial("tcp", p.To.String())
			return err
		})
		if (err == nil) != (taker > 0) {
			w.T.Errorf("connect: %v", err)
		}
		if err == nil {
			defer conn.Close()
		}
	}
	if taker == 0 {
		return
	}
	var poll []unix.PollFd
	for _, fd := range fds {
		poll = append(poll, unix.PollFd{Fd: int32(fd), Events: unix.POLLIN})
	}
	if _, err := unix.Poll(poll, 5000); err != nil || poll[taker-1].Revents&unix.POLLIN == 0 {
		w.T.Errorf("the kernel gave it to %+v, %v", poll, err)
	}
}

func TestSocketsThatShareAPortAllTakeIt(t *testing.T) {
	w := world(t)
	for range 3 {
		bound(w, w.S, TCP, "0.0.0.0:80", options{share: true})
	}
	if found := read(w, w.S).For(Packet{Proto: TCP, To: netip.MustParseAddrPort("10.2.0.2:80")}); len(found.Takers) != 3 {
		t.Errorf("got %+v", found)
	}
}

// Few kernels have VRFs, so this is held against the code: inet_sk_bound_dev_eq().
func TestASocketOutsideAVRFTakesItsPacketsIfItIsAllowed(t *testing.T) {
	const eth0, red = 2, 3
	all := netip.MustParseAddrPort("0.0.0.0:80")
	outside, inside := Socket{Proto: TCP, Local: all, Inode: 1}, Socket{Proto: TCP, Local: all, Ifindex: red, Inode: 2}
	packet := Packet{Proto: TCP, To: netip.MustParseAddrPort("10.2.0.2:80"), Ifindex: eth0, VRF: red}
	for _, c := range []struct {
		accept bool
		socks  []Socket
		taker  uint32
		near   Miss
	}{
		{false, []Socket{outside}, 0, OtherVRF},
		{true, []Socket{outside}, 1, Fits},
		{false, []Socket{outside, inside}, 2, OtherVRF},
		{true, []Socket{outside, inside}, 2, Fits},
	} {
		found := (&Listeners{All: c.socks, acceptAcrossVRF: map[Proto]bool{TCP: c.accept}}).For(packet)
		if (c.taker == 0) != (len(found.Takers) == 0) || c.taker != 0 && found.Takers[0].Inode != c.taker ||
			(c.near == Fits) != (len(found.Near) == 0) || c.near != Fits && found.Near[0].Why != c.near {
			t.Errorf("accept %t: got %+v", c.accept, found)
		}
	}
}

func TestAFullBacklogIsTold(t *testing.T) {
	w := world(t)
	bound(w, w.S, TCP, "0.0.0.0:80", options{backlog: 1})
	taker := func() Socket {
		found := read(w, w.S).For(Packet{Proto: TCP, To: netip.MustParseAddrPort("10.2.0.2:80")})
		if len(found.Takers) != 1 {
			t.Fatalf("got %+v", found)
		}
		return found.Takers[0]
	}
	if s := taker(); s.Full() || s.Waiting != 0 || s.Room != 1 {
		t.Errorf("before: %+v", s)
	}
	for range 2 { // the kernel takes one more than the backlog
		var conn net.Conn
		w.Must(w.C.Do(func() (err error) {
			conn, err = net.Dial("tcp", "10.2.0.2:80")
			return err
		}))
		defer conn.Close()
	}
	w.Eventually("both wait to be accepted", func() bool { return taker().Waiting == 2 })
	if s := taker(); !s.Full() {
		t.Errorf("after: %+v", s)
	}
}

func TestAFullReceiveBufferIsTold(t *testing.T) {
	w := world(t)
	bound(w, w.S, UDP, "0.0.0.0:53", options{buffer: 1})
	client := bound(w, w.C, UDP, "10.1.0.2:7777", options{})
	taker := func() Socket {
		return read(w, w.S).For(Packet{Proto: UDP, To: netip.MustParseAddrPort("10.2.0.2:53")}).Takers[0]
	}
	if s := taker(); s.Full() || s.Waiting != 0 || s.Room == 0 || s.Dropped != 0 {
		t.Errorf("before: %+v", s)
	}
	for range 10 {
		w.Must(unix.Sendto(client, nil, 0, sockaddr(netip.MustParseAddrPort("10.2.0.2:53"))))
	}
	w.Eventually("the socket drops", func() bool { return taker().Dropped > 0 })
	if s := taker(); !s.Full() {
		t.Errorf("after: %+v", s)
	}
}

func TestTheOwnerOfASocketIsFoundByItsDescriptor(t *testing.T) {
	w := world(t)
	bound(w, w.S, TCP, "0.0.0.0:80", options{})
	found := read(w, w.S).For(Packet{Proto: TCP, To: netip.MustParseAddrPort("10.2.0.2:80")})
	comm, err := os.ReadFile("/proc/self/comm")
	w.Must(err)
	inode := found.Takers[0].Inode
	owner, ok := Owners(t.Context(), inode, 1)[inode]
	if !ok || owner.PID != os.Getpid() || owner.Comm+"\n" != string(comm) {
		t.Errorf("got %+v, want %d %s", owner, os.Getpid(), comm)
	}
}

func FuzzMessage(f *testing.F) {
	f.Add(make([]byte, sizeofMessage))
	f.Add(append(make([]byte, sizeofMessage), 8, 0, inetDiagSKMemInfo, 0, 1, 2, 3, 4))
	f.Fuzz(func(t *testing.T, message []byte) {
		for _, proto := range []Proto{TCP, UDP} {
			if s, ok := parse(message, proto); ok {
				(&Listeners{All: []Socket{s}}).For(Packet{Proto: proto, To: s.Local})
			}
		}
	})
}
