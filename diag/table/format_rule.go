package table

import (
	"net/netip"
	"strconv"
)

// Line is the rule as `ip rule` (or `ip -6 rule`) shows it:
//
//	32766:	from all lookup main
func (r PolicyRule) Line() string {
	var line ipLine
	line.flag(r.Not, "not")
	line.add("from", rulePrefix(r.Src))
	if r.Dst.IsValid() {
		line.add("to", rulePrefix(r.Dst))
	}
	if r.TOS != 0 {
		line.add("tos", rtTOSName(r.TOS))
	}
	line.mark(r.Mark, r.Mask)
	line.pair("iif", r.IIF)
	line.flag(r.IIFDetached, "[detached]")
	line.pair("oif", r.OIF)
	line.flag(r.OIFDetached, "[detached]")
	line.flag(r.L3mdev, "lookup [l3mdev-table]")
	if r.UIDs != nil {
		line.add("uidrange", strconv.FormatUint(uint64(r.UIDs[0]), 10)+"-"+strconv.FormatUint(uint64(r.UIDs[1]), 10))
	}
	if r.IPProto != 0 {
		line.add("ipproto", ipName(ruleIPProtoNames, r.IPProto, func(n int) string { return "ipproto-" + strconv.Itoa(n) }))
	}
	line.ports("sport", r.SPort)
	line.ports("dport", r.DPort)
	line.ruleAction(r)
	if r.Proto != "kernel" {
		line.pair("proto", r.Proto)
	}
	return strconv.Itoa(r.Priority) + ":\t" + line.String()
}

// ruleAction adds what the rule does with a packet that it matches.
func (l *ipLine) ruleAction(r PolicyRule) {
	if r.Table != 0 {
		l.add("lookup", ipName(rtTableNames, r.Table, strconv.Itoa))
		if r.SuppressPrefix >= 0 {
			l.add("suppress_prefixlength", strconv.Itoa(r.SuppressPrefix))
		}
		if r.SuppressGroup >= 0 {
			l.add("suppress_ifgroup", ipName(linkGroupNames, r.SuppressGroup, strconv.Itoa))
		}
	}
	switch r.Action {
	case "lookup":
	case "goto":
		l.add("goto", strconv.Itoa(r.Goto))
		l.flag(r.Unresolved, "[unresolved]")
	default:
		l.add(r.Action)
	}
}

// mark adds the packet mark a rule asks for; the mask only when it is not full.
func (l *ipLine) mark(mark, mask uint32) {
	switch mask {
	case 0:
	case 0xFFFFFFFF:
		l.add("fwmark", ipHex(mark))
	default:
		l.add("fwmark", ipHex(mark)+"/"+ipHex(mask))
	}
}

func (l *ipLine) ports(key string, ports *[2]uint16) {
	if ports == nil {
		return
	}
	text := strconv.Itoa(int(ports[0]))
	if ports[1] != ports[0] {
		text += "-" + strconv.Itoa(int(ports[1]))
	}
	l.add(key, text)
}

// rulePrefix prints the source or destination of a rule.
func rulePrefix(p netip.Prefix) string {
	switch {
	case !p.IsValid():
		return "all"
	case p.Bits() == 0:
		return "0/0"
	}
	return ShortPrefix(p)
}

// TableName is what ip calls the table that the rule has asked.
func (r PolicyRule) TableName() string { return ipName(rtTableNames, r.Table, strconv.Itoa) }
