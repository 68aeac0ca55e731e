package translated

import (
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"

	"nstutor/diag/conntrack"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/full"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/machine"
	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/table"
)

// givenUp are the states of connections whose ports the kernel gives to another one where
// it finds no other (nf_nat_used_tuple_harder()).
var givenUp = []string{"TIME_WAIT", "CLOSE"}

// Exhausted is the finding of a request that a rule of a namespace has just given
// another source, where the ports of that are taken. asked is the port that it comes
// from. The table is read only where it has as many entries.
func Exhausted(n *machine.Space, left eval.Packet, asked uint16) (cause.Finding, bool) {
	by, ruled := left.Sourced()
	if !ruled || left.Proto != unix.IPPROTO_TCP && left.Proto != unix.IPPROTO_UDP || !left.Src.IsValid() {
		return nil, false
	}
	least, most, limited := ports(by.Rule.Verdict, asked)
	all := int(most) - int(least) + 1
	use, err := table.ReadConntrack(n.NS)
	if err != nil || use.Count < all {
		return nil, false
	}
	same, err := conntrack.Answering(n.NS, conntrack.Tuple{
		Proto: left.Proto, Src: netip.AddrPortFrom(left.Dst, left.DstPort), Dst: netip.AddrPortFrom(left.Src, 0),
	})
	if err != nil {
		return nil, false
	}
	var taken [1 << 16]bool
	used := 0
	for _, e := range same {
		if port := e.Reply.Dst.Port(); port >= least && port <= most && !taken[port] && !slices.Contains(givenUp, e.State) {
			taken[port] = true
			used++
		}
	}
	if used < all {
		return nil, false
	}
	counted, _ := conntrack.ReadStats(n.NS)
	f := full.NoPortLeft{
		At: cause.At(n.Name), Min: least, Max: most, By: by, Taken: same[0], Failed: counted["insert_failed"],
		Flow: flows.Flow{Proto: left.Proto, Src: left.Src, Dst: left.Dst, DstPort: left.DstPort},
	}
	if limited {
		return f, true
	}
	return full.NoPortAtAll{NoPortLeft: f}, true
}

// ports are those that a translation may give a source which comes from a port: the
// rule's own, or those of the kernel (nf_nat_l4proto_unique_tuple()).
func ports(v netfilter.Verdict, asked uint16) (least, most uint16, limited bool) {
	switch {
	case v.Port.Min != 0:
		return v.Port.Min, max(v.Port.Min, v.Port.Max), true
	case asked < 512:
		return 1, 511, false
	case asked < 1024:
		return 600, 1023, false
	}
	return 1024, 65535, false
}
