package eval

import (
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"

	"nstutor/diag/netfilter"
	"nstutor/internal/say"
)

// runNAT runs the chains that translate addresses: only for the first packet
// of a connection, and until one of them has said something about it
// (nf_nat_inet_fn()).
func (e *evaluator) runNAT(bases []baseChain, states []state) []state {
	var out, asking []state
	sort := func(states []state) {
		asking = nil
		for _, s := range states {
			if s.packet.CTState != CTNew || e.isBound(s) {
				e.takeBack(&s)
				e.goOn(&s)
				out = append(out, s)
			} else {
				asking = append(asking, s)
			}
		}
	}
	sort(states)
	for _, base := range bases {
		if len(asking) > 0 {
			sort(e.runBase(base, asking))
		}
	}
	return merge(out, asking)
}

// takeBack gives the answer to a translated request the addresses that the
// request had at first.
func (e *evaluator) takeBack(s *state) {
	p := &s.packet
	addr, port, before := &p.Dst, &p.DstPort, p.conn.source
	changed := p.conn.snat
	if e.changesSource() {
		addr, port, before, changed = &p.Src, &p.SrcPort, p.conn.original, p.conn.dnat
	}
	now := netip.AddrPortFrom(*addr, *port)
	if !p.conn.answer || p.CTState != CTEstablished || !changed || now == before || s.nat.Kind == answer {
		return
	}
	s.nat = Translation{Kind: answer, Old: now.Addr(), New: before.Addr(), OldPort: now.Port(), NewPort: before.Port()}
	*addr, *port = before.Addr(), before.Port()
}

const answer = "answer"

// Said says what was translated: the answer to a translated request gets back the
// addresses that the request had.
func (n *Translation) Said() say.Text {
	kind := say.Quote(n.Kind)
	switch n.Kind {
	case answer:
		kind = say.T("answer", "应答还原")
	case remembered:
		kind = say.T("remembered connection", "已有连接记录")
	}
	if n.Stays != "" {
		return say.T("%s: %s becomes %s, to which this source was sent before (%s); others may be sent elsewhere",
			"%s：%s 变为 %s，因为这个源地址先前就被送到那里（%s）；别的源地址可能去别处", kind, Endpoint(n.Old, n.OldPort), Endpoint(n.New, n.NewPort), n.Stays)
	}
	return say.T("%s: %s becomes %s", "%s：%s 变为 %s", kind, Endpoint(n.Old, n.OldPort), Endpoint(n.New, n.NewPort))
}

// Endpoint is an address with its port, if it has one.
func Endpoint(addr netip.Addr, port uint16) string {
	if port == 0 {
		return addr.String()
	}
	return netip.AddrPortFrom(addr, port).String()
}

func (e *evaluator) changesSource() bool { return e.hook == "input" || e.hook == "postrouting" }

// isBound says that the connection's translation on this side is settled.
func (e *evaluator) isBound(s state) bool {
	if e.changesSource() {
		return s.packet.conn.srcDone
	}
	return s.packet.conn.dstDone
}

func (e *evaluator) bound(s *state) {
	switch e.hook {
	case "input", "postrouting":
		s.packet.conn.srcDone = true
	case "prerouting", "output":
		s.packet.conn.dstDone = true
	}
}

// translate is a rule that gives the packet another address.
func (e *evaluator) translate(rule *netfilter.Rule, v netfilter.Verdict, s state, text func() string, flow *flow) {
	if v.Addr.Min.IsValid() && v.Addr.Min.Is4() != s.packet.Src.Is4() {
		flow.on = append(flow.on, s) // of the other family (nft_nat_inet_eval())
		return
	}
	v, applies := e.chosen(rule, v, &s)
	if !applies {
		flow.on = append(flow.on, s)
		return
	}
	old := s.packet.Dst
	if e.changesSource() {
		old = s.packet.Src
	}
	addr, known := e.natAddr(v, old, s)
	if !known && v.From != "" {
		// A map may not have the key; then the rule does not hold.
		flow.on = append(flow.on, s)
	}
	if known && !addr.IsValid() {
		e.end(s, VerdictDrop, rule, text(), "")
		return
	}
	if !known {
		s = s.assuming(text())
		addr = netip.Addr{}
	}
	e.bound(&s)
	before := *e.port(&s)
	e.readdress(&s, addr)
	if e.changesSource() {
		s.packet.conn.sourced = Place{e.base.table, e.in, rule}
	} else {
		s.packet.conn.sent = Place{e.base.table, e.in, rule}
	}
	if known {
		e.rewritePort(v, &s)
	}
	if after := *e.port(&s); addr != old || after != before {
		s.nat = Translation{Kind: string(v.Kind), Old: old, New: addr, OldPort: before, NewPort: after, Rule: text(), Table: e.base.table.Name, Stays: s.stays}
	}
	flow.accepted = append(flow.accepted, s)
}

// natAddr is the address that takes the place of old. It is invalid when there
// is none to take, and the kernel drops the packet for it.
func (e *evaluator) natAddr(v netfilter.Verdict, old netip.Addr, s state) (addr netip.Addr, known bool) {
	p := s.packet
	switch {
	case v.From != "":
		return netip.Addr{}, false
	case v.Kind == netfilter.VerdictMasquerade:
		addr, err := e.env.MasqueradeAddr(p.OIF, p.Dst)
		return addr, err == nil && !p.conn.dstUnknown
	case v.Kind == netfilter.VerdictRedirect && e.hook == "output" && old.Is4():
		return netip.AddrFrom4([4]byte{127, 0, 0, 1}), true
	case v.Kind == netfilter.VerdictRedirect && e.hook == "output":
		return netip.IPv6Loopback(), true
	case v.Kind == netfilter.VerdictRedirect:
		addr, err := e.env.RedirectAddr(p.IIF, old.Is6())
		return addr, err == nil
	case !v.Addr.Min.IsValid():
		return old, true // ports only
	case v.Addr.Min == v.Addr.Max || !v.Addr.Max.IsValid():
		return v.Addr.Min, true
	case e.changesSource() && v.Addr.Min.Compare(old) <= 0 && old.Compare(v.Addr.Max) <= 0 && !slices.Contains(v.Flags, "random"):
		return old, true // get_unique_tuple() keeps a source that fits
	default:
		return netip.Addr{}, false // a hash with a secret chooses
	}
}

// readdress writes the address; an invalid one stands for one that is not known.
func (e *evaluator) readdress(s *state, addr netip.Addr) {
	p := &s.packet
	if e.changesSource() {
		p.conn.snat = p.conn.snat || addr != p.Src
		p.conn.srcUnknown = !addr.IsValid()
		if addr.IsValid() {
			p.Src = addr
		}
		return
	}
	p.conn.dnat = p.conn.dnat || addr != p.Dst
	p.conn.dstUnknown = !addr.IsValid()
	if addr.IsValid() {
		p.Dst = addr
	}
}

// rewritePort is the port that the packet has behind the translation.
func (e *evaluator) rewritePort(v netfilter.Verdict, s *state) {
	p := &s.packet
	if v.Port.Min == 0 || p.Proto != unix.IPPROTO_TCP && p.Proto != unix.IPPROTO_UDP {
		return
	}
	port := e.port(s)
	if *port >= v.Port.Min && *port <= max(v.Port.Max, v.Port.Min) {
		return
	}
	*port = v.Port.Min
	if e.changesSource() {
		p.conn.snat = true
	} else {
		p.conn.dnat = true
	}
}

// port is the port of the end whose address the hook translates.
func (e *evaluator) port(s *state) *uint16 {
	if e.changesSource() {
		return &s.packet.SrcPort
	}
	return &s.packet.DstPort
}
