package eval

import "nstutor/diag/netfilter"

// apply does to the packet and its connection what a rule does besides its
// verdict. What is not known here, such as a log, changes nothing that rules or
// routes look at.
func (e *evaluator) apply(effect netfilter.Effect, s *state, by Place) {
	p := &s.packet
	tracked := !e.raw && p.CTState != CTUntracked && p.CTState != CTInvalid && p.CTState != ""
	if (effect.Field == "ct mark" || effect.From == "ct mark") && !tracked {
		return // there is no connection to read or write
	}
	switch effect.Field {
	case "meta notrack":
		if e.raw && !p.conn.tracks {
			p.CTState, p.conn.untracked = CTUntracked, by
		}
	case "ct zone":
		if zone := effect.Xor; e.raw && (effect.From == "" || !p.conn.pktMarkUnknown) {
			if effect.From == "meta mark" {
				zone = p.Mark & effect.FromMask
			}
			p.zone, p.zoned = uint16(zone), by
		}
	case "meta mark":
		s.changeMark(&p.Mark, &p.conn.pktMarkUnknown, effect)
	case "ct mark":
		s.changeMark(&p.conn.mark, &p.conn.markUnknown, effect)
	}
}

// changeMark gives a mark what the effect makes of it, and says whether that is
// known: whatever bits of what is not known are left make it unknown.
func (s *state) changeMark(mark *uint32, unknown *bool, effect netfilter.Effect) {
	c := &s.packet.conn
	from, fromUnknown := uint32(0), false
	switch effect.From {
	case "meta mark":
		from, fromUnknown = s.packet.Mark, c.pktMarkUnknown
	case "ct mark":
		from, fromUnknown = c.mark, c.markUnknown || !c.begun
	}
	*mark = *mark&^effect.Mask ^ effect.Xor ^ from&effect.FromMask
	*unknown = effect.Unread || fromUnknown || *unknown && effect.Mask != 0xffffffff
}
