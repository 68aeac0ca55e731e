package netfilter

import "nstutor/diag/netfilter/fields"

// asked is a condition of a match of ebtables: a bit of what it asks for, and where the value and
// its mask are; no mask has a size of 0.
type asked struct {
	bit      byte
	field    fields.Name
	at, mask int
	size     int
}

// ebtMatch has a match of ebtables taken apart, whose bits and inverted ones are at the end of what
// is looked at; nil where it asks for more.
func ebtMatch(x xt, bits int, known []asked) []Match {
	asks, not := x.u8(bits), x.u8(bits+1)
	matches := []Match{}
	for _, a := range known {
		if asks&a.bit == 0 {
			continue
		}
		m := ruleEqual(a.field, x.bytes(a.at, a.size))
		if a.mask != 0 {
			m.Mask = x.bytes(a.mask, a.size)
		}
		m.Not = not&a.bit != 0
		matches = append(matches, m)
		asks &^= a.bit
	}
	if asks != 0 {
		return nil
	}
	return matches
}

// ebtIP is struct ebt_ip_info, but for ranges of ports, and types of ICMP and IGMP.
func ebtIP(x xt) []Match {
	const source, dest, proto, sport, dport = 1, 2, 8, 0x10, 0x20
	const sports, dports = 20, 24
	known := []asked{{source, "ip saddr", 0, 8, 4}, {dest, "ip daddr", 4, 12, 4}, {proto, "ip protocol", 17, 0, 1}}
	for _, p := range []struct {
		bit   byte
		field fields.Name
		at    int
	}{{sport, "th sport", sports}, {dport, "th dport", dports}} {
		if x.u8(18)&p.bit != 0 && x.u16(p.at) != x.u16(p.at+2) {
			return nil
		}
		known = append(known, asked{bit: p.bit, field: p.field, at: p.at, size: 2})
	}
	matches := ebtMatch(x, 18, known)
	for i, m := range matches { // they are kept in the machine's byte order
		if m.Key[0] == "th sport" || m.Key[0] == "th dport" {
			lo := m.OneOf[0][0].Lo
			turned := ruleEqual(m.Key[0], []byte{lo[1], lo[0]})
			turned.Not = m.Not
			matches[i] = turned
		}
	}
	return matches
}

// ebtARP is struct ebt_arp_info, but for gratuitous ARP and whose MAC address is asked for.
func ebtARP(x xt) []Match {
	return ebtMatch(x, 48, []asked{
		{1, "arp operation", 4, 0, 2}, {2, "arp htype", 0, 0, 2}, {4, "arp ptype", 2, 0, 2},
		{8, "arp saddr ip", 8, 12, 4}, {0x10, "arp daddr ip", 16, 20, 4}, {0x20, "arp saddr ether", 24, 30, 6},
	})
}
