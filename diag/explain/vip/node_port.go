package vip

import (
	"net/netip"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/service"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/machine"
	"nstutor/diag/netfilter/eval"
)

// maxTried bounds the addresses of a namespace that are held against its rules.
const maxTried = 32

// OtherAddress is the finding of a request to an address of a namespace, whose rules
// translate the same port at other addresses of it. p is the request as it came in by
// a device, or, where that is empty, as it was sent by the device out.
func OtherAddress(n *machine.Space, p eval.Packet, in, out string) (service.OtherAddress, bool) {
	none := service.OtherAddress{}
	if p.DstPort == 0 || !n.Local(p.Dst) {
		return none, false
	}
	rules, err := n.Rules()
	devices, failed := n.DevicesFor(p.Dst)
	if err != nil || failed != nil {
		return none, false
	}
	hook := "prerouting"
	if p.IIF, p.OIF = in, ""; in == "" {
		hook, p.OIF = "output", out
	}
	f := service.OtherAddress{
		At:   cause.At(n.Name),
		Flow: flows.Flow{Proto: p.Proto, Src: p.Src, Dst: p.Dst, SrcPort: p.SrcPort, DstPort: p.DstPort},
	}
	for _, other := range owned(devices, p.Dst) {
		asked := p
		if asked.Dst = other; p.Src == p.Dst {
			asked.Src = other
		}
		r := eval.Traverse(rules, hook, asked, n.Env())
		nat := r.NAT
		if r.Drops() || nat == nil || nat.Kind == "redirect" || nat.Old != other {
			continue
		}
		if f.Served = append(f.Served, other); f.To == "" {
			f.To, f.Rule = eval.Endpoint(r.Packet.Dst, r.Packet.DstPort), nat.Rule
			f.KubeProxyNft = nat.Table == "kube-proxy" // which iptables has no table of
		}
	}
	return f, len(f.Served) > 0
}

// owned are the addresses of devices besides one, of its IP version.
func owned(devices []machine.Device, but netip.Addr) (all []netip.Addr) {
	for _, d := range devices {
		for _, a := range d.Addrs {
			if own := a.Prefix.Addr(); own != but && own.Is6() == but.Is6() && len(all) < maxTried {
				all = append(all, own)
			}
		}
	}
	return all
}
