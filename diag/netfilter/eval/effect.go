package eval

import (
	"fmt"
	"strings"

	"nstutor/diag/netfilter"
)

// apply does to the packet and its connection what a rule does besides its
// verdict. What is not known here, such as a log, changes nothing that rules or
// routes look at.
func (e *evaluator) apply(effect netfilter.Effect, s *state) {
	p := &s.packet
	tracked := !e.raw && p.CTState != CTUntracked && p.CTState != CTInvalid && p.CTState != ""
	switch {
	case effect.Field == "meta notrack":
		if e.raw {
			p.CTState = CTUntracked
		}
	case effect.Field == "meta mark":
		p.Mark = p.Mark&^effect.Mask ^ effect.Xor
		if effect.Mask == 0xffffffff {
			p.conn.pktMarkUnknown = false
		}
	case effect.Field == "ct mark" && tracked:
		p.conn.mark = p.conn.mark&^effect.Mask ^ effect.Xor
		if effect.Mask == 0xffffffff {
			p.conn.markUnknown = false
		}
	case effect.Field == "":
		e.applyText(effect.Text, s, tracked)
	}
}

// applyText is for the effects that bring a mark from one place to another.
func (e *evaluator) applyText(text string, s *state, tracked bool) {
	const full = 0xffffffff
	var fromMask, toMask uint32
	switch {
	case text == "ct mark set meta mark" && tracked:
		s.saveMark(full, full)
	case text == "meta mark set ct mark" && tracked:
		s.restoreMark(full, full)
	case text == "meta mark set ct mark": // without connection the rule ends
	case strings.HasPrefix(text, "-j CONNMARK --save-mark") && tracked:
		if _, err := fmt.Sscanf(text, "-j CONNMARK --save-mark --nfmask 0x%x --ctmask 0x%x", &fromMask, &toMask); err != nil {
			s.packet.conn.markUnknown = true
			return
		}
		s.saveMark(fromMask, toMask)
	case strings.HasPrefix(text, "-j CONNMARK --restore-mark") && tracked:
		if _, err := fmt.Sscanf(text, "-j CONNMARK --restore-mark --nfmask 0x%x --ctmask 0x%x", &toMask, &fromMask); err != nil {
			s.packet.conn.pktMarkUnknown = true
			return
		}
		s.restoreMark(toMask, fromMask)
	case strings.HasPrefix(text, "meta mark set"):
		s.packet.conn.pktMarkUnknown = true
	case strings.HasPrefix(text, "ct mark set") && tracked:
		s.packet.conn.markUnknown = true
	}
}

// saveMark and restoreMark are those of connmark_tg_shift(), without shift.
func (s *state) saveMark(markMask, ctMask uint32) {
	c := &s.packet.conn
	c.mark = c.mark&^ctMask ^ s.packet.Mark&markMask
	c.markUnknown = c.pktMarkUnknown || c.markUnknown && ctMask != 0xffffffff
}

func (s *state) restoreMark(markMask, ctMask uint32) {
	c := &s.packet.conn
	s.packet.Mark = s.packet.Mark&^markMask ^ c.mark&ctMask
	c.pktMarkUnknown = !c.begun || c.markUnknown || c.pktMarkUnknown && markMask != 0xffffffff
}
