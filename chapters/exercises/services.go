package exercises

import (
	"net/netip"
	"strconv"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/service"
	"nstutor/internal/change"
	"nstutor/steps"
	. "nstutor/steps/exercise" // an exercise reads like a list of commands
	. "nstutor/steps/exercise/check"
	. "nstutor/steps/exercise/world"
)

var _ = add(otherHook, shortCut, halfDeaf, deafClient)

// serving is a node with a service in front of pods: a client that asks, and pods that
// answer on port 80.
type serving struct {
	client   Pod
	pods     []Pod
	service  Service
	net, svc Subnet
}

func newServing(r *Seed, pods int) serving {
	s := serving{net: r.Subnet(), svc: r.Subnet()}
	hosts := r.Hosts(pods + 2)
	s.client = Pod{Name: r.Name(), Addr: s.net.CIDR(hosts[0])}
	for i := range pods {
		s.pods = append(s.pods, Pod{Name: r.Name(), Addr: s.net.CIDR(hosts[i+1])})
	}
	s.service = Service{Addr: s.svc.IP(hosts[pods+1]), Port: "tcp dport 80"}
	return s
}

// build makes the node, its pods and their servers, routed.
func (s serving) build(w *World) {
	w.Forward(Host)
	w.ProxyPod(s.client)
	for _, pod := range s.pods {
		w.ProxyPod(pod)
		w.Serve(pod.Name, 80)
	}
	w.Services(Host)
}

// both are the rules of a service at the two hooks where its clients' packets begin.
func (s serving) both() []string {
	to := s.pods[0].IP()
	return []string{s.service.To("prerouting", to), s.service.To("output", to)}
}

func (s serving) vars() map[string]string {
	return map[string]string{
		"Client": s.client.Name, "ClientIP": s.client.IP(), "VIP": s.service.Addr, "NodeIP": NodeIP,
		"Pod": s.pods[0].Name, "PodIP": s.pods[0].IP(),
	}
}

// rule is a line of nft on the node.
func rule(line string) change.Change { return change.NFTLine(Host, line) }

// otherHook: the service is translated at one of the two hooks, and its other clients
// go nowhere.
var otherHook = Exercise{
	Name: "other-hook", Level: 2, Group: "services",
	Source: []string{"https://github.com/kubernetes/kubernetes/issues/38802", "https://github.com/kubernetes/kubernetes/issues/67730"},
	Make: func(r *Seed) Case {
		s := newServing(r, 1)
		// Pods are served and the node is not, or the other way round.
		from, chain, other := s.client.Name, "prerouting", Host
		if Pick(r, false, true) {
			from, chain, other = Host, "output", s.client.Name
		}
		vars := s.vars()
		vars["From"], vars["Other"], vars["Chain"] = from, other, chain
		vars["Node"] = word(from == Host)
		return Case{
			Build:  func(w *World) { s.build(w); w.NFT(Host, s.both()...) },
			Break:  func(w *World) { w.NFT(Host, "flush chain ip svc "+chain) },
			Goals:  []Check{Fetches(from, s.service.Addr)},
			Guards: []Check{Fetches(other, s.service.Addr), Fetches(s.client.Name, s.pods[0].IP()), NoRouteTo(Inet, s.service.Addr).Because("the router outside is not yours", "外面的路由器不归你管")},
			Fix:    []change.Change{rule(s.service.To(chain, s.pods[0].IP()))},
			Wrong: []Tempting{
				tempted("The packets do leave: what they lack is another destination, not another source.", "包是出去了：缺的是换目的地址，不是换源地址。",
					In(Host, "iptables -t nat -A POSTROUTING -j MASQUERADE")),
				tempted("Nothing is dropped by the filter.", "过滤规则什么也没丢。", In(Host, "iptables -P FORWARD ACCEPT")),
			},
			Causes: []cause.Code{service.NotTranslated},
			At:     []string{Host},
			Watch:  steps.Watch{Netns: from, Get: "http://" + s.service.Addr, Rules: Host, Flows: Host},
			Vars:   vars,
		}
	},
}

// shortCut: on a bridge the answer goes straight to the client, past the node that
// has translated the request.
var shortCut = Exercise{
	Name: "short-cut", Level: 3, Group: "services",
	Source: []string{"https://github.com/kubernetes/kubernetes/issues/38802", "https://github.com/cloudnativelabs/kube-router/issues/151"},
	Make: func(r *Seed) Case {
		s := newServing(r, 1)
		s.client.Gateway, s.pods[0].Gateway = s.net.IP(1), s.net.IP(1)
		bridge := r.Name("cni0", "br0", "cbr0")
		pair := "ip saddr " + s.net.String() + " ip daddr " + s.net.String()
		vars := s.vars()
		vars["Bridge"], vars["Net"] = bridge, s.net.String()
		return Case{
			Build: func(w *World) {
				w.Forward(Host)
				w.Bridge(Host, bridge)
				w.Addr(Host, bridge, s.net.CIDR(1))
				w.BridgePod(bridge, s.client, s.pods[0])
				w.Serve(s.pods[0].Name, 80)
				w.Services(Host)
				w.NFT(Host, s.both()...)
				w.NFT(Host, "add rule ip svc postrouting "+pair+" counter masquerade")
			},
			Break:  func(w *World) { w.NFT(Host, "flush chain ip svc postrouting") },
			Goals:  []Check{Fetches(s.client.Name, s.service.Addr)},
			Guards: []Check{Fetches(Host, s.service.Addr), Fetches(s.client.Name, s.pods[0].IP()), Reaches(s.client.Name, s.pods[0].IP())},
			Fix:    []change.Change{rule("add rule ip svc postrouting " + pair + " counter masquerade")},
			Wrong: []Tempting{
				tempted("The request does arrive, and so does an answer.", "请求到了，应答也来了。", In(Host, "iptables -P FORWARD ACCEPT")),
				tempted("Only what leaves by eth0 is rewritten then, and this never does.", "这样只改写从 eth0 出去的包，而这些包从不走那里。",
					In(Host, "iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE")),
			},
			Causes: []cause.Code{service.ReplyBypassesNAT},
			At:     []string{Host},
			Watch:  steps.Watch{Netns: s.client.Name, Get: "http://" + s.service.Addr, Rules: Host, Flows: Host},
			Vars:   vars,
		}
	},
}

// halfDeaf: the draw between two pods falls on one that does not listen there.
var halfDeaf = Exercise{
	Name: "half-deaf", Level: 3, Group: "services",
	Source: []string{"https://github.com/kubernetes/kubernetes/issues/45703", "https://github.com/kubernetes/kubernetes/issues/22717"},
	Make: func(r *Seed) Case {
		s := newServing(r, 2)
		deaf := Pod{Name: r.Name(), Addr: s.net.CIDR(r.Hosts(1)[0]%200 + 5)}
		for deaf.IP() == s.client.IP() || deaf.IP() == s.pods[0].IP() || deaf.IP() == s.pods[1].IP() {
			deaf.Addr = netip.PrefixFrom(netip.MustParseAddr(deaf.IP()).Next(), 24).String()
		}
		draw := func(one, other string) string {
			return "rule ip svc prerouting ip daddr " + s.service.Addr + " tcp dport 80 counter dnat to numgen random mod 2 map { 0 : " + one + ", 1 : " + other + " }"
		}
		right := draw(s.pods[0].IP(), s.pods[1].IP())
		vars := s.vars()
		vars["Pod2"], vars["Pod2IP"], vars["Deaf"], vars["DeafIP"] = s.pods[1].Name, s.pods[1].IP(), deaf.Name, deaf.IP()
		return Case{
			Build: func(w *World) {
				s.build(w)
				w.ProxyPod(deaf)
				w.Serve(deaf.Name, 8080)
				w.NFT(Host, "add "+right)
			},
			Break: func(w *World) {
				w.NFT(Host, "flush chain ip svc prerouting", "add "+draw(s.pods[0].IP(), deaf.IP()))
			},
			Goals: []Check{FetchesAll(s.client.Name, s.service.Addr)},
			Guards: []Check{
				Fetches(s.client.Name, s.pods[0].IP()),
				BlockedTCP(s.client.Name, deaf.IP()).Because("%s is another program's pod: leave it as it is", "%s 是另一个程序的 Pod，别动它", deaf.Name),
			},
			Fix: []change.Change{rule("insert " + right)},
			Wrong: []Tempting{
				tempted("Behind the wrong rule it is never asked.", "放在错的规则后面，永远轮不到它。", rule("add "+right)),
				tempted("Nothing drops the packet: that pod answers with a reset.", "没有谁丢包：是那个 Pod 回了 RST。", In(Host, "iptables -P FORWARD ACCEPT")),
			},
			Causes: []cause.Code{service.NotListening},
			At:     []string{deaf.Name},
			Watch:  steps.Watch{Netns: s.client.Name, Get: "http://" + s.service.Addr, Rules: Host, Flows: Host},
			Vars:   vars,
		}
	},
}

// deafClient: a client that keeps its port is sent to a pod that is gone, though the
// rules know a better one.
var deafClient = Exercise{
	Name: "deaf-client", Level: 3, Group: "services",
	Source: []string{"https://github.com/kubernetes/kubernetes/issues/19029", "https://github.com/kubernetes/kubernetes/issues/66651"},
	Make: func(r *Seed) Case {
		s := newServing(r, 1)
		s.service.Port = "udp dport 53"
		port := uint16(40000 + r.IntN(9000))
		gone := s.net.IP(251)
		stale := change.ConntrackAdd{Netns: Host, Proto: "udp", Src: netip.AddrPortFrom(netip.MustParseAddr(s.client.IP()), port),
			Dst: netip.AddrPortFrom(netip.MustParseAddr(s.service.Addr), 53), To: netip.MustParseAddr(gone)}
		vars := s.vars()
		vars["Gone"], vars["Port"] = gone, strconv.Itoa(int(port))
		return Case{
			Build: func(w *World) {
				s.build(w)
				w.Answer(s.pods[0].Name, 53)
				w.NFT(Host, s.both()...)
			},
			Break:  func(w *World) { w.Make(stale) },
			Goals:  []Check{Answered(s.client.Name, s.service.Addr, 53, port)},
			Guards: []Check{Answered(s.client.Name, s.service.Addr, 53, port+1), Reaches(s.client.Name, s.pods[0].IP())},
			Fix:    []change.Change{change.ConntrackDel{Netns: Host, Proto: "udp", Dst: netip.MustParseAddr(s.service.Addr)}},
			Also:   [][]change.Change{{change.FlushConntrack{Netns: Host}}},
			Wrong: []Tempting{
				tempted("The rule is right already, and this flow does not ask it.", "规则本来就对，而这条流根本不查规则。",
					rule("insert "+s.service.To("prerouting", s.pods[0].IP())[len("add "):])),
				tempted("The neighbours of the node are not asked either.", "节点的邻居表也没有参与。", In(Host, "ip route flush cache")),
			},
			Causes: []cause.Code{service.StaleConntrack},
			At:     []string{Host},
			Watch:  steps.Watch{Netns: s.client.Name, Ask: s.service.Addr + ":53", SrcPort: port, Rules: Host, Flows: Host},
			Vars:   vars,
		}
	},
}
