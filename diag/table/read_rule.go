package table

import (
	"context"
	"encoding/binary"
	"net/netip"
	"strconv"

	"nstutor/diag/attr"

	"golang.org/x/sys/unix"
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
