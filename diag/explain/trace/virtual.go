package trace

import (
	"cmp"
	"net/netip"

	"nstutor/diag/explain/cause/device"
	"nstutor/diag/explain/cause/service"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/journey"
	"nstutor/diag/explain/machine"
	"nstutor/diag/ipvs"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/table"
)

// balanced sends a request on to a server, where it is for a virtual service of the namespace
// that it has come to, or is made in: ip_vs takes it before any socket does
// (ip_vs_in_hook()). It is true where nothing is left to do.
func (w *walk) balanced(n *machine.Space, p journey.Packet, dev string) bool {
	if !p.IsRequest() || p.Flow().Echo() {
		return false
	}
	s, ok := n.Virtual(p.Proto(), netip.AddrPortFrom(p.Dst, p.DstPort), p.Mark)
	if !ok {
		return false
	}
	server, ok := w.server(n, p, dev, s)
	if !ok {
		return true
	}
	w.hop(n, p, hop.StageFilter, dev, wBalanced.Of(s, server))
	before, to := p, netip.AddrPortFrom(server.Addr.Addr(), cmp.Or(server.Addr.Port(), p.DstPort))
	route := w.Mended.Route(n, machine.RouteQuery{Dst: to.Addr()})
	switch {
	case server.Forward == ipvs.Tunnel && route.Kind != machine.KindLocal:
		w.enclose(n, p, dev, server)
		return true
	case server.Forward == ipvs.Route:
		w.Direct = journey.Directed{By: n, Server: to.Addr()}
		p.Filtered = p.Filtered.Balanced(netip.AddrPortFrom(p.Dst, p.DstPort), n.TracksVirtual())
		if !route.Via.IsValid() {
			route.Via = to.Addr() // the frame is for the server, the packet is not
		}
	default:
		p.Filtered = p.Filtered.Balanced(to, n.TracksVirtual())
		p.Dst, p.DstPort = to.Addr(), to.Port()
		w.Turn(n, before, p)
		w.Virtual[n] = journey.Turning{Space: n, From: before.Flow(), To: p.Flow()}
	}
	if route.Kind == machine.KindLocal {
		w.take(n, p, dev)
		return true
	}
	if route.Kind != machine.KindUnicast {
		sought := p
		sought.Dst = to.Addr()
		if route = w.noRoute(n, sought, route); route.Kind != machine.KindUnicast {
			return true
		}
	}
	if passage := (journey.Passage{Space: n, Route: route, IIF: dev, Packet: p}); n == p.Origin {
		passage.IIF = ""
		w.Began = []journey.Passage{passage}
	} else {
		p.TTL--
		w.Passed = append(w.Passed, passage)
	}
	if p.TTL <= 0 {
		w.fault(n, p, hop.StageRoute, dev, w.Spent(n, p, dev))
		return true
	}
	w.hop(n, p, hop.StageRoute, route.DevName, routed(route))
	if p, ok = w.filter(n, p, "output", "", route.DevName); ok {
		w.leave(n, p, "", route)
	}
	return true
}

// opens is the kind of device at a server that opens what ip_vs encloses. GUE, which FOU opens
// before any device, is not followed.
var opens = map[ipvs.Encapsulation]string{ipvs.IPIP: "ipip", ipvs.GRE: "gre"}

// enclose sends a request to a server in a packet of its own, which a tunnel's device there has
// to open (ip_vs_tunnel_xmit()). The reply does not come back through it.
func (w *walk) enclose(n *machine.Space, p journey.Packet, dev string, to ipvs.Server) {
	server := to.Addr.Addr()
	link := table.Link{Name: "ip_vs", Kind: opens[to.Encapsulation], Tunnel: &table.Tunnel{Remote: server, PMTUDisc: true}}
	if link.Kind == "" || p.Dst.Is6() || server.Is6() {
		w.giveUp(n, p, hop.StageSend, dev, wToServer.Of(server))
		return
	}
	w.Direct = journey.Directed{By: n, Server: server, Kind: link.Kind}
	p.Filtered = p.Filtered.Balanced(netip.AddrPortFrom(p.Dst, p.DstPort), n.TracksVirtual())
	p.TTL--
	w.hop(n, p, hop.StageSend, dev, wEnclosed.Of(p, server))
	carrier := envelope(link, p, server)
	carrier.Src = n.Route(machine.RouteQuery{Dst: server, Proto: carrier.Proto()}).Src
	w.carry(n, link, carrier)
	if w.landed == nil {
		return
	}
	opener, there, ok, err := fabric.Opener(w.landed, link, carrier.Src, server)
	if !ok && len(there) == 0 {
		opener, ok = fabric.Spare(w.landed, link.Kind)
	}
	switch {
	case err != nil:
		w.giveUp(w.landed, p, hop.StageReceive, "", quote(err))
	case !ok:
		w.fault(w.landed, p, hop.StageReceive, "", device.TunnelUnmatched{
			At: at(w.landed), Link: link, From: carrier.Src, To: server, Carrier: fabric.TunnelName(link), There: there, Sender: n.Name, Virtual: true,
		})
	default:
		if !opener.Up() {
			w.fault(w.landed, p, hop.StageReceive, opener.Name, fabric.Down(w.landed, opener))
		}
		w.receive(w.landed, p, opener)
	}
}

// equal are the schedulers that ask for no weights.
var equal = map[string]bool{"rr": true, "lc": true, "dh": true, "lblc": true, "lblcr": true}

// server is the one that a virtual service sends a request to: one of the ways, where there
// are several.
func (w *walk) server(n *machine.Space, p journey.Packet, dev string, s ipvs.Service) (ipvs.Server, bool) {
	ready := s.Ready()
	if len(ready) == 0 {
		w.fault(n, p, hop.StageDeliver, dev, service.Serverless{At: at(n), Flow: p.Flow(), Service: s})
		return ipvs.Server{}, false
	}
	if len(ready) == 1 {
		return ready[0], true
	}
	all := 0
	for _, one := range ready {
		all += one.Weight
	}
	ways := make([]eval.Branch, len(ready))
	for i, one := range ready {
		ways[i].Share = float64(one.Weight) / float64(all)
		if equal[s.Scheduler] {
			ways[i].Share = 1 / float64(len(ready))
		}
		port := cmp.Or(one.Addr.Port(), p.DstPort)
		ways[i].Packet = p.Filtered.Balanced(netip.AddrPortFrom(one.Addr.Addr(), port), true)
		ways[i].Verdict = eval.VerdictAccept
		ways[i].NAT = &eval.Translation{Kind: "ipvs", Old: p.Dst, New: one.Addr.Addr(), OldPort: p.DstPort, NewPort: port, Rule: s.String()}
	}
	if _, ok := w.draw(n, p, ways); !ok {
		w.giveUp(n, p, hop.StageFilter, dev, wServers.Of(s, len(ready)))
		return ipvs.Server{}, false
	}
	return ready[w.pick], true
}

// restored is a reply with the address that its request was sent to, where it comes back to
// a virtual service (ip_vs_out_hook()).
func (w *walk) restored(n *machine.Space, p journey.Packet) journey.Packet {
	t, ok := w.Virtual[n]
	if !ok || !p.IsReply() || p.Src != t.To.Dst || p.SrcPort != t.To.DstPort {
		return p
	}
	back := &eval.Translation{Kind: "ipvs", Old: p.Src, New: t.From.Dst, OldPort: p.SrcPort, NewPort: t.From.DstPort}
	w.hop(n, p, hop.StageFilter, "", back.Said())
	p.Src, p.SrcPort = t.From.Dst, t.From.DstPort
	p.Filtered.Src, p.Filtered.SrcPort = p.Src, p.SrcPort
	return p
}
