package eval

import (
	"net/netip"

	"nstutor/diag/netfilter"
)

// CTState is what connection tracking makes of a packet.
type CTState string

// The states of connection tracking. The zero value is that of a packet that
// no connection tracking has seen.
const (
	CTNew         CTState = "new"
	CTEstablished CTState = "established"
	CTRelated     CTState = "related"
	CTInvalid     CTState = "invalid"
	CTUntracked   CTState = "untracked"
)

// MAC is the address of an Ethernet device; zero when it is not known, or there is none.
type MAC [6]byte

// Packet is one IP packet as packet filters see it. A Packet that has been
// through a hook remembers what the hook did to its connection, so the next
// hook of the same namespace has to be given Result.Packet; Forget makes
// it a packet for another namespace.
type Packet struct {
	Src, Dst           netip.Addr
	EtherType          uint16 // 0: that of the IP version
	ARPOperation       uint16 // of an ARP packet: 1 is a request, 2 a reply
	Proto              byte   // as in the IP header: 1 is ICMP, 6 TCP, 17 UDP, 58 ICMPv6
	ICMPType, ICMPCode byte
	SrcPort, DstPort   uint16
	Mark               uint32
	CTState            CTState
	IIF, OIF           string // device names; a hook looks only at those that the kernel gives it
	Length             int    // of the IP packet with its header; 0 when it is not known
	TTL                int    // or hop limit; 0 when it is not known
	ECN                bool   // its TCP asks for explicit congestion notification (RFC 3168)
	Socket             Socket // that it comes from, in the namespace that made it
	From               MAC    // that the frame has which it came in
	Ports              Ports  // of the bridge that passes it on

	zone  uint16 // of connection tracking, which rules give it before that
	zoned Place  // the rule that did
	past  Place  // the rule that it does not meet
	conn  conn
}

// Ports are those of a bridge that a packet comes in by and leaves by, where the rules of IP
// see what bridges pass on (br_netfilter). The zero value is that of a packet that is routed.
type Ports struct{ In, Out string }

// Forget returns the packet without what it has only inside a namespace: its
// mark, its devices, its socket and its connection (skb_scrub_packet()). It is new to the
// next namespace's connection tracking.
func (p Packet) Forget() Packet {
	p.Mark, p.IIF, p.OIF, p.Socket, p.Ports, p.zone, p.zoned, p.conn, p.CTState = 0, "", "", Socket{}, Ports{}, 0, Place{}, conn{}, CTNew
	return p
}

// Answering returns p as an answer in the connection that request, as it left
// the last hook, belongs to: established and with the connection's mark. The
// hooks then take back the request's translation where the kernel does. Of a request that
// came to the namespace several times, as several connections, it answers one.
func (p Packet) Answering(request Packet) Packet {
	for one := &request; one != nil; one = one.conn.before {
		if p.answers(*one) {
			request = *one
			break
		}
	}
	p.CTState, p.conn = CTEstablished, request.conn
	p.conn.answer, p.conn.goesOn = true, false
	p.conn.srcUnknown, p.conn.dstUnknown, p.conn.pktMarkUnknown = false, false, false
	return p
}

// Verdict is what a hook decides about a packet.
type Verdict string

// The verdicts of Traverse. Both a dropped and a rejected packet are gone.
const (
	VerdictAccept  Verdict = "accept"
	VerdictDrop    Verdict = "drop"
	VerdictReject  Verdict = "reject" // the sender is told, with Result.RejectWith
	VerdictUnknown Verdict = "unknown"
)

// Result is what became of a packet at one hook.
type Result struct {
	Verdict Verdict
	// At names the base chain that decided, as in "ip filter FORWARD", or
	// "-t filter FORWARD" for one of iptables-legacy. It is empty when no chain
	// had anything against the packet. For VerdictUnknown it is where the packet
	// may be dropped.
	At         string
	Rule       string // Table.RuleLine, or "policy drop"
	RejectWith string // in nft's spelling: "icmp port-unreachable"
	// Packet is the packet after address translation and marks.
	Packet Packet
	// NAT is the last translation of an address at this hook; nil when there
	// was none. New is invalid when it cannot be known.
	NAT *Translation
	// Unsure are the rules that could not be judged and that matter. With
	// VerdictAccept they decide only about marks, with VerdictDrop or
	// VerdictReject only about which of the two it is.
	Unsure []string
	// Doubted are the same as values, of a packet that may pass; nil for what is no rule with a
	// condition that could not be judged.
	Doubted []*netfilter.Rule
	// Otherwise is what else becomes of a packet that may pass, where it is one rule that
	// stops it, Decided, or one policy; empty where there are more, or it does not stop it.
	Otherwise Verdict
	// Untimely are rules that would have accepted the packet at another time.
	Untimely []string
	// Elsewhere tells that it is not known where the packet goes.
	Elsewhere bool
	// AsSender tells that it would be another one, or could not be told, without
	// Packet.Socket: a rule asked for it, and that mattered.
	AsSender bool

	Table   *netfilter.Table // of the chain At
	Chain   *netfilter.Chain // the base chain At
	Decided *netfilter.Rule  // the rule; nil for a policy
	In      string           // the chain that it is in, to which At may have led
}

// Drops reports whether the packet gets no further, for sure.
func (r Result) Drops() bool { return r.Verdict == VerdictDrop || r.Verdict == VerdictReject }

// Tracked reports whether what decided is behind connection tracking: a chain before it
// knows of no packet that it answers another one.
func (r Result) Tracked() bool { return r.Chain == nil || r.Chain.Priority >= conntrackPriority }

// Translation is a change of a packet's address, or of its port, or of both.
type Translation struct {
	// Kind is "snat", "dnat", "masquerade" or "redirect", "answer" when the
	// request's translation is taken back, or "conntrack" when the connection was
	// translated before.
	Kind     string
	Old, New netip.Addr
	// The ports that go with them; equal where none was changed, 0 of what has none.
	OldPort, NewPort uint16
	Rule             string // empty for an answer, and of what was translated before
	Table            string // … and the name of the table that it is in
	Stays            string // the rule by which a source stays with it that was sent there before
}
