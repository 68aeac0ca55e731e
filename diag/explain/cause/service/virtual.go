package service

import (
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/machine"
	"nstutor/diag/ipvs"
	"nstutor/diag/netfilter/eval"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// Serverless is a packet for a virtual service without a server that takes new
// connections: it is refused with an ICMP error (ip_vs_leave()).
type Serverless struct {
	cause.At
	Flow    flows.Flow
	Service ipvs.Service
}

// Code is NoEndpoints.
func (Serverless) Code() cause.Code { return NoEndpoints }

// Detail says whether there is one at all.
func (s Serverless) Detail() say.Text {
	asked := eval.Endpoint(s.Flow.Dst, s.Flow.DstPort)
	if len(s.Service.Servers) == 0 {
		return say.T("%s is a virtual service of ip_vs, which has no server: what is for it is refused", "%s 是 ip_vs 的虚拟服务，它没有后端服务器：发给它的包被拒绝", asked)
	}
	return say.T("%s is a virtual service of ip_vs, and all of its servers have weight 0: what is new is refused", "%s 是 ip_vs 的虚拟服务，它的后端服务器权重全为 0：新连接被拒绝", asked)
}

// Evidence is the service with its servers, as ipvsadm -Ln lists them.
func (s Serverless) Evidence() []say.Text { return listed(s.Service) }

// Fix is none: a program has to become ready.
func (Serverless) Fix() []change.Change { return nil }

// Unheld is a packet for a virtual service of a namespace that does not have the service's
// address: only what comes in for one of its own addresses gets to ip_vs.
type Unheld struct {
	cause.At
	Flow    flows.Flow
	Service ipvs.Service
	Dev     string // that the other services' addresses are on; lo where there are none
}

// Code is NotTranslated.
func (Unheld) Code() cause.Code { return NotTranslated }

// Detail names the service's address.
func (u Unheld) Detail() say.Text {
	return say.T("%[1]s is a virtual service of ip_vs, but %[2]s is no address of this namespace: only what is for one of its own addresses is handed up to ip_vs",
		"%[1]s 是 ip_vs 的虚拟服务，但 %[2]s 不是本命名空间的地址：只有发给自己地址的包才会交给 ip_vs", eval.Endpoint(u.Flow.Dst, u.Flow.DstPort), u.Flow.Dst)
}

// Evidence is the service with its servers.
func (u Unheld) Evidence() []say.Text { return listed(u.Service) }

// Fix gives the namespace the address.
func (u Unheld) Fix() []change.Change {
	return []change.Change{change.AddrAdd{Netns: u.Netns(), Addr: change.Only(u.Flow.Dst).String(), Dev: u.Dev}}
}

// ServerWithout is a packet that a virtual service has sent to a server as it was (direct
// routing), or in a packet of its own, and that is for an address which the server does not have.
type ServerWithout struct {
	cause.At
	Flow      flows.Flow
	By        string // the namespace of the virtual service
	Tunnelled bool
	Dev       string // that is to have the address
	Asked     string // that is asked for it
	Silent    bool   // it answers ARP only for the address of the device that asks
}

// Code is DestinationAbsent.
func (ServerWithout) Code() cause.Code { return cause.DestinationAbsent }

// Detail names the address.
func (s ServerWithout) Detail() say.Text {
	if s.Tunnelled {
		return say.T("%[1]s sends what is for %[2]s here in packets of a tunnel (ip_vs), and %[2]s is no address of this namespace: each server has to have it, and not to answer ARP for it",
			"%[1]s 把发给 %[2]s 的包封装进隧道送到这里（ip_vs），而 %[2]s 不是本命名空间的地址：每个后端服务器都要有这个地址，并且不为它应答 ARP", machine.Called(s.By), s.Flow.Dst)
	}
	return say.T("%[1]s sends what is for %[2]s here as it is (ip_vs, direct routing), and %[2]s is no address of this namespace: each server has to have it, and not to answer ARP for it",
		"%[1]s 把发给 %[2]s 的包原样送到这里（ip_vs 直接路由），而 %[2]s 不是本命名空间的地址：每个后端服务器都要有这个地址，并且不为它应答 ARP", machine.Called(s.By), s.Flow.Dst)
}

// Evidence is the packet.
func (s ServerWithout) Evidence() []say.Text { return cause.Lines(s.Flow.String()) }

// Fix gives the server the address, once it does not answer for it.
func (s ServerWithout) Fix() []change.Change {
	add := change.AddrAdd{Netns: s.Netns(), Addr: change.Only(s.Flow.Dst).String(), Dev: s.Dev}
	if s.Silent || s.Flow.Dst.Is6() {
		return []change.Change{add}
	}
	return []change.Change{change.Conf(s.Netns(), s.Asked, "arp_ignore", "1"), change.Conf(s.Netns(), s.Asked, "arp_announce", "2"), add}
}

// listed is a service with its servers.
func listed(s ipvs.Service) []say.Text {
	lines := []string{s.String()}
	for _, one := range s.Servers {
		lines = append(lines, "-> "+one.String())
	}
	return cause.Lines(lines...)
}
