// Package passage says what a node's rules make of a packet of a flow: it takes
// the packet through the hooks in their order, with the kernel's own choice of a route
// between them, along each way that rules may draw by lot.
package passage

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/table"
	"nstutor/internal/nsenter"
	"nstutor/internal/say"
)

// Space is a network namespace that packets pass.
type Space struct {
	one   *table.One
	rules *netfilter.RuleSet
	env   eval.Env
}

// Open reads the rules of a namespace.
func Open(ns *nsenter.Namespace) (*Space, error) {
	rules, err := netfilter.Read(ns)
	if err != nil {
		return nil, err
	}
	one, err := table.OpenOne(ns)
	if err != nil {
		return nil, err
	}
	return &Space{one: one, rules: rules, env: eval.Kernel{One: one}}, nil
}

// Close closes its sockets.
func (n *Space) Close() { n.one.Close() }

// Flow is whose first packet it is.
type Flow struct {
	Src netip.Addr // an address behind one of the node's devices; invalid: the node sends it
	Dst netip.Addr
	// Proto is IPPROTO_TCP or IPPROTO_UDP, which go to Port, or IPPROTO_ICMP: a ping.
	Proto byte
	Port  uint16
	Mark  uint32 // that its socket has given it
	// Known is a packet of a flow that has been answered before.
	Known bool
}

// Way is one of the things that may become of a packet.
type Way struct {
	Share float64    // of all packets, from 0 to 1
	Sent  netip.Addr // the source that it set out with
	// Packet is as it leaves the node, or as it was where it was dropped.
	Packet  eval.Packet
	Verdict eval.Verdict // accept, drop, reject or unknown
	Rule    string       // the last that had a say; empty for none
}

// srcPort is where the packets of a flow come from: no rule of the course asks.
const srcPort = 40000

// Ways follows the flow's first packet.
func (n *Space) Ways(f Flow) ([]Way, error) {
	p := eval.Packet{Src: f.Src, Dst: f.Dst, Proto: f.Proto, CTState: eval.CTNew, TTL: 64, Length: 60, Mark: f.Mark}
	if f.Proto == unix.IPPROTO_ICMP {
		p.ICMPType = 8
	} else {
		p.SrcPort, p.DstPort = srcPort, f.Port
	}
	if f.Known {
		p.CTState = eval.CTEstablished
	}
	first, behind := "prerouting", []string{"forward", "postrouting"}
	if f.Src.IsValid() {
		p.IIF = n.device(f.Src)
	} else {
		first, behind = "output", []string{"postrouting"}
		reply, err := n.one.Route(table.RouteRequest{Dst: f.Dst})
		if err != nil {
			return nil, err
		}
		p.Src, p.OIF = reply.Src, reply.Dev
	}
	var ways []Way
	for _, way := range n.pass(first, Way{Share: 1, Sent: p.Src, Packet: p, Verdict: eval.VerdictAccept}) {
		hooks := behind
		if f.Src.IsValid() && n.takes(way.Packet.Dst) {
			hooks = []string{"input"}
		}
		ways = append(ways, n.through(hooks, way)...)
	}
	return ways, n.rules.Err()
}

// through takes a packet through hooks behind the choice of its route.
func (n *Space) through(hooks []string, way Way) []Way {
	ways := []Way{way}
	for _, hook := range hooks {
		var next []Way
		for _, way := range ways {
			if hook != "input" {
				way.Packet.OIF = n.device(way.Packet.Dst)
			}
			next = append(next, n.pass(hook, way)...)
		}
		ways = next
	}
	return ways
}

// takes says whether packets to addr are for the node itself.
func (n *Space) takes(addr netip.Addr) bool {
	kind, _, err := n.env.AddrType(addr)
	return err == nil && kind == "local"
}

// pass takes a packet through one hook, unless it has been dropped already.
func (n *Space) pass(hook string, was Way) []Way {
	if was.Verdict != eval.VerdictAccept {
		return []Way{was}
	}
	var ways []Way
	for _, b := range eval.Branches(n.rules, hook, was.Packet, n.env) {
		way := Way{Share: was.Share * b.Share, Sent: was.Sent, Packet: b.Packet, Verdict: b.Verdict, Rule: was.Rule}
		switch {
		case b.Verdict == eval.VerdictUnknown:
			way.Rule = strings.Join(b.Unsure, "; ")
		case b.Verdict != eval.VerdictAccept:
			way.Rule = b.Rule
		case b.NAT != nil:
			way.Rule = b.NAT.Rule
		}
		ways = append(ways, way)
	}
	return ways
}

// device is where the kernel sends packets to addr, or nothing.
func (n *Space) device(addr netip.Addr) string {
	reply, err := n.one.Route(table.RouteRequest{Dst: addr})
	if err != nil {
		return ""
	}
	return reply.Dev
}

// End is where the packet of a flow ends up, in few words: "10.244.1.11:80", or
// "10.244.1.11:80 from 192.168.6.160" where its source is another, or "reject".
func (w Way) End() string {
	if w.Verdict != eval.VerdictAccept {
		return string(w.Verdict)
	}
	end := eval.Endpoint(w.Packet.Dst, w.Packet.DstPort)
	if w.Packet.Src != w.Sent {
		end += " from " + w.Packet.Src.String()
	}
	return end
}

// Ends are the different ends of ways, each with its share.
func Ends(ways []Way) map[string]float64 {
	ends := map[string]float64{}
	for _, w := range ways {
		ends[w.End()] += w.Share
	}
	return ends
}

// Said are the ends in one line: "10.244.1.11:80 (50%), reject (50%)".
func Said(ends map[string]float64) string {
	var all []string
	for end, share := range ends {
		text := end
		if share < 1 {
			text += fmt.Sprintf(" (%.3g%%)", 100*share)
		}
		all = append(all, text)
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// Unknown is why it cannot be told what becomes of the packet, or nil.
func Unknown(ways []Way) error {
	for _, w := range ways {
		if w.Verdict == eval.VerdictUnknown {
			return say.Err("it is not known what this rule does: %s", "无法确定这条规则的作用：%s", w.Rule)
		}
	}
	return nil
}
