package netfilter

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

func nftKey(m Match) string {
	var fields []string
	for _, f := range m.Key {
		fields = append(fields, strings.TrimSuffix(string(f), present))
	}
	return strings.Join(fields, " . ")
}

// String is the condition in nft's syntax, or its Text.
func (m Match) String() string { return nftMatch(m) }

// nftMatch writes `key value`, `key != value`, `key { value, value }`,
// `key @set` or `key & mask == value`.
func nftMatch(m Match) string {
	if !m.Known() && (m.Lot == nil || m.Text != "") {
		return m.Text
	}
	key, sign := nftKey(m), ""
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
		return key + " " + sign + tupleText(m.Key, m.OneOf[0])
	}
	var values []string
	for _, tuple := range m.OneOf {
		values = append(values, tupleText(m.Key, tuple))
	}
	return key + " " + sign + "{ " + strings.Join(values, ", ") + " }"
}

// nftBound writes a comparison with the number that it was made with.
func nftBound(m Match) string {
	r := m.OneOf[0][0]
	value := map[string][]byte{"<": ruleStep(r.Hi, 1), "<=": r.Hi, ">": ruleStep(r.Lo, -1), ">=": r.Lo}[m.bound]
	return m.bound + " " + FieldText(m.Key[0], value)
}

func nftMasked(m Match, key, sign string) string {
	field, value := m.Key[0], m.OneOf[0][0].Lo
	text := FieldText(field, value)
	bits, isPrefix := prefixLen(m.Mask)
	switch {
	case isAddress(field) && isPrefix:
		return fmt.Sprintf("%s %s%s/%d", key, sign, text, bits)
	case isPrefix && bits%8 == 0 && isDevice(field):
		return key + " " + sign + strconv.Quote(wildcard(value)+"*")
	case allZero(value) && (field == "ct state" || field == "ct status" || field == "tcp flags"):
		if !m.Not {
			key += " !"
		}
		return key + " " + FieldText(field, m.Mask)
	case field == "tcp flags":
		return fmt.Sprintf("%s %s%s / %s", key, sign, text, FieldText(field, m.Mask))
	case sign == "":
		sign = "== "
	}
	return fmt.Sprintf("%s & %s %s%s", key, FieldText(field, m.Mask), sign, text)
}

// wildcard is the part of a device name before its wildcard.
func wildcard(value []byte) string { return string(bytes.TrimRight(value, "\x00")) }
