package nftrace

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"

	"nstutor/diag/netfilter/fields"

	"golang.org/x/sys/unix"
)

// Lines are the event as nft prints it: what the packet looks like, where the kernel has
// told, and what it has met, which is the last one.
func (e Event) Lines() []string {
	head := fmt.Sprintf("trace id %08x %s %s %s ", e.ID, e.Family, e.Table, e.Chain)
	var lines []string
	if e.Packet != nil {
		lines = append(lines, head+"packet: "+e.Packet.line())
	}
	verdict := strings.TrimSpace(e.Verdict + " " + e.To)
	switch {
	case e.Policy:
		return append(lines, head+"policy "+verdict)
	case e.Handle == 0:
		return append(lines, head+"verdict "+verdict)
	}
	rule := cmp.Or(e.Text, fmt.Sprintf("# handle %d", e.Handle))
	return append(lines, head+"rule "+rule+" (verdict "+verdict+")")
}

// line is the packet in the words of nft, without what no lesson is about: the length,
// and numbers that differ from packet to packet.
func (p *Packet) line() string {
	var words []string
	for _, dev := range []struct{ word, name string }{{"iif", p.In}, {"oif", p.Out}} {
		if dev.name != "" {
			words = append(words, fmt.Sprintf("%s %q", dev.word, dev.name))
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
			words = append(words, "tcp flags == "+strings.ReplaceAll(fields.Text("tcp flags", t[13:14]), ",", " | "))
		}
	case h[9] == unix.IPPROTO_ICMP && len(t) >= 1:
		words = append(words, "icmp type "+fields.Text("icmp type", t[:1]))
	}
	return strings.Join(words, " ")
}
