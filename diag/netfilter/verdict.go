package netfilter

import (
	"net/netip"
	"strings"

	"nstutor/diag/netfilter/fields"
)

// Verdict is what becomes of a packet that a rule matches.
type Verdict struct {
	Kind  VerdictKind
	Chain string // of a jump or goto
	// Addr and Port are what SNAT, DNAT, MASQUERADE and REDIRECT write; the
	// zero value leaves that part as it is (or, for MASQUERADE and REDIRECT,
	// takes the device's address).
	Addr AddrRange
	Port PortRange
	From string // where Addr and Port come from when a map decides, such as "ip saddr map @backends"
	// Choices are the entries of that map: the first whose match holds gives them, and
	// without one the rule has no verdict. There are none where they are not known.
	Choices []Choice
	With    string   // what REJECT answers, in nft's spelling: "icmp port-unreachable"
	Flags   []string // "random", "fully-random", "persistent"
	Queue   Queue    // of VerdictQueue
	// Map is the table of a verdict map: the first case whose match holds
	// gives the verdict, and without one the rule has none.
	Map  []Case
	Text string // the rule's end in brackets, when it is VerdictUnknown
	// Target is the x_tables target that it is, when that is why it is unknown.
	Target string

	family string // "ip" or "ip6": which addresses nf_tables translates
}

// Case is one entry of a verdict map.
type Case struct {
	Match   Match
	Verdict Verdict
}

// VerdictKind is one of the Verdict constants.
type VerdictKind string

const (
	VerdictContinue   VerdictKind = ""           // go on with the next rule
	VerdictAccept     VerdictKind = "accept"     // leave this hook's chains of this priority
	VerdictDrop       VerdictKind = "drop"       // silently
	VerdictReject     VerdictKind = "reject"     // drop and answer
	VerdictReturn     VerdictKind = "return"     // to the calling chain, or to the policy
	VerdictJump       VerdictKind = "jump"       // and come back
	VerdictGoto       VerdictKind = "goto"       // without coming back
	VerdictQueue      VerdictKind = "queue"      // to a program
	VerdictMasquerade VerdictKind = "masquerade" // source becomes the outgoing device's address
	VerdictSNAT       VerdictKind = "snat"
	VerdictDNAT       VerdictKind = "dnat"
	VerdictRedirect   VerdictKind = "redirect" // destination becomes this machine
	VerdictMap        VerdictKind = "vmap"     // see Map
	VerdictUnknown    VerdictKind = "unknown"  // see Text; it may or may not end the chain
)

// Looked is the named map that the verdict, or its address, is looked up in, and by what;
// its name is empty where there is none.
func (v Verdict) Looked() (name string, by []fields.Name) {
	key, name, _ := strings.Cut(v.From, "map @")
	for field := range strings.SplitSeq(strings.TrimRight(key, " v"), " . ") {
		by = append(by, fields.Name(field))
	}
	return name, by
}

// Queue is where packets wait for what a program decides (nfnetlink_queue).
type Queue struct {
	First, Last uint16 // the numbers of those that packets are spread over
	Bypass      bool   // where no program listens, the packet passes; else it is lost (nf_queue())
	Fanout      bool   // they are spread by CPU, and not by addresses
}

// AddrRange is from Min to Max, both included; invalid when absent.
type AddrRange struct{ Min, Max netip.Addr }

// PortRange is from Min to Max, both included; zero when absent.
type PortRange struct{ Min, Max uint16 }

// Effect is something a rule does besides its verdict.
type Effect struct {
	// After is how many of the rule's Matches must have held before.
	After int
	// Field is what is changed: "meta mark", "ct mark", "ct zone", or "meta notrack", which is
	// a flag. Empty when it is nothing that rules or routes look at, or not known.
	Field fields.Name
	// A mark becomes mark &^ Mask ^ Xor ^ From & FromMask. Unread says that what it
	// becomes is not known.
	Mask, Xor uint32
	From      fields.Name // "meta mark", "ct mark", or empty
	FromMask  uint32
	Unread    bool
	Text      string // how it is written, when the rest does not tell: "log", "limit rate 5/second", "[expr NAME]"

	module string // the iptables target it came from
}
