package netfilter

import "strconv"

// rateLimit is a condition that holds for so many packets, or bytes, in a unit
// of time.
type rateLimit struct {
	rate  uint64
	unit  uint64 // seconds
	over  bool   // it holds for those that are more
	bytes bool
}

// limitUnits are the units of time in seconds, as nft and iptables call them.
var limitUnits = map[uint64]struct{ nft, iptables string }{
	1: {"second", "sec"}, 60: {"minute", "min"}, 3600: {"hour", "hour"}, 86400: {"day", "day"}, 604800: {"week", ""},
}

func (l rateLimit) nft() (string, bool) {
	text := "limit rate "
	if l.over {
		text += "over "
	}
	text += strconv.FormatUint(l.rate, 10)
	if l.bytes {
		text += " bytes"
	}
	return text + "/" + limitUnits[l.unit].nft, limitUnits[l.unit].nft != ""
}

// iptables is false where iptables has no form for it.
func (l rateLimit) iptables() (string, bool) {
	unit := limitUnits[l.unit].iptables
	return "-m limit --limit " + strconv.FormatUint(l.rate, 10) + "/" + unit, unit != "" && !l.over && !l.bytes
}
