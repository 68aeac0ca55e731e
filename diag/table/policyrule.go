package table

import (
	"context"
	"encoding/binary"
	"net/netip"
	"strconv"

	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
)

// struct fib_rule_hdr has the size of struct rtmsg.
const sizeofRuleHdr = 12

// What a rule does, FR_ACT_* in <linux/fib_rules.h>.
var ruleActionNames = map[int]string{
	1: "lookup", 2: "goto", 3: "nop", 6: "blackhole", 7: "unreachable", 8: "prohibit",
}

// Flags of a rule, FIB_RULE_* in <linux/fib_rules.h>.
const (
	ruleInvert      = 0x2
	ruleUnresolved  = 0x4
	ruleIIFDetached = 0x8
	ruleOIFDetached = 0x10
)

// readRules reads the rules of both families, each in order of priority.
func (r *Reader) readRules(ctx context.Context) ([]PolicyRule, error) {
	var all []PolicyRule
	for _, family := range []byte{unix.AF_INET, unix.AF_INET6} {
		request := make([]byte, sizeofRuleHdr)
		request[0] = family
		rows, err := dumpTable(ctx, r.conn, unix.RTM_GETRULE, unix.RTM_NEWRULE, request, func(b []byte) (PolicyRule, bool) {
			if len(b) < sizeofRuleHdr || b[0] != family {
				return PolicyRule{}, false
			}
			return parseRule(b), true
		})
		if err != nil {
			return nil, err
		}
		all = append(all, rows...)
	}
	return all, nil
}

func parseRule(b []byte) PolicyRule {
	flags := binary.NativeEndian.Uint32(b[8:])
	rule := PolicyRule{
		Family:         4,
		Not:            flags&ruleInvert != 0,
		Unresolved:     flags&ruleUnresolved != 0,
		IIFDetached:    flags&ruleIIFDetached != 0,
		OIFDetached:    flags&ruleOIFDetached != 0,
		TOS:            int(b[3]),
		Table:          int(b[4]),
		Action:         ipName(ruleActionNames, int(b[7]), strconv.Itoa),
		SuppressPrefix: -1,
		SuppressGroup:  -1,
		Src:            rulePrefixOf(nil, b[2], b[0]),
		Dst:            rulePrefixOf(nil, b[1], b[0]),
	}
	if b[0] == unix.AF_INET6 {
		rule.Family = 6
	}
	for kind, v := range attr.All(b[sizeofRuleHdr:]) {
		rule.attribute(b, kind, v)
	}
	return rule
}

// rulePrefixOf is invalid, which means all, for a rule without that selector.
func rulePrefixOf(v []byte, bits, family byte) netip.Prefix {
	if len(v) == 0 && bits == 0 {
		return netip.Prefix{}
	}
	return attr.Prefix(v, bits, family)
}

func (r *PolicyRule) attribute(msg []byte, kind uint16, v []byte) {
	switch kind {
	case unix.FRA_PRIORITY:
		r.Priority = int(attr.Uint32(v))
	case unix.FRA_SRC:
		r.Src = rulePrefixOf(v, msg[2], msg[0])
	case unix.FRA_DST:
		r.Dst = rulePrefixOf(v, msg[1], msg[0])
	case unix.FRA_FWMARK:
		r.Mark = attr.Uint32(v)
	case unix.FRA_FWMASK:
		r.Mask = attr.Uint32(v)
	case unix.FRA_IIFNAME:
		r.IIF = attr.String(v)
	case unix.FRA_OIFNAME:
		r.OIF = attr.String(v)
	case unix.FRA_L3MDEV:
		r.L3mdev = attr.Uint8(v) != 0
	case unix.FRA_UID_RANGE:
		if len(v) >= 8 {
			r.UIDs = &[2]uint32{attr.Uint32(v), attr.Uint32(v[4:])}
		}
	case unix.FRA_IP_PROTO:
		r.IPProto = attr.Uint8(v)
	case unix.FRA_SPORT_RANGE:
		r.SPort = rulePorts(v)
	case unix.FRA_DPORT_RANGE:
		r.DPort = rulePorts(v)
	case unix.FRA_TABLE:
		r.Table = int(attr.Uint32(v))
	case unix.FRA_SUPPRESS_PREFIXLEN:
		r.SuppressPrefix = attr.Int(v)
	case unix.FRA_SUPPRESS_IFGROUP:
		r.SuppressGroup = attr.Int(v)
	case unix.FRA_GOTO:
		r.Goto = int(attr.Uint32(v))
	case unix.FRA_PROTOCOL:
		if n := attr.Uint8(v); n != 0 {
			r.Proto = ipName(rtProtoNames, n, strconv.Itoa)
		}
	}
}

func rulePorts(v []byte) *[2]uint16 {
	if len(v) < 4 {
		return nil
	}
	return &[2]uint16{binary.NativeEndian.Uint16(v), binary.NativeEndian.Uint16(v[2:])}
}

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
