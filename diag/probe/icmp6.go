package probe

// ICMPv6 types of RFC 4443 that decide an outcome.
const (
	icmp6Unreachable  = 1
	icmp6TooBig       = 2
	icmp6TimeExceeded = 3
	icmp6Parameter    = 4
)

// icmp6Errors are in the words of iputils' print_icmp() for IPv6.
var icmp6Errors = map[icmpKind]icmpError{
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
