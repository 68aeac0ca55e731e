package explain_test

import (
	"fmt"
	"net/netip"
	"slices"
)

// service gives the pod that is pinged a service's address, which the node of
// the pod that pings translates. Behind the same bridge the reply would come
// straight from the other pod, and be taken for a stranger's.
func (n *network) service() {
	if len(n.ends) == 0 || len(n.way) < 3 || n.family == "way-out" {
		return
	}
	s := n.ends[0]
	fromPod := slices.ContainsFunc(s.pods, func(p *pod) bool { return p.ns == n.from })
	toPod := slices.ContainsFunc(n.ends[len(n.ends)-1].pods, func(p *pod) bool { return p.ns == n.to })
	if !fromPod || !toPod || len(n.ends) == 1 && s.style == "bridge" {
		return
	}
	n.dest = netip.AddrFrom4([4]byte{10, 96, byte(n.IntN(256)), byte(1 + n.IntN(250))})
	n.dnat = fmt.Sprintf("iptables -t nat -A PREROUTING -d %s %s-j DNAT --to-destination", n.dest, pick(n, "", "-p "+n.proto+" "))
	n.do(s.ns, "%s %s", n.dnat, n.real)
}

// services are the faults of a service.
func services(n *network) (spots []spot) {
	if n.dnat == "" {
		return nil
	}
	add := func(name, text string) {
		spots = append(spots, spot{
			kind: "service", name: "service: " + name, deep: true, codes: append(lostWay, "forwarding-off", "filtered"),
			commands: []command{{n.ends[0].ns, text}},
		})
	}
	add("not translated", "iptables -t nat -F PREROUTING")
	add("stands for nobody", fmt.Sprintf("iptables -t nat -F PREROUTING; %s %s", n.dnat, n.real.Next().Next()))
	return spots
}
