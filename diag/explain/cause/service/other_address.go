package service

import (
	"net/netip"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/machine"
	"nstutor/diag/netfilter/eval"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// OtherAddress is a request for a port of a namespace that rules translate at other
// addresses of it, and not at this one: the nodePort of a service.
type OtherAddress struct {
	cause.At
	Flow   flows.Flow
	Served []netip.Addr // where the port is translated
	To     string       // what to, with its port
	Rule   string       // that does so
	// KubeProxyNft says that it is kube-proxy's, written with nft: that never serves
	// a nodePort at a loopback address.
	KubeProxyNft bool
	Foreign      bool // Served are no addresses of the namespace
}

// Code is NotTranslated.
func (OtherAddress) Code() cause.Code { return NotTranslated }

// Detail says where the port is served.
func (o OtherAddress) Detail() say.Text {
	asked := eval.Endpoint(o.Flow.Dst, o.Flow.DstPort)
	if o.Foreign {
		return say.T("nobody listens on %[1]s: rules serve this port at %[2]s (there it becomes %[3]s), which is no address of %[4]s: did it have that before?",
			"%[1]s 上没有程序监听：规则在 %[2]s 上提供这个端口（在那里转换为 %[3]s），而那不是 %[4]s 的地址：是它从前的地址吗？", asked, o.served(), o.To, machine.Called(o.Netns()))
	}
	text := say.T("nobody listens on %[1]s: the port is a service's, which rules serve at %[2]s and not at %[3]s (there it becomes %[4]s). Ask there",
		"%[1]s 上没有程序监听：这个端口属于某个服务，规则只在 %[2]s 上提供它（在那里转换为 %[4]s），%[3]s 上没有。请访问那里", asked, o.served(), o.Flow.Dst, o.To)
	if o.KubeProxyNft && o.Flow.Dst.IsLoopback() {
		return say.T("%s; kube-proxy in nft mode never serves a nodePort at 127.0.0.1, whatever route_localnet is", "%s；nft 模式的 kube-proxy 从不在 127.0.0.1 上提供 nodePort，与 route_localnet 无关", text)
	}
	return text
}

// served are the addresses as a sentence has them.
func (o OtherAddress) served() say.Text {
	var text []string
	for i, addr := range o.Served {
		if i == maxNamed {
			text = append(text, "…")
			break
		}
		text = append(text, addr.String())
	}
	return say.List(text...)
}

// Evidence is the rule.
func (o OtherAddress) Evidence() []say.Text {
	if o.Rule == "" {
		return cause.Lines(eval.Endpoint(o.Served[0], o.Flow.DstPort) + " -> " + o.To)
	}
	return cause.Lines(o.Rule)
}

// Fix is none: at which addresses a service is to be had is for whoever writes the
// rules to say.
func (OtherAddress) Fix() []change.Change { return nil }
