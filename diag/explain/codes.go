package explain

// Code names a cause. The set is closed.
type Code string

// The causes.
const (
	None                    Code = "none"
	NoAddress               Code = "no-address"
	LinkDown                Code = "link-down"
	NoCarrier               Code = "no-carrier"
	LoopbackDown            Code = "loopback-down"
	NoRoute                 Code = "no-route"
	RouteBlackhole          Code = "route-blackhole"
	RouteUnreachable        Code = "route-unreachable"
	RouteProhibit           Code = "route-prohibit"
	RouteLoop               Code = "route-loop"
	WrongNetmask            Code = "wrong-netmask"
	NeighbourUnanswered     Code = "neighbour-unanswered"
	NeighbourWrongMAC       Code = "neighbour-wrong-mac"
	ProxyARPNeedsForwarding Code = "proxy-arp-needs-forwarding"
	ProxyARPNoRoute         Code = "proxy-arp-no-route"
	DuplicateAddress        Code = "duplicate-address"
	ForwardingOff           Code = "forwarding-off"
	Filtered                Code = "filtered"
	RPFilter                Code = "rp-filter"
	MartianSource           Code = "martian-source"
	EchoIgnored             Code = "echo-ignored"
	NoReturnRoute           Code = "no-return-route"
	NotMasqueraded          Code = "not-masqueraded"
	MTUExceeded             Code = "mtu-exceeded"
	ConntrackFull           Code = "conntrack-full"
	DestinationAbsent       Code = "destination-absent"
	ModelDisagrees          Code = "model-disagrees"
	NotKnown                Code = "unknown"
)
