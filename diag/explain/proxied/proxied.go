// Package proxied tells a connection that rules hand to a program where it was made, or
// where it has come to, and whom the program is to pass it on to: a transparent proxy. What
// that sends itself meets the same rules, and comes back to it where they do not except it.
package proxied

import (
	"context"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/service"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/trace"
	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/socket"
	"nstutor/internal/change"
)

// Proxy is a program that takes connections which are for others, of which those that it
// opens itself would come to it, as far as rules can tell.
type Proxy struct {
	space *machine.Space
	rules *netfilter.RuleSet
	opens eval.Packet // the first of a connection that it would open
	found service.MeetsItself
	sure  bool // no rule asks who sends, and nothing but a proxy is reached so
}

// Look finds the one that a request comes to. It sends nothing.
func Look(t *trace.Trace) (Proxy, bool) {
	if t.Listens == nil || !t.Meant.Dst.IsValid() || t.Meant.Proto != unix.IPPROTO_TCP || len(t.Faults) > 0 {
		return Proxy{}, false
	}
	n := t.Listens.Space
	rules, err := n.Rules()
	if err != nil {
		return Proxy{}, false
	}
	own, away := opened(n, t)
	to := eval.Traverse(rules, "output", own, n.Env())
	by, sent := to.Packet.Sent()
	if to.NAT == nil || !sent || !n.Local(to.Packet.Dst) {
		return Proxy{}, false
	}
	found := service.MeetsItself{
		At: cause.At(n.Name), Meant: netip.AddrPortFrom(t.Meant.Dst, t.Meant.DstPort), Takes: t.Listens.Socket, By: by,
		Owner: socket.Owners(context.Background(), t.Listens.Socket.Inode)[t.Listens.Socket.Inode],
	}
	// A service's backend may be on its node, and need not be asked for by itself.
	redirects := to.NAT.Kind == string(netfilter.VerdictRedirect) || to.Packet.Dst.IsLoopback()
	return Proxy{n, rules, own, found, away && redirects && !eval.TellsSenders(rules)}, true
}

// opened is the first packet of a connection that the program would open to whom the
// request was meant for, and whether that one is elsewhere.
func opened(n *machine.Space, t *trace.Trace) (p eval.Packet, away bool) {
	route := n.Route(machine.RouteQuery{Dst: t.Meant.Dst, Proto: t.Meant.Proto, DstPort: t.Meant.DstPort})
	ttl, _ := machine.DefaultTTL(n, t.Meant.Dst, route.DevName)
	return eval.Packet{
		Src: route.Src, Dst: t.Meant.Dst, Proto: t.Meant.Proto, SrcPort: t.Meant.SrcPort, DstPort: t.Meant.DstPort,
		CTState: eval.CTNew, OIF: route.DevName, TTL: ttl,
	}, route.Kind != machine.KindLocal
}

// comesBack reports whether what the program opens comes to it by the rules of now, as
// far as they ask for its mark.
func (p Proxy) comesBack(c socket.Connection) bool {
	opens := p.opens
	opens.Mark = c.Mark
	to := eval.Traverse(p.rules, "output", opens, p.space.Env())
	return len(to.Unsure) > 0 || p.space.Local(to.Packet.Dst)
}

// May is what can be said before there is a connection: that it may meet itself. It is
// false where rules ask who sends, or where the program need not be a proxy.
func (p Proxy) May() (service.MeetsItself, bool) { return p.found, p.sure }

// Meets looks for a connection of the program to itself among those that are open: one
// process has its client's end, and its server's.
func (p Proxy) Meets(ctx context.Context) (service.MeetsItself, bool) {
	all, err := socket.Connections(ctx, p.space.NS)
	if err != nil || p.found.Owner.PID == 0 {
		return service.MeetsItself{}, false
	}
	for _, client := range all {
		if client.Peer != p.found.Meant {
			continue
		}
		server := slices.IndexFunc(all, func(c socket.Connection) bool {
			return c.Peer == client.Local && c.Local.Port() == p.found.Takes.Local.Port()
		})
		if server < 0 || socket.Owners(ctx, client.Inode)[client.Inode].PID != p.found.Owner.PID {
			continue
		}
		if !p.comesBack(client) {
			continue // of before there was a rule that lets it out: it is not closed yet
		}
		found := p.found
		found.Seen = []socket.Connection{client, all[server]}
		found.Sender = change.Sender{Mark: client.Mark, UID: client.UID}
		return found, true
	}
	return service.MeetsItself{}, false
}
