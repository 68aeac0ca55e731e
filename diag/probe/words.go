package probe

import "nstutor/internal/say"

// outcomeTexts are the outcomes for people. In English they are the words of the
// contract; in Chinese they quote what ping(8) says, as the learner's screen has it.
var outcomeTexts = [...]say.Text{
	OutcomeUnknown:      say.T("unknown", "无法得知"),
	Replied:             say.T("replied", "有应答"),
	NetworkUnreachable:  say.T("network-unreachable", "报 Network is unreachable"),
	NoRouteToHost:       say.T("no-route-to-host", "报 No route to host"),
	HostUnreachable:     say.T("host-unreachable", "报 Destination Host Unreachable"),
	NetUnreachableICMP:  say.T("net-unreachable", "报 Destination Net Unreachable"),
	PortUnreachable:     say.T("port-unreachable", "报 Destination Port Unreachable"),
	ProtocolUnreachable: say.T("protocol-unreachable", "报 Destination Protocol Unreachable"),
	Filtered:            say.T("packet-filtered", "报 Packet filtered"),
	TTLExceeded:         say.T("ttl-exceeded", "报 Time to live exceeded"),
	FragNeeded:          say.T("frag-needed", "报 Frag needed"),
	OtherICMPError:      say.T("icmp-error", "ICMP 差错"),
	Prohibited:          say.T("prohibited", "报 Permission denied"),
	NotPermitted:        say.T("not-permitted", "报 Operation not permitted"),
	InvalidArgument:     say.T("invalid-argument", "报 Invalid argument"),
	NoBufferSpace:       say.T("no-buffer-space", "报 No buffer space available"),
	MessageTooLong:      say.T("message-too-long", "报 Message too long"),
	DifferentAddress:    say.T("different-address", "应答来自别的地址"),
	Refused:             say.T("connection-refused", "报 Connection refused"),
	AddressNotAvailable: say.T("address-not-available", "报 Cannot assign requested address"),
	NoName:              say.T("no-name", "名称不存在"),
	NoResolver:          say.T("no-resolver", "没有域名服务器应答"),
	Silent:              say.T("silent", "无应答"),
}

// Say is the outcome in both languages.
func (o Outcome) Say() say.Text {
	if o < 0 || int(o) >= len(outcomeTexts) {
		o = OutcomeUnknown
	}
	return outcomeTexts[o]
}
