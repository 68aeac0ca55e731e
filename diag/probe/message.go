package probe

import (
	"fmt"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
)

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

// Unanswered is the summary of a ping whose one echo got no answer.
func Unanswered() string { return Summary(1, 0) + ", time 0ms" }

// Summary is the summary of several echoes, of which not all were answered, in ping's
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
