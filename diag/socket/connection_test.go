package socket

import (
	"net"
	"net/netip"
	"slices"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"nstutor/internal/lab/labtest"
	"nstutor/internal/sockopt"
)

// TestBothEndsOfAConnectionAreFound: with the mark that one of them gives its packets;
// a socket that listens is none.
func TestBothEndsOfAConnectionAreFound(t *testing.T) {
	w := labtest.NewTrio(t)
	var listener net.Listener
	var client net.Conn
	w.Must(w.C.Do(func() (err error) {
		if listener, err = net.Listen("tcp4", "127.0.0.1:0"); err != nil {
			return err
		}
		dial := net.Dialer{Control: func(_, _ string, raw syscall.RawConn) error {
			return sockopt.Control(raw, func(fd int) error { return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_MARK, 1337) })
		}}
		client, err = dial.Dial("tcp4", listener.Addr().String())
		return err
	}))
	defer listener.Close()
	defer client.Close()
	all, err := Connections(t.Context(), w.C)
	if err != nil {
		t.Fatal(err)
	}
	here, there := netip.MustParseAddrPort(client.LocalAddr().String()), netip.MustParseAddrPort(listener.Addr().String())
	end := func(local, peer netip.AddrPort, mark uint32) bool {
		return slices.ContainsFunc(all, func(c Connection) bool { return c.Local == local && c.Peer == peer && c.Mark == mark })
	}
	if len(all) != 2 || !end(here, there, 1337) || !end(there, here, 0) {
		t.Errorf("%+v", all)
	}
	if other, err := Connections(t.Context(), w.S); err != nil || len(other) != 0 {
		t.Errorf("another namespace: %+v, %v", other, err)
	}
}
