package probe

import (
	"fmt"

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

// icmpErrors are the errors of one version of ICMP that ping reports.
type icmpErrors struct {
	known       map[icmpKind]icmpError
	unreachable byte   // the type whose other codes are errors too,
	other       string // and their words
}

// icmpError is what an ICMP error means; the words of one with an MTU have room for it.
type icmpError struct {
	outcome Outcome
	words   string
}

// words looks an ICMP error up; ok is false when it is not one that ends a ping.
func (e icmpErrors) words(kind icmpKind, mtu int) (outcome Outcome, words string, ok bool) {
	known, ok := e.known[kind]
	switch {
	case ok && known.outcome == FragNeeded:
		return FragNeeded, fmt.Sprintf(known.words, mtu), true
	case ok:
		return known.outcome, known.words, true
	case kind.typ == e.unreachable:
		return OtherICMPError, fmt.Sprintf(e.other, kind.code), true
	}
	return OutcomeUnknown, "", false
}

// errorsOf are those of each version, by where the kernel says that an error came from.
var errorsOf = map[byte]icmpErrors{
	unix.SO_EE_ORIGIN_ICMP:  {icmp4Errors, icmpUnreachable, "Dest Unreachable, Bad Code: %d"},
	unix.SO_EE_ORIGIN_ICMP6: {icmp6Errors, icmp6Unreachable, "Destination unreachable: Unknown code %d"},
}

// icmp4Errors are in the words of iputils' pr_icmph(). Redirects are not among them: they
// delay nothing.
var icmp4Errors = map[icmpKind]icmpError{
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
