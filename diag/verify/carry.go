package verify

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/netip"
	"time"

	"nstutor/diag/probe"
	"nstutor/internal/nsenter"
	"nstutor/internal/sockopt"
)

// fullLength is how much goes over a connection that has to carry full-sized segments, in
// bytes: several of them, and no more than what may be under way at once when it opens.
const fullLength = 8000

// carry opens a connection, and has whoever takes it say again what is said to him: in a
// copy all who listen do. The outcome is Replied where all of it came back.
func carry(ctx context.Context, ns *nsenter.Namespace, d probe.Dial) (r probe.Result) {
	r.Outcome = probe.Silent
	ctx, cancel := context.WithTimeout(ctx, d.Timeout)
	defer cancel()
	var conn net.Conn
	dialer := net.Dialer{}
	if d.SrcPort != 0 {
		dialer.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.Addr{}, d.SrcPort))
	}
	err := ns.Do(func() (err error) {
		conn, err = dialer.DialContext(ctx, "tcp", d.Dst.String())
		return err
	})
	if err != nil {
		r.Message = err.Error()
		return r
	}
	defer conn.Close()
	until, _ := ctx.Deadline()
	_ = conn.SetDeadline(until)
	said := bytes.Repeat([]byte("x"), fullLength)
	heard := make([]byte, len(said))
	begun := time.Now()
	if err = sockopt.Singly(conn, said); err == nil {
		_, err = io.ReadFull(conn, heard)
	}
	if err != nil {
		r.Message = err.Error()
		return r
	}
	r.Outcome, r.RTT = probe.Replied, time.Since(begun)
	return r
}
