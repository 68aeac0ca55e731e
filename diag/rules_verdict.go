package diag

import (
	"net/netip"
)

// RuleVerdict is what becomes of a packet that a rule matches.
type RuleVerdict struct {
	Kind  RuleVerdictKind
	Chain string // of a jump or goto
	// Addr and Port are what SNAT, DNAT, MASQUERADE and REDIRECT write; the
	// zero value leaves that part as it is (or, for MASQUERADE and REDIRECT,
	// takes the device's address).
	Addr  RuleAddrRange
	Port  RulePortRange
	From  string   // where Addr and Port come from when a map decides, such as "ip saddr map @backends"
	With  string   // what REJECT answers, in nft's spelling: "icmp port-unreachable"
	Flags []string // "random", "fully-random", "persistent"
	// Map is the table of a verdict map: the first case whose match holds
	// gives the verdict, and without one the rule has none.
	Map  []RuleCase
	Text string // the rule's end in brackets, when it is VerdictUnknown

	family string // "ip" or "ip6": which addresses nf_tables translates
}

// RuleCase is one entry of a verdict map.
type RuleCase struct {
	Match   RuleMatch
	Verdict RuleVerdict
}

// RuleVerdictKind is one of the Verdict constants.
type RuleVerdictKind string

const (
	VerdictContinue   RuleVerdictKind = ""           // go on with the next rule
	VerdictAccept     RuleVerdictKind = "accept"     // leave this hook's chains of this priority
	VerdictDrop       RuleVerdictKind = "drop"       // silently
	VerdictReject     RuleVerdictKind = "reject"     // drop and answer
	VerdictReturn     RuleVerdictKind = "return"     // to the calling chain, or to the policy
	VerdictJump       RuleVerdictKind = "jump"       // and come back
	VerdictGoto       RuleVerdictKind = "goto"       // without coming back
	VerdictQueue      RuleVerdictKind = "queue"      // to a program
	VerdictMasquerade RuleVerdictKind = "masquerade" // source becomes the outgoing device's address
	VerdictSNAT       RuleVerdictKind = "snat"
	VerdictDNAT       RuleVerdictKind = "dnat"
	VerdictRedirect   RuleVerdictKind = "redirect" // destination becomes this machine
	VerdictMap        RuleVerdictKind = "vmap"     // see Map
	VerdictUnknown    RuleVerdictKind = "unknown"  // see Text; it may or may not end the chain
)

// Terminal says whether the packet leaves the chain's hook with this verdict.
func (k RuleVerdictKind) Terminal() bool {
	switch k {
	case VerdictAccept, VerdictDrop, VerdictReject, VerdictQueue,
		VerdictMasquerade, VerdictSNAT, VerdictDNAT, VerdictRedirect:
		return true
	default:
		return false
	}
}

// RuleAddrRange is from Min to Max, both included; invalid when absent.
type RuleAddrRange struct{ Min, Max netip.Addr }

// RulePortRange is from Min to Max, both included; zero when absent.
type RulePortRange struct{ Min, Max uint16 }

// RuleEffect is something a rule does besides its verdict.
type RuleEffect struct {
	// After is how many of the rule's Matches must have held before.
	After int
	// Field is what is changed to field &^ Mask ^ Xor: "meta mark", "ct mark",
	// or "meta notrack", which is a flag. Empty when Text is all that is known.
	Field     RuleField
	Mask, Xor uint32
	Text      string // "log", "limit rate 5/second", "[expr NAME]"

	module string // the iptables target it came from
}
