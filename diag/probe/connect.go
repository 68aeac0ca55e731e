package probe

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"nstutor/diag/dial"
	"nstutor/internal/nsenter"
)

// Connect opens one TCP connection inside ns, or in the caller's own namespace when
// ns is nil, closes it without having sent data, and says what became of it. When
// ctx or the namespace ends first the outcome is OutcomeUnknown. It needs no
// capability.
//
// That nobody listens and that a REJECT rule answered with a RST (--reject-with
// tcp-reset) are both Refused: to the socket they are the same packet.
func Connect(ctx context.Context, ns *nsenter.Namespace, d Dial) Result {
	d = d.withDefaults()
	ctx, cancel := withNamespace(ctx, ns)
	defer cancel()
	socket, begun, err := d.begin(ns, unix.SOCK_STREAM)
	c := connecting{dial: d, result: begun}
	if err != nil {
		c.settle(nil, err)
		return c.result
	}
	defer socket.close()
	c.run(ctx, socket)
	if d.Opened != nil && c.result.Outcome == Replied {
		d.Opened()
	}
	return c.result
}

// connecting is a connection that is being opened.
type connecting struct {
	dial   Dial
	sent   time.Time
	result Result
}

func (c *connecting) run(ctx context.Context, socket opened) {
	waiting, gaveUp, stop := c.dial.waiting(ctx)
	defer stop()
	c.sent = time.Now()
	var refused error
	err := socket.conn.Control(func(fd uintptr) { refused = unix.Connect(int(fd), socket.peer) })
	if err == nil {
		err = refused
	}
	if err == unix.EINPROGRESS {
		err = dial.Wait(waiting, socket.file)
	}
	if err != nil && gaveUp() {
		err = unix.ETIMEDOUT
	}
	var queue []socketReport
	socket.conn.Control(func(fd uintptr) {
		queue = queuedErrors(int(fd))
		// A route of several next hops can give TCP another source than it gave UDP.
		if name, err := unix.Getsockname(int(fd)); err == nil && !dial.Endpoint(name).Addr().IsUnspecified() {
			c.result.Src = dial.Endpoint(name).Addr()
		}
	})
	c.settle(queue, err)
}

// queuedErrors are the entries of a socket's error queue.
func queuedErrors(fd int) (errs []socketReport) {
	for range 16 {
		report, err := readSocket(fd, make([]byte, 512), unix.MSG_ERRQUEUE)
		if err != nil {
			break
		}
		errs = append(errs, report)
	}
	return errs
}

// settle makes the result. The errno does not say whether an ICMP error was
// received or the call failed here, nor from whom it came: the error queue does
// (tcp_v4_err() and tcp_v6_err() put it there in SYN_SENT).
func (c *connecting) settle(queue []socketReport, err error) {
	var errno unix.Errno
	switch {
	case err == nil:
		c.result.Outcome, c.result.From, c.result.RTT = Replied, c.result.Dst, time.Since(c.sent)
		c.result.Message = fmt.Sprintf("Connection to %s %d port [tcp/*] succeeded!", c.dial.Dst.Addr(), c.dial.Dst.Port())
		return
	case !errors.As(err, &errno):
		c.result.Message = c.dial.failed("tcp", err.Error())
		return
	}
	c.result.Message = c.dial.failed("tcp", Strerror(errno))
	for _, report := range queue {
		if outcome, _, mtu, ok := report.icmpError(); ok && outcome != FragNeeded {
			c.result.Outcome, c.result.From, c.result.MTU, c.result.RTT = outcome, report.from, mtu, time.Since(c.sent)
			return
		}
	}
	switch errno {
	case unix.ECONNREFUSED:
		c.result.Outcome, c.result.From, c.result.RTT = Refused, c.result.Dst, time.Since(c.sent)
	case unix.ETIMEDOUT:
		c.result.Outcome = Silent
	default:
		c.result.Outcome = dialOutcome(err, errno, c.dial.SrcPort)
	}
}

// dialOutcome is what a call that failed here says about the network. A socket that
// cannot be had or marked says nothing about it. No port is left where it is bound to none
// in particular (inet_csk_get_port()).
func dialOutcome(err error, errno unix.Errno, port uint16) Outcome {
	var call *callError
	if errno == unix.EADDRINUSE && port == 0 {
		return AddressNotAvailable
	}
	if errors.As(err, &call) && call.call != "connect" && errno != unix.EADDRNOTAVAIL {
		return OutcomeUnknown
	}
	return outcomeOfErrno[errno]
}
