package netfilter

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"nstutor/diag/netfilter/fields"
)

// String is the condition in nft's syntax, or its Text.
func (m Match) String() string { return nftMatch(m) }

// nftMatch writes `key value`, `key != value`, `key { value, value }`,
// `key @set` or `key & mask == value`.
func nftMatch(m Match) string {
	if !m.Known() && (m.Lot == nil || m.Text != "") {
		return m.Text
	}
	key, sign := fields.KeyText(m.Key), ""
	if m.Not {
		sign = "!= "
	}
	switch {
	case m.Set != "":
		return key + " " + sign + "@" + m.Set
	case m.Mask != nil && len(m.OneOf) == 1:
		return nftMasked(m, key, sign)
	case m.bound != "" && len(m.OneOf) == 1:
		return key + " " + nftBound(m)
	case len(m.OneOf) == 1:
		return key + " " + sign + fields.TupleText(m.Key, m.OneOf[0])
	}
	var values []string
	for _, tuple := range m.OneOf {
		values = append(values, fields.TupleText(m.Key, tuple))
	}
	return key + " " + sign + "{ " + strings.Join(values, ", ") + " }"
}

// nftBound writes a comparison with the number that it was made with.
func nftBound(m Match) string {
	r := m.OneOf[0][0]
	value := map[string][]byte{"<": fields.Step(r.Hi, 1), "<=": r.Hi, ">": fields.Step(r.Lo, -1), ">=": r.Lo}[m.bound]
	return m.bound + " " + fields.Text(m.Key[0], value)
}

func nftMasked(m Match, key, sign string) string {
	field, value := m.Key[0], m.OneOf[0][0].Lo
	text := fields.Text(field, value)
	bits, isPrefix := fields.PrefixLen(m.Mask)
	switch {
	case fields.IsAddress(field) && isPrefix:
		return fmt.Sprintf("%s %s%s/%d", key, sign, text, bits)
	case isPrefix && bits%8 == 0 && fields.IsDevice(field):
		return key + " " + sign + strconv.Quote(wildcard(value)+"*")
	case fields.AllZero(value) && (field == "ct state" || field == "ct status" || field == "tcp flags"):
		if !m.Not {
			key += " !"
		}
		return key + " " + fields.Text(field, m.Mask)
	case field == "tcp flags":
		return fmt.Sprintf("%s %s%s / %s", key, sign, text, fields.Text(field, m.Mask))
	case sign == "":
		sign = "== "
	}
	return fmt.Sprintf("%s & %s %s%s", key, fields.Text(field, m.Mask), sign, text)
}

// wildcard is the part of a device name before its wildcard.
func wildcard(value []byte) string { return string(bytes.TrimRight(value, "\x00")) }
