package nftrace

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"golang.org/x/sys/unix"

	"nstutor/diag/netfilter"
)

// Lines are the event as nft prints it: what the packet looks like, where the kernel has
// told, and what it has met. device names a device by its index.
func (e Event) Lines(set *netfilter.RuleSet, device func(index uint32) string) []string {
	head := fmt.Sprintf("trace id %08x %s %s %s ", e.ID, e.Family, e.Table, e.Chain)
	var lines []string
	if e.Packet != nil {
		lines = append(lines, head+"packet: "+e.Packet.line(device))
	}
	switch {
	case e.Policy:
		return append(lines, head+"policy "+e.Verdict)
	case e.Rule == 0:
		return append(lines, head+"verdict "+e.Verdict)
	}
	return append(lines, head+"rule "+e.rule(set)+" (verdict "+e.Verdict+")")
}

// rule is the text of the rule, as far as it is still there.
func (e Event) rule(set *netfilter.RuleSet) string {
	if table, ok := set.Table(e.Family, e.Table); ok {
		if chain, ok := table.Chain(e.Chain); ok {
			for i := range chain.Rules {
				if chain.Rules[i].Handle == e.Rule {
					return table.RuleText(&chain.Rules[i])
				}
			}
		}
	}
	return fmt.Sprintf("# handle %d", e.Rule)
}

// line is the packet in the words of nft, without what no lesson is about: the length,
// and numbers that differ from packet to packet.
func (p *Packet) line(device func(index uint32) string) string {
	var words []string
	for _, dev := range []struct {
		word  string
		index uint32
	}{{"iif", p.In}, {"oif", p.Out}} {
		if dev.index != 0 {
			words = append(words, fmt.Sprintf("%s %q", dev.word, device(dev.index)))
		}
	}
	h := p.Network
	if len(h) < 20 || h[0]>>4 != 4 {
		return strings.Join(words, " ")
	}
	src, dst := netip.AddrFrom4([4]byte(h[12:16])), netip.AddrFrom4([4]byte(h[16:20]))
	words = append(words, fmt.Sprintf("ip saddr %s ip daddr %s ip ttl %d", src, dst, h[8]))
	proto, ported := map[byte]string{unix.IPPROTO_TCP: "tcp", unix.IPPROTO_UDP: "udp"}[h[9]]
	switch t := p.Transport; {
	case ported && len(t) >= 4:
		words = append(words, fmt.Sprintf("%s sport %d %[1]s dport %[3]d", proto, binary.BigEndian.Uint16(t), binary.BigEndian.Uint16(t[2:])))
		if proto == "tcp" && len(t) >= 14 {
			words = append(words, "tcp flags == "+strings.ReplaceAll(netfilter.FieldText("tcp flags", t[13:14]), ",", " | "))
		}
	case h[9] == unix.IPPROTO_ICMP && len(t) >= 1:
		words = append(words, "icmp type "+netfilter.FieldText("icmp type", t[:1]))
	}
	return strings.Join(words, " ")
}

// device is the name of a device of the namespace, or its index where it is gone.
func (l *Listener) device(index uint32) (name string) {
	name = fmt.Sprint(index)
	l.ns.Do(func() error {
		if dev, err := net.InterfaceByIndex(int(index)); err == nil {
			name = dev.Name
		}
		return nil
	})
	return name
}
