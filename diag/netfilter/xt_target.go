package netfilter

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strconv"

	"nstutor/diag/attr"
	"nstutor/diag/netfilter/nfnl"

	"golang.org/x/sys/unix"
)

// xtTargets decode what a target does. false means that there is more in the
// struct than is known.
var xtTargets = map[string]func(*decoder, xt) bool{
	"MARK 2": xtSetMark, "CONNMARK 1": xtConnmark, "CONNMARK 2": xtConnmark,
	"MASQUERADE 0": xtNAT(VerdictMasquerade), "REDIRECT 0": xtNAT(VerdictRedirect),
	"SNAT 0": xtNAT(VerdictSNAT), "SNAT 1": xtNAT(VerdictSNAT), "SNAT 2": xtNAT(VerdictSNAT),
	"DNAT 0": xtNAT(VerdictDNAT), "DNAT 1": xtNAT(VerdictDNAT), "DNAT 2": xtNAT(VerdictDNAT),
	"NFQUEUE 0": xtQueue, "NFQUEUE 1": xtQueue, "NFQUEUE 2": xtQueue, "NFQUEUE 3": xtQueue,
	"REJECT 0": xtReject, "LOG 0": xtLog, "NOTRACK 0": xtNotrack, "CT 1": xtNotrack, "CT 2": xtNotrack,
	"TPROXY 0": xtTProxy(12), "TPROXY 1": xtTProxy(24), "TTL 0": xtHops("ttl"), "HL 0": xtHops("hl"),
}

// xtHops is struct ipt_TTL_info or struct ip6t_HL_info: what is done with the hops that a
// packet has to live, and their number. It judges nothing, but goes on.
func xtHops(option string) func(*decoder, xt) bool {
	return func(d *decoder, x xt) bool {
		does := []string{"set", "inc", "dec"}
		if len(x.data) < 2 || int(x.data[0]) >= len(does) {
			return false
		}
		d.rule.Verdict = Verdict{Kind: VerdictUnknown, Text: fmt.Sprintf("-j %s --%s-%s %d", x.name, option, does[x.data[0]], x.data[1]), Target: x.name}
		return true
	}
}

// TProxy is the target that hands a packet to a socket of the namespace, as it is. Port of
// its verdict is the socket's, 0 for the packet's own; without a socket the packet is dropped.
const TProxy = "TPROXY"

// xtTProxy is struct xt_tproxy_target_info, or its second revision: mark_mask, mark_value,
// laddr, lport.
func xtTProxy(portAt int) func(*decoder, xt) bool {
	return func(d *decoder, x xt) bool {
		port, width := binary.BigEndian.Uint16(x.bytes(portAt, 2)), 4
		if x.family == unix.NFPROTO_IPV6 {
			width = 16
		}
		to, _ := netip.AddrFromSlice(x.bytes(8, width))
		text := fmt.Sprintf("-j TPROXY --on-port %d --on-ip %s --tproxy-mark %#x/%#x", port, to, x.u32(4), x.u32(0))
		d.rule.Verdict = Verdict{Kind: VerdictUnknown, Text: text, Target: TProxy, Port: PortRange{port, port}}
		return true
	}
}

func (d *decoder) xtTarget(a nfnl.Attrs) {
	d.compat = true
	d.addXTTarget(xt{d.family, a.Text(unix.NFTA_TARGET_NAME), int(a.Uint32(unix.NFTA_TARGET_REV)), a.Get(unix.NFTA_TARGET_INFO)})
}

func (d *decoder) addXTTarget(x xt) {
	d.rule.Exprs = append(d.rule.Exprs, Expr{Name: "target " + x.name, Rev: x.rev, Data: x.data})
	if decode, ok := xtTargets[fmt.Sprintf("%s %d", x.name, x.rev)]; ok && decode(d, x) {
		return
	}
	d.rule.Verdict = Verdict{Kind: VerdictUnknown, Text: "[target " + x.name + "]", Target: x.name}
}

func (d *decoder) xtEffect(e Effect, module string) bool {
	e.After, e.module = len(d.rule.Matches), module
	d.rule.Effects = append(d.rule.Effects, e)
	return true
}

// xtSetMark is struct xt_mark_tginfo2: mark, mask; the mark becomes
// mark &^ mask ^ value.
func xtSetMark(d *decoder, x xt) bool {
	return d.xtEffect(Effect{Field: "meta mark", Xor: x.u32(0), Mask: x.u32(4)}, "MARK")
}

// xtConnmark is struct xt_connmark_tginfo1: ctmark, ctmask, nfmask, mode. The
// second has a shift before the mode, which is rare and not told.
func xtConnmark(d *decoder, x xt) bool {
	mode := x.u8(12)
	if x.rev == 2 {
		if x.u8(13) != 0 {
			return false
		}
		mode = x.u8(14)
	}
	switch mark, ctMask, nfMask := x.u32(0), x.u32(4), x.u32(8); mode {
	case 0:
		return d.xtEffect(Effect{Field: "ct mark", Xor: mark, Mask: ctMask}, "CONNMARK")
	case 1:
		return d.xtEffect(Effect{Field: "ct mark", Mask: ctMask, From: "meta mark", FromMask: nfMask,
			Text: fmt.Sprintf("-j CONNMARK --save-mark --nfmask %#x --ctmask %#x", nfMask, ctMask)}, "CONNMARK")
	case 2:
		return d.xtEffect(Effect{Field: "meta mark", Mask: nfMask, From: "ct mark", FromMask: ctMask,
			Text: fmt.Sprintf("-j CONNMARK --restore-mark --nfmask %#x --ctmask %#x", nfMask, ctMask)}, "CONNMARK")
	default:
		return false
	}
}

func xtLog(d *decoder, x xt) bool {
	text := "-j LOG"
	if prefix := attr.String(x.bytes(2, 30)); prefix != "" {
		text += " --log-prefix " + strconv.Quote(prefix)
	}
	if level := x.u8(0); level != 4 {
		text += fmt.Sprintf(" --log-level %d", level)
	}
	return d.xtEffect(Effect{Text: text}, "LOG")
}

// xtNotrack is NOTRACK, or CT with --notrack or a zone for both directions, which may be the mark; CT can
// also assign helpers and timeouts.
func xtNotrack(d *decoder, x xt) bool {
	const notrack, alias = 1, 2 // XT_CT_NOTRACK, and that it was called NOTRACK
	zone := x.u16(2)
	switch flags := x.u16(0) &^ alias; {
	case x.name != "CT" || flags == notrack:
		if x.name == "CT" && x.u16(0)&alias != 0 {
			x.name = "NOTRACK"
		}
		return d.xtEffect(Effect{Field: "meta notrack"}, x.name)
	case flags == 0 && zone != 0:
		return d.xtEffect(Effect{Field: "ct zone", Xor: uint32(zone), Text: fmt.Sprintf("-j CT --zone %d", zone)}, x.name)
	case flags == 1<<4: // XT_CT_ZONE_MARK
		return d.xtEffect(Effect{Field: "ct zone", From: "meta mark", FromMask: 0xffff, Text: "-j CT --zone mark"}, x.name)
	}
	return false
}

// xtNAT reads the ranges of address translation. IPv4 revision 0 has struct
// nf_nat_ipv4_multi_range_compat (a count, flags, two addresses, two ports),
// others have struct nf_nat_range or nf_nat_range2 with 16 bytes an address.
func xtNAT(kind VerdictKind) func(*decoder, xt) bool {
	const hasAddr, hasPort = unix.NF_NAT_RANGE_MAP_IPS, unix.NF_NAT_RANGE_PROTO_SPECIFIED
	return func(d *decoder, x xt) bool {
		flagsAt, addrAt, size, step := 0, 4, 4, 16
		if x.family == unix.NFPROTO_IPV6 {
			size = 16
		} else if x.rev == 0 {
			if x.u32(0) != 1 {
				return false
			}
			flagsAt, addrAt, step = 4, 8, 4
		}
		flags := x.u32(flagsAt)
		v := Verdict{Kind: kind, Flags: natFlags(flags)}
		if flags&hasAddr != 0 {
			v.Addr.Min, _ = netip.AddrFromSlice(x.bytes(addrAt, size))
			v.Addr.Max, _ = netip.AddrFromSlice(x.bytes(addrAt+step, size))
		}
		if flags&hasPort != 0 {
			ports := x.bytes(addrAt+2*step, 4)
			v.Port = PortRange{binary.BigEndian.Uint16(ports), binary.BigEndian.Uint16(ports[2:])}
		}
		d.rule.Verdict = v
		return flags&unix.NF_NAT_RANGE_NETMAP == 0 && flags&(1<<5) == 0 // NF_NAT_RANGE_PROTO_OFFSET
	}
}

// xtQueue is struct xt_NFQ_info_v3: the first number, how many there are, and flags,
// of which earlier ones have less.
func xtQueue(d *decoder, x xt) bool {
	q := Queue{First: x.u16(0), Last: x.u16(0)}
	if x.rev > 0 {
		q.Last += max(x.u16(2), 1) - 1
	}
	q.Bypass = x.rev > 1 && x.u16(4)&1 != 0 // NFQ_FLAG_BYPASS
	q.Fanout = x.rev > 2 && x.u16(4)&2 != 0 // NFQ_FLAG_CPU_FANOUT
	d.rule.Verdict = Verdict{Kind: VerdictQueue, Queue: q}
	return true
}

// rejects are the answers by their numbers in enum ipt_reject_with and
// ip6t_reject_with, and what iptables calls them.
var rejects = map[byte][]struct{ with, option string }{
	unix.NFPROTO_IPV4: {
		{"icmp net-unreachable", "icmp-net-unreachable"}, {"icmp host-unreachable", "icmp-host-unreachable"},
		{"icmp prot-unreachable", "icmp-proto-unreachable"}, {"icmp port-unreachable", "icmp-port-unreachable"},
		{}, {"icmp net-prohibited", "icmp-net-prohibited"}, {"icmp host-prohibited", "icmp-host-prohibited"},
		{"tcp reset", "tcp-reset"}, {"icmp admin-prohibited", "icmp-admin-prohibited"},
	},
	unix.NFPROTO_IPV6: {
		{"icmpv6 no-route", "icmp6-no-route"}, {"icmpv6 admin-prohibited", "icmp6-adm-prohibited"}, {},
		{"icmpv6 addr-unreachable", "icmp6-addr-unreachable"}, {"icmpv6 port-unreachable", "icmp6-port-unreachable"},
		{}, {"tcp reset", "tcp-reset"}, {"icmpv6 policy-fail", "icmp6-policy-fail"}, {"icmpv6 reject-route", "icmp6-reject-route"},
	},
}

func xtReject(d *decoder, x xt) bool {
	answers := rejects[x.family]
	with := int(x.u32(0))
	if with >= len(answers) || answers[with].with == "" {
		return false
	}
	d.rule.Verdict = Verdict{Kind: VerdictReject, With: answers[with].with}
	return true
}
