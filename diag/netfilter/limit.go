package netfilter

import (
	"fmt"
	"strconv"
)

// usualBurst is the burst that is not written.
const usualBurst = 5

// rateLimit is a condition that holds for so many packets, or bytes, in a unit
// of time.
type rateLimit struct {
	rate  uint64
	unit  uint64 // seconds
	burst uint64 // how many more at once
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
	text += "/" + limitUnits[l.unit].nft
	switch {
	case l.bytes && l.burst != 0:
		text += fmt.Sprintf(" burst %d bytes", l.burst)
	case !l.bytes && l.burst != usualBurst:
		text += fmt.Sprintf(" burst %d packets", l.burst)
	}
	return text, limitUnits[l.unit].nft != ""
}

// iptables is false where iptables has no form for it.
func (l rateLimit) iptables() (string, bool) {
	unit := limitUnits[l.unit].iptables
	text := "-m limit --limit " + strconv.FormatUint(l.rate, 10) + "/" + unit
	if l.burst != usualBurst {
		text += " --limit-burst " + strconv.FormatUint(l.burst, 10)
	}
	return text, unit != "" && !l.over && !l.bytes
}
