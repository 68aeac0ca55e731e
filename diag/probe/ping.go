package probe

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"nstutor/diag/resolve"
	"nstutor/internal/nsenter"
)

// pingTimeout is long enough for a neighbour to become FAILED first: three
// ARP requests a second apart (mcast_solicit and retrans_time in arp(7)).
const pingTimeout = 4 * time.Second

// Echo is one echo request to send. Only To or Dst must be set.
type Echo struct {
	To      string        // the destination as the user wrote it: an address or a name
	Dst     netip.Addr    // the destination, of IPv6 with the device as its zone if it is link-local; zero to resolve To in the namespace
	Src     netip.Addr    // the source; zero lets the kernel choose
	Size    int           // payload bytes; 0 stands for ping's 56
	TTL     int           // the hop limit of IPv6; 0 stands for the namespace's default (net.ipv4.ip_default_ttl)
	DF      bool          // never fragment, whatever the path (ping -M do)
	Timeout time.Duration // how long to wait for an answer, and before that for a name server; 0 stands for 4 s
	Mark    uint32        // the firewall mark; setting one needs CAP_NET_ADMIN
	Seq     int           // icmp_seq, of which 16 bits are sent; 0 stands for 1
	// ID tells the echo from others on the wire, as FreshID gives it; 0 stands for
	// that. Without the right to a raw socket the kernel chooses.
	ID uint16
	// Enough, once closed, ends the waiting before Timeout does: the outcome is
	// Silent then too. nil never does.
	Enough <-chan struct{}
}

// withDefaults fills in what was left zero.
func (e Echo) withDefaults() Echo {
	if e.Size <= 0 {
		e.Size = pingPayload
	}
	if e.Timeout <= 0 {
		e.Timeout = pingTimeout
	}
	if e.Seq == 0 {
		e.Seq = 1
	}
	return e
}

// Result is what became of an Echo or a Dial.
type Result struct {
	Outcome Outcome
	Seq     int
	Dst     netip.Addr // the address that was asked, zero when the name was not resolved
	Src     netip.Addr // the address that asked, zero when the kernel found no route
	SrcPort uint16     // of Connect and Exchange, as DstPort
	DstPort uint16
	From    netip.Addr    // who replied or complained; zero for local errors and silence
	RTT     time.Duration // from sending to the reply or ICMP error, by the kernel's receive timestamp; else 0
	TTL     int           // of the reply, as received
	MTU     int           // what FragNeeded and MessageTooLong said fits; 0 when they did not say
	Message string        // one line in the words of ping, or for a Dial of nc
	Answer  string        // what a datagram was answered with
}

// Ping sends one echo request inside ns, or in the caller's own namespace when
// ns is nil, and says what became of it. When ctx or the namespace ends first
// the outcome is OutcomeUnknown: that nothing came back proves nothing then.
//
// It needs CAP_NET_RAW in the user namespace that owns ns, or a group within
// that namespace's net.ipv4.ping_group_range.
func Ping(ctx context.Context, ns *nsenter.Namespace, e Echo) Result {
	e = e.withDefaults()
	ctx, cancel := withNamespace(ctx, ns)
	defer cancel()
	if !e.Dst.IsValid() {
		addr, err := resolve.AddressWithin(ctx, ns, e.To, e.Timeout)
		if err != nil {
			return failedResult(e, err)
		}
		e.Dst = addr
	}
	e.Dst = e.Dst.Unmap()
	x := exchange{echo: e, result: Result{Seq: e.Seq, Dst: e.Dst}}
	if err := x.run(ctx, ns); err != nil {
		failed := failedResult(e, err)
		failed.Src = x.result.Src
		return failed
	}
	return x.result
}

// withNamespace is ctx, ended too when ns is closed.
func withNamespace(ctx context.Context, ns *nsenter.Namespace) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	if ns == nil {
		return ctx, cancel
	}
	stop := context.AfterFunc(ns.Context(), cancel)
	return ctx, func() { stop(); cancel() }
}

// failedResult is the result of an echo that was not sent.
func failedResult(e Echo, err error) Result {
	result := Result{Seq: e.Seq, Dst: e.Dst}
	var call *callError
	var name *resolve.Error
	switch {
	case errors.As(err, &call):
		call.ipv6 = e.Dst.Is6()
		result.Outcome, result.MTU, result.Message = call.outcome(), call.mtu, call.Error()
	case errors.As(err, &name):
		result.Outcome = NoName
		if len(name.Servers) > 0 {
			result.Outcome = NoResolver
		}
		result.Message = "ping: " + name.Error()
	default:
		result.Message = "ping: " + err.Error()
	}
	return result
}

// exchange is one echo request and the search for its answer.
type exchange struct {
	echo   Echo
	tag    echoTag
	dgram  bool
	sent   time.Time
	result Result
}

// run sends the request and waits for the first thing that settles its fate.
// It returns an error when the request could not be sent.
func (x *exchange) run(ctx context.Context, ns *nsenter.Namespace) error {
	socket, err := openEchoSocket(ns, x.echo)
	if err != nil {
		return err
	}
	defer socket.close()
	x.result.Src = socket.source
	x.tag = newEchoTag(echoFamilyOf(x.echo.Dst), x.echo.Seq)
	if x.echo.ID != 0 {
		x.tag.id = x.echo.ID
	}
	if x.dgram = socket.dgram; x.dgram {
		x.tag.id = socket.id
	}
	packet, err := x.tag.request(x.echo.Size)
	if err != nil {
		return err
	}
	x.sent = time.Now()
	if err := socket.send(packet, x.take); err != nil {
		return err
	}
	if x.result.Outcome != OutcomeUnknown {
		return nil // rejected on the way out, with an ICMP error
	}
	waiting, enough := context.WithCancel(ctx)
	defer enough()
	go func() {
		select {
		case <-x.echo.Enough:
			enough()
		case <-waiting.Done():
		}
	}()
	err = socket.receive(waiting, x.sent.Add(x.echo.Timeout), x.take)
	if errors.Is(err, os.ErrDeadlineExceeded) || err != nil && ctx.Err() == nil && waiting.Err() != nil {
		x.result.Outcome, x.result.Message = Silent, Unanswered()
		return nil
	}
	return err
}

// take looks at what the socket reported, and returns true when it settles
// the fate of this echo.
func (x *exchange) take(r socketReport) bool {
	if r.fault != nil {
		outcome, words, mtu, ok := r.icmpError()
		if !ok || !x.tag.matches(r.data, x.tag.family.request) {
			return false
		}
		x.takeError(outcome, words, mtu, r)
		return true
	}
	message := r.data
	if !x.dgram && x.tag.family.headed {
		payload, protocol, ok := ipv4Payload(r.data)
		if !ok || protocol != unix.IPPROTO_ICMP {
			return false
		}
		message = payload
	}
	if x.tag.matches(message, x.tag.family.reply) {
		x.takeReply(len(message), r)
		return true
	}
	if !x.tag.family.headed {
		return false
	}
	echo, mtu, ok := quotedEcho(message)
	if !ok || !x.tag.matches(echo, icmpEchoRequest) {
		return false
	}
	outcome, words, ok := errorsOf[unix.SO_EE_ORIGIN_ICMP].words(icmpKind{message[0], message[1]}, mtu)
	if ok {
		x.takeError(outcome, words, mtu, r)
	}
	return ok
}

func (x *exchange) takeReply(size int, r socketReport) {
	from := zoned(r.from, x.echo.Dst)
	different := from != x.echo.Dst && !x.echo.Dst.IsMulticast()
	x.result.Outcome = Replied
	if different {
		x.result.Outcome = DifferentAddress
	}
	x.result.From, x.result.TTL, x.result.RTT = from, r.ttl, elapsed(x.sent, r.at)
	x.result.Message = replyMessage(size, from, x.echo.Seq, r.ttl, x.result.RTT, different)
}

// takeError takes an ICMP error.
func (x *exchange) takeError(outcome Outcome, words string, mtu int, r socketReport) {
	x.result.Outcome, x.result.MTU = outcome, mtu
	x.result.From, x.result.RTT = zoned(r.from, x.echo.Dst), elapsed(x.sent, r.at)
	x.result.Message = icmpErrorMessage(x.result.From, x.echo.Seq, words)
}

// elapsed is the time from sending to the kernel's receive timestamp. The
// timestamp is wall-clock time: where it is missing, or the clock was set
// meanwhile, the monotonic time until now serves.
func elapsed(sent, received time.Time) time.Duration {
	most := time.Since(sent)
	if rtt := received.Sub(sent.Round(0)); !received.IsZero() && rtt > 0 && rtt < most {
		return rtt
	}
	return most
}
