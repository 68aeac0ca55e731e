package machine

import (
	"errors"
	"net/netip"
	"os"
	"slices"

	"golang.org/x/sys/unix"

	"nstutor/diag/table"
	"nstutor/internal/say"
)

// RouteQuery is a packet to route. With IIF it is one that came in on that
// device, and Src is needed; without, it is sent from the namespace itself.
type RouteQuery struct {
	Dst, Src netip.Addr
	IIF, OIF int // interface indexes; 0: any
	Mark     uint32
	Proto    byte
	// SrcPort and DstPort go with Proto; 0: it has none, or it is not known.
	SrcPort, DstPort uint16
}

// RouteKind is what the kernel does with a packet.
type RouteKind string

// The kinds of a RouteAnswer. From KindNone on the packet goes nowhere.
const (
	KindUnicast   RouteKind = "unicast"
	KindLocal     RouteKind = "local"
	KindBroadcast RouteKind = "broadcast"
	KindMulticast RouteKind = "multicast"

	KindNone          RouteKind = "none"           // ENETUNREACH: no route
	KindThrow         RouteKind = "throw"          // the same, because a throw route ends the search of its table
	KindBlackhole     RouteKind = "blackhole"      // a route or a policy rule drops it
	KindUnreachable   RouteKind = "unreachable"    // … refuses it: host unreachable
	KindProhibit      RouteKind = "prohibit"       // … refuses it: administratively prohibited
	KindForwardingOff RouteKind = "forwarding-off" // it is for somebody else, and its device does not forward
	KindRPFilter      RouteKind = "rp-filter"      // the way back to its source is not where it came from
	KindMartian       RouteKind = "martian"        // its source or destination cannot be on the wire
	KindError         RouteKind = "error"          // the kernel could not be asked, or its answer is not understood
)

// Rejects reports whether it is what a route or a policy rule of that type makes of it.
func (k RouteKind) Rejects() bool {
	return k == KindThrow || k == KindBlackhole || k == KindUnreachable || k == KindProhibit
}

// RouteAnswer is what the kernel does with a packet, and what its answer rests
// on. Of a packet that was let in nowhere (KindForwardingOff, KindRPFilter,
// KindMartian), Via, Dev and Line tell where it would have gone, if that is known.
type RouteAnswer struct {
	Kind    RouteKind
	Via     netip.Addr // invalid: the destination itself is the next hop
	Dev     int
	DevName string
	Src     netip.Addr // the source the packet has, or is given
	Table   int
	MTU     int // bytes: the route's, or one learned on the way, or the device's
	Onlink  bool
	// Redirect tells that Via is not the entry's own next hop, but whom a router has named instead
	// of itself (ICMP redirect): the kernel remembers it of one destination.
	Redirect bool
	// Line is the entry that decided, as `ip route show table all` prints it; or
	// the policy rule that did, as `ip rule` prints it. It is empty where the
	// kernel does not tell.
	Line string
	// Entry is the route that Line is, and Rule the policy rule; at most one of
	// them has a Type or an Action.
	Entry table.Route
	Rule  table.PolicyRule
	By    table.PolicyRule // of a route of another table than main: the first that has that asked
	Get   string           // the answer as `ip route get` prints it
	// Evidence are lines that show why, in the form of the command that prints
	// them. They include Get and Line.
	Evidence []string
	Err      error // the kernel's refusal, whatever it was taken for
}

// Route asks the kernel what it does with a packet, policy rules, forwarding and
// source validation included. IPv4 refusals are told apart; of the IPv6 ones,
// the errno alone is gone by.
func (n *Space) Route(q RouteQuery) RouteAnswer {
	one, err := n.Ask()
	if err != nil {
		return RouteAnswer{Kind: KindError, Err: err}
	}
	if q.Dst, q.Src = q.Dst.Unmap(), q.Src.Unmap(); !q.Dst.IsValid() {
		return RouteAnswer{Kind: KindError, Err: say.Err("%s: route to no address: %v", "%s：查询路由时没有给出地址：%v", n.Calls(), unix.EDESTADDRREQ)}
	}
	l := lookup{node: n, one: one, q: q}
	reply, err := one.Route(l.request())
	if err != nil {
		return l.refusal(err)
	}
	a := l.answer(reply)
	if q.Dst.Is6() && q.IIF != 0 && a.Kind == KindUnicast {
		// A lookup does not ask for it.
		if on, line := n.forwards6(l.iif()); !on {
			a.Kind = KindForwardingOff
			a.Evidence = append(a.Evidence, line)
		}
	}
	return a
}

// Local reports whether the namespace takes a packet to an address for its own
// (RTN_LOCAL). It is a part of what Route tells, for whom asks many namespaces.
func (n *Space) Local(addr netip.Addr) bool {
	one, err := n.Ask()
	if err != nil {
		return false
	}
	reply, err := one.Route(table.RouteRequest{Dst: addr.Unmap()})
	return err == nil && RouteKind(reply.Type) == KindLocal
}

// lookup is one RouteQuery while it is answered.
type lookup struct {
	node *Space
	one  *table.One
	q    RouteQuery
}

func (l lookup) request() table.RouteRequest { return table.RouteRequest(l.q) }

// answer is that of a packet which goes somewhere.
func (l lookup) answer(reply table.RouteReply) RouteAnswer {
	a := RouteAnswer{
		Kind: RouteKind(reply.Type), Via: reply.Via, Dev: reply.Index, DevName: reply.Dev,
		Src: l.q.Src, Table: reply.Table, MTU: reply.PathMTU, Onlink: reply.Onlink, Get: reply.Line(),
	}
	if reply.Src.IsValid() {
		a.Src = reply.Src
	}
	a.Evidence = append(a.Evidence, a.Get)
	if entry, err := l.one.RouteEntry(l.request()); err == nil {
		a.Entry, a.Line, a.Table = entry, entry.Line(), entry.Table
		a.Onlink = onlink(entry, reply)
		a.Redirect = len(entry.Nexthops) == 0 && entry.Via.IsValid() && reply.Via.IsValid() && reply.Via != entry.Via
		a.Evidence = append(a.Evidence, a.Line)
		if entry.Table != MainTable && entry.Table != LocalTable {
			rules, _ := l.one.PolicyRules()
			for _, asked := range l.asked(rules) {
				if asked.table == entry.Table {
					a.By = asked.by
				}
			}
		}
	}
	if a.MTU == 0 && a.Dev != 0 {
		if link, err := l.one.LinkByIndex(a.Dev); err == nil {
			a.MTU = link.MTU
		}
	}
	return a
}

// onlink tells whether the leg of entry that reply chose is marked onlink.
func onlink(entry table.Route, reply table.RouteReply) bool {
	for _, hop := range entry.Nexthops {
		if hop.Via == reply.Via && hop.Dev == reply.Dev {
			return hop.Onlink
		}
	}
	return entry.Onlink
}

// refusal tells what an errno of RTM_GETROUTE means.
func (l lookup) refusal(err error) RouteAnswer {
	a := RouteAnswer{Kind: KindError, Src: l.q.Src, Err: err}
	received := l.q.IIF != 0 && l.q.Dst.Is4()
	switch {
	case l.q.IIF == 0 && !l.ownSource():
		// ENETUNREACH, or EINVAL in older kernels, whatever the routes are.
	case errors.Is(err, unix.ENETUNREACH):
		if rule, ok := l.unreachableRule(); ok {
			a.Kind, a.Rule, a.Line = KindUnreachable, rule, rule.Line()
			a.Evidence = append(a.Evidence, a.Line)
		} else if a = l.rejected(a, KindThrow); a.Line == "" {
			a.Kind = KindNone
		}
	case errors.Is(err, unix.EHOSTUNREACH) && received:
		a = l.notForwarded(a)
	case errors.Is(err, unix.EHOSTUNREACH):
		a = l.rejected(a, KindUnreachable)
	case errors.Is(err, unix.EACCES):
		a = l.rejected(a, KindProhibit)
	case errors.Is(err, unix.EXDEV), errors.Is(err, unix.EINVAL) && received:
		a = l.discarded(a)
	case errors.Is(err, unix.EINVAL) && !received && l.q.Src.IsLoopback():
		// __mkroute_output() asks the device that it would leave by.
		a = l.wouldGo(a, KindMartian)
		a.Evidence = append(a.Evidence, l.node.confLines("route_localnet", "all", a.DevName)...)
	case errors.Is(err, unix.EINVAL) && !received:
		a = l.rejected(a, KindBlackhole)
	}
	return a
}

// iif is the name of the device that the packet came in on, which is lo for what is sent from
// here (LOOPBACK_IFINDEX).
func (l lookup) iif() string {
	if l.q.IIF == 0 {
		return "lo"
	}
	link, err := l.one.LinkByIndex(l.q.IIF)
	if err != nil {
		return ""
	}
	return link.Name
}

// notForwarded tells a device that does not forward from an unreachable route:
// ip_route_input_slow() gives the errno of the latter for both, and for the first
// one before it looks at what it found.
func (l lookup) notForwarded(a RouteAnswer) RouteAnswer {
	dev := l.iif()
	switch l.node.Conf(dev, "forwarding") {
	case 0:
		a = l.wouldGo(a, KindForwardingOff)
	case -1: // cannot be read: it stays unknown
	default:
		return l.rejected(a, KindUnreachable)
	}
	a.Evidence = append(a.Evidence, l.node.confLines("forwarding", dev)...)
	return a
}

// ownSource reports whether a packet that is sent from here has a source which
// is an address of the namespace, or is still to get one. With another the
// kernel refuses every lookup.
func (l lookup) ownSource() bool {
	if !l.q.Src.IsValid() || l.q.Src.IsUnspecified() {
		return true
	}
	reply, err := l.one.Route(table.RouteRequest{Dst: l.q.Src})
	return err == nil && reply.Type == "local"
}

// unreachableRule is the policy rule that refuses the packet as though there were
// no route: the errno of a rule of type unreachable is not that of such a route
// (fib4_rule_action()); and a rule of type goto may leave out the one that has the main table
// asked, which has a route. Only rules that the query can be held against count.
func (l lookup) unreachableRule() (table.PolicyRule, bool) {
	rules, err := l.one.PolicyRules()
	if err != nil {
		return table.PolicyRule{}, false
	}
	for _, r := range l.selecting(rules) {
		if r.Action == "unreachable" || r.Action == "goto" && l.skipsMain(r, rules) {
			return r, true
		}
	}
	return table.PolicyRule{}, false
}

// skipsMain reports whether a rule of type goto leaves out one that would have the main table
// asked, where that has a route.
func (l lookup) skipsMain(by table.PolicyRule, rules []table.PolicyRule) bool {
	skipped := slices.ContainsFunc(rules, func(r table.PolicyRule) bool {
		return r.Family == by.Family && r.Action == "lookup" && r.Table == MainTable && by.Priority < r.Priority && r.Priority < by.Goto && l.selectedBy(r)
	})
	snap, err := l.node.Snapshot(table.Links | table.Routes)
	if !skipped || err != nil {
		return false
	}
	_, has := BestRoute(snap, l.q.Dst, nil)
	return has
}

// selectedBy reports whether a policy rule is for the packet, as far as the
// addresses, the mark, the device, the protocol and the ports tell.
func (l lookup) selectedBy(r table.PolicyRule) bool {
	src := l.q.Src
	if !src.IsValid() {
		src = netip.IPv4Unspecified()
	}
	holds := (!r.Src.IsValid() || r.Src.Contains(src)) && (!r.Dst.IsValid() || r.Dst.Contains(l.q.Dst)) &&
		l.q.Mark&r.Mask == r.Mark&r.Mask && (r.IIF == "" || r.IIF == l.iif()) && (r.OIF == "" || l.q.OIF != 0) && l.asks(r.UIDs) &&
		(r.IPProto == 0 || l.q.Proto == 0 || r.IPProto == int(l.q.Proto)) && within(r.SPort, l.q.SrcPort) && within(r.DPort, l.q.DstPort)
	return holds != r.Not
}

// asks reports whether a policy rule about users is about who asks: packets that came in are
// nobody's (inet_rtm_getroute()).
func (l lookup) asks(users *[2]uint32) bool {
	return users == nil || l.q.IIF == 0 && users[0] <= uint32(os.Getuid()) && uint32(os.Getuid()) <= users[1]
}

// within reports whether a port may be one of those that a policy rule is for.
func within(ports *[2]uint16, port uint16) bool {
	return ports == nil || port == 0 || ports[0] <= port && port <= ports[1]
}

// rejected finds the route, or else the policy rule, which has the packet go
// nowhere. The kernel does not name it, but it gives those of one type.
func (l lookup) rejected(a RouteAnswer, kind RouteKind) RouteAnswer {
	a.Kind = kind
	rules, err := l.one.PolicyRules()
	if err != nil {
		return a
	}
	routes, err := l.one.RejectRoutes(string(kind), l.q.Dst)
	if err != nil {
		return a
	}
	var verdict *table.PolicyRule
	for _, rule := range rules {
		if rule.Family == 6 == l.q.Dst.Is6() && rule.Action == string(kind) {
			verdict = &rule
			a.Evidence = append(a.Evidence, rule.Line())
			if l.selectedBy(rule) {
				break
			}
		}
	}
	for _, asked := range l.asked(rules) { // one that has it go somewhere would have ended the search
		if i := slices.IndexFunc(routes, func(r table.Route) bool { return r.Table == asked.table }); i >= 0 {
			a.Entry, a.Line, a.Table, a.By = routes[i], routes[i].Line(), asked.table, asked.by
			a.Evidence = append(a.Evidence, a.Line)
			return a
		}
	}
	if verdict != nil {
		a.Rule, a.Line = *verdict, verdict.Line()
	}
	return a
}

// askedTable is a table that a policy rule has asked for a packet.
type askedTable struct {
	table int
	by    table.PolicyRule
}

// asked are the tables that the policy rules have asked for the packet, in that order, each with
// the first of the rules that has it so.
func (l lookup) asked(rules []table.PolicyRule) (all []askedTable) {
	for _, rule := range l.selecting(rules) {
		if rule.Action != "lookup" {
			continue
		}
		one := askedTable{rule.Table, rule}
		if rule.L3mdev {
			one.table = l.vrf()
		}
		if !slices.ContainsFunc(all, func(o askedTable) bool { return o.table == one.table }) {
			all = append(all, one)
		}
	}
	return all
}

// selecting are the policy rules that are for the packet, as far as it gets among them: those
// behind one that rejects it are not asked, nor those before the target of a goto
// (fib_rules_lookup()).
func (l lookup) selecting(rules []table.PolicyRule) (all []table.PolicyRule) {
	next := 0
	for _, r := range rules {
		if r.Family == 6 != l.q.Dst.Is6() || r.Priority < next || !l.selectedBy(r) {
			continue
		}
		if all = append(all, r); RouteKind(r.Action).Rejects() {
			break
		}
		if r.Action == "goto" && !r.Unresolved {
			next = r.Goto
		}
	}
	return all
}

// vrf is the table of the VRF that the packet comes in by, or is to leave by, if it is of one
// (l3mdev_fib_rule_match()).
func (l lookup) vrf() int {
	for _, index := range []int{l.q.IIF, l.q.OIF} {
		if link, err := l.one.LinkByIndex(index); err == nil && index != 0 {
			if vrf, ok := l.node.VRFOf(link); ok {
				return vrf.VRF
			}
		}
	}
	return 0
}

// wouldGo fills in where the packet would have gone if it had been let in: what
// the namespace itself would do with a packet to that destination.
func (l lookup) wouldGo(a RouteAnswer, kind RouteKind) RouteAnswer {
	a.Kind = kind
	onward := table.RouteRequest{Dst: l.q.Dst, Mark: l.q.Mark, Proto: l.q.Proto, SrcPort: l.q.SrcPort, DstPort: l.q.DstPort}
	reply, err := l.one.Route(onward)
	if err != nil {
		return a
	}
	a.Via, a.Dev, a.DevName, a.Table = reply.Via, reply.Index, reply.Dev, reply.Table
	if entry, err := l.one.RouteEntry(onward); err == nil {
		a.Entry, a.Line = entry, entry.Line()
		a.Evidence = append(a.Evidence, a.Line)
	}
	return a
}
