package probe

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/sys/unix"

	"nstutor/internal/nsenter"
	"nstutor/internal/say"
)

// Exchange sends one datagram inside ns, or in the caller's own namespace when ns
// is nil, and waits for an answer or an ICMP error. Of UDP, Silent is what most
// servers say to a datagram that makes no sense to them. When ctx or the namespace
// ends first the outcome is OutcomeUnknown. It needs no capability.
func Exchange(ctx context.Context, ns *nsenter.Namespace, d Dial) Result {
	d = d.withDefaults()
	ctx, cancel := withNamespace(ctx, ns)
	defer cancel()
	socket, begun, err := d.begin(ns, unix.SOCK_DGRAM)
	x := datagram{dial: d, result: begun}
	if err != nil {
		x.fail(err)
		return x.result
	}
	defer socket.close()
	if err := x.run(ctx, socket); err != nil {
		x.fail(err)
	}
	return x.result
}

// datagram is one that was sent, and the search for its answer. The socket is not
// connected, so it is shown an answer from another address too, which no program
// with a connected one would see.
type datagram struct {
	dial   Dial
	sent   time.Time
	result Result
}

func (x *datagram) run(ctx context.Context, socket opened) error {
	payload, err := x.dial.payload()
	if err != nil {
		return err
	}
	x.sent = time.Now()
	var refused error
	err = socket.conn.Control(func(fd uintptr) { refused = unix.Sendto(int(fd), payload, 0, socket.peer) })
	if err = say.Join(err, refused); err != nil && !x.takeAny(socket) {
		return err
	}
	if x.result.Outcome != OutcomeUnknown {
		return nil // rejected on the way out, with an ICMP error
	}
	waiting, gaveUp, stop := x.dial.waiting(ctx)
	defer stop()
	err = socket.receive(waiting, x.sent.Add(x.dial.Timeout), x.take)
	if errors.Is(err, os.ErrDeadlineExceeded) || err != nil && gaveUp() {
		x.result.Outcome, x.result.Message = Silent, x.dial.failed("udp", Strerror(unix.ETIMEDOUT))
		return nil
	}
	return err
}

// DNSPort is where name servers listen: the port where a question is asked for want of a payload.
const DNSPort = 53

// payload is what is sent. To a name server that is what dig(1) asks when it is not
// told what: for the root's servers, which every resolver knows.
func (d Dial) payload() ([]byte, error) {
	if d.Payload != nil || d.Dst.Port() != DNSPort {
		return d.Payload, nil
	}
	return new(dns.Msg).SetQuestion(".", dns.TypeNS).Pack()
}

// takeAny looks at what the socket has to tell now.
func (x *datagram) takeAny(socket opened) (settled bool) {
	socket.conn.Control(func(fd uintptr) {
		for report, err := range reports(int(fd), socket.buf) {
			if settled = err == nil && x.take(report); settled {
				return
			}
		}
	})
	return settled
}

// take looks at what the socket reported, and returns true when it settles the
// fate of the datagram.
func (x *datagram) take(r socketReport) bool {
	if r.fault != nil {
		outcome, words, mtu, ok := r.icmpError()
		if !ok {
			return false
		}
		if errno := unix.Errno(r.fault.Errno); errno != 0 {
			words = Strerror(errno)
		}
		x.result.Outcome, x.result.From, x.result.MTU = outcome, r.from, mtu
		x.result.Message = x.dial.failed("udp", words)
	} else {
		x.takeAnswer(r)
	}
	x.result.RTT = elapsed(x.sent, r.at)
	return true
}

func (x *datagram) takeAnswer(r socketReport) {
	x.result.Outcome, x.result.From, x.result.TTL = Replied, r.from, r.ttl
	x.result.Answer = string(r.data)
	x.result.Message = fmt.Sprintf("%d bytes from %s", len(r.data), netip.AddrPortFrom(r.from, r.port))
	if r.from != x.dial.Dst.Addr().WithZone("") || r.port != x.dial.Dst.Port() {
		x.result.Outcome = DifferentAddress
		x.result.Message += " (DIFFERENT ADDRESS!)"
	}
}

// fail makes the result of a datagram that was not sent.
func (x *datagram) fail(err error) {
	var errno unix.Errno
	words := err.Error()
	if errors.As(err, &errno) {
		words = Strerror(errno)
		x.result.Outcome = dialOutcome(err, errno, x.dial.SrcPort)
	}
	x.result.Message = x.dial.failed("udp", words)
}
