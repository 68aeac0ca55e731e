// Package tally reads what the packet filter of a namespace remembers of the packets
// that have passed: the counters of its rules, and the connections that it tracks.
package tally

import (
	"fmt"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/nfnl"
	"nstutor/internal/nsenter"
	"nstutor/internal/say"
)

// Rule is one rule that counts.
type Rule struct {
	Hook  string // empty in a chain that is only jumped to
	Chain string // as nft names it: "ip svc pre"; empty of a rule of iptables
	Text  string // the rule without the chain, or as iptables-save has it
	Count        // what it has counted
}

// Count is a number of packets and their bytes.
type Count struct{ Packets, Bytes uint64 }

// Line is the rule with what it has counted.
func (r Rule) Line() string {
	return strings.TrimSpace(fmt.Sprintf("%s %s  %d", r.Chain, r.Text, r.Packets))
}

// Rules are those of a namespace that count, table by table. What iptables-legacy has
// counted is not among them.
func Rules(ns *nsenter.Namespace) ([]Rule, error) {
	rules, _, err := Read(ns)
	return rules, err
}

// Read is the Rules of a namespace, and the services that its rules know.
func Read(ns *nsenter.Namespace) ([]Rule, []Service, error) {
	set, err := netfilter.Read(ns)
	if err != nil {
		return nil, nil, err
	}
	return counting(set), services(set), nil
}

func counting(set *netfilter.RuleSet) []Rule {
	var all []Rule
	for i := range set.Tables {
		table := &set.Tables[i]
		for j := range table.Chains {
			chain := &table.Chains[j]
			for k := range chain.Rules {
				rule := &chain.Rules[k]
				count, ok := counted(rule)
				if !ok {
					continue
				}
				if rule.IPTables {
					all = append(all, Rule{Hook: chain.Hook, Text: table.RuleLine(chain, rule), Count: count})
					continue
				}
				name := table.Family + " " + table.Name + " " + chain.Name
				text := strings.TrimSpace(strings.TrimPrefix(table.RuleLine(chain, rule), name))
				all = append(all, Rule{Hook: chain.Hook, Chain: name, Text: text, Count: count})
			}
		}
	}
	return all
}

// Attributes of a counter (enum nft_counter_attributes).
const counterBytes, counterPackets = 1, 2

// counted is what the counter of a rule says, if it has one.
func counted(rule *netfilter.Rule) (c Count, ok bool) {
	for _, x := range rule.Exprs {
		if x.Name != "counter" {
			continue
		}
		a := nfnl.Attrs(x.Data)
		return Count{Packets: a.Uint64(counterPackets), Bytes: a.Uint64(counterBytes)}, true
	}
	return Count{}, false
}

// Flow is a connection that is tracked, in both directions: where the answers come
// from and where they go to tells the translation.
type Flow struct {
	Proto                    string
	Src, Dst                 string
	SrcPort, DstPort         uint16 // 0 of what has none
	ReplySrc, ReplyDst       string
	ReplySrcPort, ReplyDport uint16
	Answered                 bool // packets have come back, as far as the kernel counts them
}

// Line is the connection as conntrack(8) lists it, without its times.
func (f Flow) Line() string {
	return f.Proto + direction(f.Src, f.Dst, f.SrcPort, f.DstPort) + direction(f.ReplySrc, f.ReplyDst, f.ReplySrcPort, f.ReplyDport)
}

func direction(src, dst string, sport, dport uint16) string {
	line := fmt.Sprintf(" src=%s dst=%s", src, dst)
	if sport != 0 || dport != 0 {
		line += fmt.Sprintf(" sport=%d dport=%d", sport, dport)
	}
	return line
}

// protocols are those of the course, by their numbers in the IP header.
var protocols = map[uint8]string{unix.IPPROTO_ICMP: "icmp", unix.IPPROTO_TCP: "tcp", unix.IPPROTO_UDP: "udp"}

// Flows are the connections of IPv4 that a namespace tracks.
func Flows(ns *nsenter.Namespace) ([]Flow, error) {
	var flows []*netlink.ConntrackFlow
	err := ns.Do(func() (err error) {
		flows, err = netlink.ConntrackTableList(netlink.ConntrackTable, unix.AF_INET)
		return err
	})
	if err != nil {
		return nil, say.At(ns.Name(), say.At("conntrack", err))
	}
	all := make([]Flow, 0, len(flows))
	for _, f := range flows {
		proto, known := protocols[f.Forward.Protocol]
		if !known {
			proto = fmt.Sprint(f.Forward.Protocol)
		}
		all = append(all, Flow{
			Proto: proto, Src: f.Forward.SrcIP.String(), Dst: f.Forward.DstIP.String(), SrcPort: f.Forward.SrcPort, DstPort: f.Forward.DstPort,
			ReplySrc: f.Reverse.SrcIP.String(), ReplyDst: f.Reverse.DstIP.String(), ReplySrcPort: f.Reverse.SrcPort, ReplyDport: f.Reverse.DstPort,
			Answered: f.Reverse.Packets > 0,
		})
	}
	return all, nil
}
