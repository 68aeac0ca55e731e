package probe

import "fmt"

// ICMPv6 types of RFC 4443 that decide an outcome.
const (
	icmp6Unreachable  = 1
	icmp6TooBig       = 2
	icmp6TimeExceeded = 3
	icmp6Parameter    = 4
)

// icmp6Errors are the errors ping reports, in the words of iputils' print_icmp()
// for IPv6.
var icmp6Errors = map[icmpKind]struct {
	outcome Outcome
	words   string
}{
	{icmp6Unreachable, 0}:  {NetUnreachableICMP, "Destination unreachable: No route"},
	{icmp6Unreachable, 1}:  {Filtered, "Destination unreachable: Administratively prohibited"},
	{icmp6Unreachable, 2}:  {OtherICMPError, "Destination unreachable: Beyond scope of source address"},
	{icmp6Unreachable, 3}:  {HostUnreachable, "Destination unreachable: Address unreachable"},
	{icmp6Unreachable, 4}:  {PortUnreachable, "Destination unreachable: Port unreachable"},
	{icmp6Unreachable, 5}:  {Filtered, "Destination unreachable: Source address failed ingress/egress policy"},
	{icmp6Unreachable, 6}:  {Filtered, "Destination unreachable: Reject route to destination"},
	{icmp6TooBig, 0}:       {FragNeeded, "Packet too big: mtu=%d"},
	{icmp6TimeExceeded, 0}: {TTLExceeded, "Time exceeded: Hop limit"},
	{icmp6TimeExceeded, 1}: {OtherICMPError, "Time exceeded: Defragmentation failure"},
	{icmp6Parameter, 0}:    {OtherICMPError, "Parameter problem: Wrong header field"},
	{icmp6Parameter, 1}:    {ProtocolUnreachable, "Parameter problem: Unknown header"},
	{icmp6Parameter, 2}:    {OtherICMPError, "Parameter problem: Unknown option"},
}

// icmp6ErrorWords is icmpErrorWords for ICMPv6.
func icmp6ErrorWords(kind icmpKind, mtu int) (outcome Outcome, words string, ok bool) {
	known, ok := icmp6Errors[kind]
	switch {
	case ok && known.outcome == FragNeeded:
		return FragNeeded, fmt.Sprintf(known.words, mtu), true
	case ok:
		return known.outcome, known.words, true
	case kind.typ == icmp6Unreachable:
		return OtherICMPError, fmt.Sprintf("Destination unreachable: Unknown code %d", kind.code), true
	}
	return OutcomeUnknown, "", false
}
