package probe

import (
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"nstutor/internal/say"
)

// Outcome is what became of one echo request, TCP connect or datagram. The set is
// closed, and two failures that need different repairs never share a value.
type Outcome int

// The outcomes. "Local" means that a system call of the sender failed, so
// nothing left the namespace; the others were learned from a packet that came
// back, or from none coming back.
const (
	OutcomeUnknown      Outcome = iota // could not be found out: no permission for ICMP, cancelled, namespace gone
	Replied                            // the destination answered: an echo reply, a TCP handshake, a datagram
	NetworkUnreachable                 // local, ENETUNREACH: no route, a `throw` route, or 127.0.0.1 with lo down
	NoRouteToHost                      // local, EHOSTUNREACH: an `unreachable` route
	HostUnreachable                    // ICMP host unreachable; from the own address when the own neighbour FAILED, else from a router
	NetUnreachableICMP                 // ICMP net unreachable: a router has no route
	PortUnreachable                    // ICMP port unreachable: a REJECT rule, or of UDP a closed port
	ProtocolUnreachable                // ICMP protocol unreachable
	Filtered                           // ICMP administratively prohibited: a router's `prohibit` route or REJECT
	TTLExceeded                        // ICMP time to live exceeded: a routing loop, or a small Echo.TTL
	FragNeeded                         // ICMP fragmentation needed: a router's next link has a smaller MTU
	OtherICMPError                     // any other ICMP error; Result.Message names it
	Prohibited                         // local, EACCES: a `prohibit` route, or a broadcast address
	NotPermitted                       // local, EPERM: an OUTPUT rule dropped the packet (of TCP it is Silent), or a program of the control group refused
	InvalidArgument                    // local, EINVAL: a `blackhole` route
	NoBufferSpace                      // local, ENOBUFS: the device refused it, such as a veth whose peer has a smaller MTU
	MessageTooLong                     // local, EMSGSIZE: longer than the device's or the path's known MTU
	DifferentAddress                   // an answer, but not from the address that was asked
	Refused                            // ECONNREFUSED by a TCP RST: nobody listens there, or a REJECT rule answered so
	AddressNotAvailable                // local, EADDRNOTAVAIL: the source is no address of the namespace, or has no port left
	NoName                             // the name does not exist, or has no address
	NoResolver                         // no name server answered
	Silent                             // nothing at all within the timeout
)

// String is a stable kebab-case word: a contract, which transcripts and JSON carry.
func (o Outcome) String() string { return o.Say().String() }

// OutcomeCalled is the outcome of that word.
func OutcomeCalled(word string) (o Outcome, ok bool) {
	i := slices.IndexFunc(outcomeTexts[:], func(t say.Text) bool { return t.String() == word })
	return Outcome(max(i, 0)), i >= 0
}

// MarshalText makes an Outcome its word in JSON.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// outcomeOfErrno is what a failed connect or sendmsg means. The route lookup
// gives the first five (fib_props[] in net/ipv4/fib_semantics.c), netfilter
// EPERM (NF_DROP in nf_hook_slow), the device ENOBUFS (net_xmit_errno).
var outcomeOfErrno = map[unix.Errno]Outcome{
	unix.ENETUNREACH:  NetworkUnreachable,
	unix.EHOSTUNREACH: NoRouteToHost,
	unix.EACCES:       Prohibited,
	unix.EINVAL:       InvalidArgument,
	unix.EPERM:        NotPermitted,
	unix.ENOBUFS:      NoBufferSpace,
	unix.EMSGSIZE:     MessageTooLong,

	unix.EADDRNOTAVAIL: AddressNotAvailable,
}

// Strerror is strerror(3): Go's table is made from it, but lower-cased.
func Strerror(errno unix.Errno) string {
	words := errno.Error()
	return strings.ToUpper(words[:1]) + words[1:]
}
