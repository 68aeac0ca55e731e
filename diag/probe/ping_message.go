package probe

import (
	"fmt"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
)

// ICMP types and codes of RFC 792 and RFC 1812 that decide an outcome.
const (
	icmpEchoReply    = 0
	icmpUnreachable  = 3
	icmpSourceQuench = 4
	icmpEchoRequest  = 8
	icmpTimeExceeded = 11
	icmpParameter    = 12

	icmpCodeFragNeeded = 4
)

// icmpKind is an ICMP type and code.
type icmpKind struct{ typ, code byte }

// icmpErrors are the errors ping reports, in the words of iputils'
// pr_icmph(). Redirects are not among them: they delay nothing.
var icmpErrors = map[icmpKind]struct {
	outcome Outcome
	words   string
}{
	{icmpUnreachable, 0}:  {NetUnreachableICMP, "Destination Net Unreachable"},
	{icmpUnreachable, 1}:  {HostUnreachable, "Destination Host Unreachable"},
	{icmpUnreachable, 2}:  {ProtocolUnreachable, "Destination Protocol Unreachable"},
	{icmpUnreachable, 3}:  {PortUnreachable, "Destination Port Unreachable"},
	{icmpUnreachable, 4}:  {FragNeeded, "Frag needed and DF set (mtu = %d)"},
	{icmpUnreachable, 5}:  {OtherICMPError, "Source Route Failed"},
	{icmpUnreachable, 6}:  {NetUnreachableICMP, "Destination Net Unknown"},
	{icmpUnreachable, 7}:  {HostUnreachable, "Destination Host Unknown"},
	{icmpUnreachable, 8}:  {OtherICMPError, "Source Host Isolated"},
	{icmpUnreachable, 9}:  {Filtered, "Destination Net Prohibited"},
	{icmpUnreachable, 10}: {Filtered, "Destination Host Prohibited"},
	{icmpUnreachable, 11}: {OtherICMPError, "Destination Net Unreachable for Type of Service"},
	{icmpUnreachable, 12}: {OtherICMPError, "Destination Host Unreachable for Type of Service"},
	{icmpUnreachable, 13}: {Filtered, "Packet filtered"},
	{icmpUnreachable, 14}: {OtherICMPError, "Precedence Violation"},
	{icmpUnreachable, 15}: {OtherICMPError, "Precedence Cutoff"},
	{icmpSourceQuench, 0}: {OtherICMPError, "Source Quench"},
	{icmpTimeExceeded, 0}: {TTLExceeded, "Time to live exceeded"},
	{icmpTimeExceeded, 1}: {OtherICMPError, "Frag reassembly time exceeded"},
	{icmpParameter, 0}:    {OtherICMPError, "Parameter problem"},
}

// icmpErrorWords looks an ICMP error up; ok is false when it is not one that
// ends a ping.
func icmpErrorWords(kind icmpKind, mtu int) (outcome Outcome, words string, ok bool) {
	known, ok := icmpErrors[kind]
	switch {
	case ok && known.outcome == FragNeeded:
		return FragNeeded, fmt.Sprintf(known.words, mtu), true
	case ok:
		return known.outcome, known.words, true
	case kind.typ == icmpUnreachable:
		return OtherICMPError, fmt.Sprintf("Dest Unreachable, Bad Code: %d", kind.code), true
	}
	return OutcomeUnknown, "", false
}

// icmpErrorMessage is the line ping prints for an ICMP error.
func icmpErrorMessage(from netip.Addr, seq int, words string) string {
	return fmt.Sprintf("From %s icmp_seq=%d %s", from, seq, words)
}

// replyMessage is the line ping prints for an echo reply; size is the length
// of the ICMP message, header included.
func replyMessage(size int, from netip.Addr, seq, ttl int, rtt time.Duration, different bool) string {
	line := fmt.Sprintf("%d bytes from %s: icmp_seq=%d ttl=%d time=%s ms", size, from, seq, ttl, milliseconds(rtt))
	if different {
		line += " (DIFFERENT ADDRESS!)"
	}
	return line
}

// milliseconds rounds a round-trip time as iputils' gather_statistics() does:
// three significant figures, and never finer than a microsecond.
func milliseconds(rtt time.Duration) string {
	switch us := rtt.Microseconds(); {
	case us >= 100000-50:
		return fmt.Sprintf("%d", (us+500)/1000)
	case us >= 10000-5:
		return fmt.Sprintf("%d.%01d", (us+50)/1000, ((us+50)%1000)/100)
	case us >= 1000:
		return fmt.Sprintf("%d.%02d", (us+5)/1000, ((us+5)%1000)/10)
	default:
		return fmt.Sprintf("%d.%03d", us/1000, us%1000)
	}
}

// Unanswered is the summary of a ping that got no answer to any of its echoes.
func Unanswered(sent int) string {
	return fmt.Sprintf("%d packets transmitted, 0 received, 100%% packet loss, time 0ms", sent)
}

// Summary is the summary of several echoes, of which some were answered, in ping's
// words.
func Summary(sent, received int) string {
	return fmt.Sprintf("%d packets transmitted, %d received, %d%% packet loss", sent, received, 100*(sent-received)/max(sent, 1))
}

// callError is a system call that failed while an echo was being sent. Its
// text is what ping prints.
type callError struct {
	call  string // "connect", "sendmsg", … as ping names it
	errno unix.Errno
	ipv6  bool
	mtu   int // of EMSGSIZE, where the kernel told it; else 0
}

func (e *callError) Error() string {
	switch {
	case e.call == "connect" && e.errno == unix.EACCES && !e.ipv6:
		// The kernel answers EACCES for a broadcast address too, and that
		// is what ping takes it for.
		return "ping: Do you want to ping broadcast? Then -b. If not, check your local firewall rules"
	case e.errno == unix.EMSGSIZE && e.mtu > 0 && e.ipv6:
		return fmt.Sprintf("ping: local error: message too long, mtu: %d", e.mtu)
	case e.errno == unix.EMSGSIZE && e.mtu > 0:
		return fmt.Sprintf("ping: local error: message too long, mtu=%d", e.mtu)
	}
	return "ping: " + e.call + ": " + Strerror(e.errno)
}

// Unwrap gives the errno to errors.Is.
func (e *callError) Unwrap() error { return e.errno }

// outcome is what the failed call says about the network. A socket that
// cannot be had says nothing about it.
func (e *callError) outcome() Outcome {
	if e.call != "connect" && e.call != "sendmsg" {
		return OutcomeUnknown
	}
	return outcomeOfErrno[e.errno]
}
