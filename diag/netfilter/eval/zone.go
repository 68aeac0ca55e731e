package eval

import (
	"net/netip"

	"golang.org/x/sys/unix"
)

// Zones are those of a request and of its reply, where they differ, and the rule that gives one of them.
type Zones struct {
	Asked, Answered uint16
	Translated      bool // the request was, and only its own zone knows how
	By              Place
}

// Zones tells of a reply whose request was tracked in another zone.
func (p Packet) Zones() (Zones, bool) { return p.conn.zones, p.conn.zones.By.Rule != nil }

// track is where connection tracking sees the packet (nf_conntrack_in()): it knows no
// connection of another zone.
func (e *evaluator) track(states []state) {
	e.raw = false
	for i := range states {
		p := &states[i].packet
		if p.CTState == CTUntracked || p.zone == p.conn.zone {
			continue
		}
		if p.conn.answer && p.Proto != unix.IPPROTO_UDP {
			p.CTState = CTInvalid // as to who has not seen its request
		} else {
			p.CTState = CTNew
		}
		was := p.conn
		p.conn = conn{
			begun: true, zone: p.zone, zoned: p.zoned, original: netip.AddrPortFrom(p.Dst, p.DstPort), source: netip.AddrPortFrom(p.Src, p.SrcPort), tracks: was.tracks, before: was.before,
		}
		if was.answer {
			p.conn.zones = Zones{Asked: was.zone, Answered: p.zone, Translated: was.snat || was.dnat, By: was.zoned}
			if was.zoned.Rule == nil {
				p.conn.zones.By = p.zoned
			}
		}
	}
}
