package eval

import "nstutor/diag/netfilter"

// chosen is the verdict of a translation whose address or port a map gives: with what
// it gives to this packet. It is not applied where the map has nothing for the packet.
// Where that cannot be told the verdict stays as it is.
func (e *evaluator) chosen(rule *netfilter.Rule, v netfilter.Verdict, s *state) (_ netfilter.Verdict, applies bool) {
	if len(v.Choices) == 0 {
		return v, true
	}
	if pick, drawn := e.choose(rule, len(v.Choices), func(i int) *netfilter.Match { return &v.Choices[i].Match }); drawn {
		if pick == len(v.Choices) {
			return v, false
		}
		return with(v, v.Choices[pick]), true
	}
	for i := range v.Choices {
		switch e.judge(&v.Choices[i].Match, rule, s) {
		case yes:
			return with(v, v.Choices[i]), true
		case maybe:
			return v, true
		}
	}
	return v, false
}

// with is the verdict with what one entry of its map gives.
func with(v netfilter.Verdict, c netfilter.Choice) netfilter.Verdict {
	if c.Addr.IsValid() {
		v.Addr = netfilter.AddrRange{Min: c.Addr, Max: c.Addr}
	}
	if c.Port != 0 {
		v.Port = netfilter.PortRange{Min: c.Port, Max: c.Port}
	}
	v.From, v.Choices = "", nil
	return v
}
