package netfile

import (
	"net/netip"
	"time"

	"nstutor/diag/probe"
	"nstutor/internal/replica"
	"nstutor/internal/replica/nftables"
	"nstutor/internal/say"
)

// Version is that of the files that are written. A file of a greater one is not read.
// Version 2 has IPv6, ipsets, and of the settings those alone that matter. Version 3 says
// where it ends. Version 4 may say what came of what was asked. Version 5 says the handles
// of what is in nf_tables.
const Version = 5

// Heading is how a file begins, before its version.
const Heading = "nstutor network "

// ending is its last line: a network of which a part is missing is another one.
const ending = "end"

// File is a network, and perhaps what does not get through it.
type File struct {
	Asked   *Asked
	Network replica.Network // none of whose Spaces is without a name
}

// Asked is a flow from one of the namespaces.
type Asked struct {
	From  string
	Proto string // icmp, tcp or udp
	Dest  netip.Addr
	Port  uint16 // 0: it is a ping
	Came  *Came  // what came of it when the file was written; nil: nobody tried
}

// Came is what came of a packet that was sent, and how long an answer was waited for.
type Came struct {
	Outcome probe.Outcome
	From    netip.Addr // of the answer or the refusal; invalid: of nobody
	Waited  time.Duration
}

// The limits of what is read: more than that is no network of one machine.
const (
	mostSpaces = 4096
	mostLinks  = 1 << 15 // in all namespaces
	mostSets   = 4096    // in one
)

// rows are the tables of a namespace whose lines are rows alone.
var rows = []struct {
	word string
	of   *schema
	in   func(*replica.Space) *[][]byte
}{
	{"address", addrRow, func(s *replica.Space) *[][]byte { return &s.Addrs }},
	{"nexthop", nextHopRow, func(s *replica.Space) *[][]byte { return &s.NextHops }},
	{"route", routeRow, func(s *replica.Space) *[][]byte { return &s.Routes }},
	{"rule", ruleRow, func(s *replica.Space) *[][]byte { return &s.Rules }},
	{"neighbour", neighbourRow, func(s *replica.Space) *[][]byte { return &s.Neighbours }},
	{"fdb", neighbourRow, func(s *replica.Space) *[][]byte { return &s.FDB }},
	{"timer", timerRow, func(s *replica.Space) *[][]byte { return &s.Timers }},
}

// objects are the parts of a packet filter, in the order in which they are made.
var objects = []struct {
	word string
	of   *schema
	in   func(*nftables.Ruleset) *[]nftables.Object
}{
	{"nft-table", tableRow, func(f *nftables.Ruleset) *[]nftables.Object { return &f.Tables }},
	{"nft-chain", chainRow, func(f *nftables.Ruleset) *[]nftables.Object { return &f.Chains }},
	{"nft-object", objectRow, func(f *nftables.Ruleset) *[]nftables.Object { return &f.Objects }},
	{"nft-set", setRow, func(f *nftables.Ruleset) *[]nftables.Object { return &f.Sets }},
	{"nft-elements", elementsRow, func(f *nftables.Ruleset) *[]nftables.Object { return &f.Elements }},
	{"nft-flowtable", flowTableRow, func(f *nftables.Ruleset) *[]nftables.Object { return &f.FlowTables }},
	{"nft-rule", filterRule, func(f *nftables.Ruleset) *[]nftables.Object { return &f.Rules }},
}

// Newer tells that a file is of a version that this program does not know.
func newer(version int) error {
	return say.Err("the file is of version %d, and this nstutor reads up to %d: a newer nstutor reads it", "文件的版本是 %d，而这个 nstutor 只能读到 %d：请用更新的 nstutor", version, Version)
}
