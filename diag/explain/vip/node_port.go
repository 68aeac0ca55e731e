package vip

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/service"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/machine"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/netfilter/tally"
	"nstutor/diag/table"
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
	for _, other := range append(owned(devices, p.Dst), ofOtherVersion(n, p.Dst)...) {
		asked := p
		asked.Dst = other
		switch {
		case len(f.Served) > 0 && other.Is6() != p.Dst.Is6():
			continue // there is one that the sender can ask as it is
		case p.Src == p.Dst:
			asked.Src = other
		case other.Is6() != p.Dst.Is6():
			asked.Src = nobodys[other.Is6()]
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
	if len(f.Served) == 0 {
		f.Served, f.To = foreign(n, devices, p)
		f.Foreign = true
	}
	return f, len(f.Served) > 0
}

// foreign are the addresses in the networks of a request's destination, which are not the
// namespace's own, at which its rules translate the request's port, and what to.
func foreign(n *machine.Space, devices []machine.Device, p eval.Packet) (served []netip.Addr, to string) {
	for _, s := range translated(n, devices, p.Dst) {
		near := func(a table.Addr) bool { return a.Prefix.Contains(s.Dst) && a.Prefix.Addr() == p.Dst }
		here := func(d machine.Device) bool { return slices.ContainsFunc(d.Addrs, near) }
		if s.Port == p.DstPort && s.Takes(p.Proto, p.DstPort) && slices.ContainsFunc(devices, here) && len(served) < maxTried {
			served, to = append(served, s.Dst), cmp.Or(to, strings.Join(s.Targets(), ", "))
		}
	}
	return served, to
}

// Serves says whether the rules of a namespace translate a request's destination.
func Serves(n *machine.Space, asked flows.Flow) bool {
	devices, err := n.DevicesFor(asked.Dst)
	takes := func(s tally.Service) bool { return s.Takes(asked.Proto, asked.DstPort) }
	return err == nil && slices.ContainsFunc(of(translated(n, devices, asked.Dst), asked.Dst), takes)
}

// ofOtherVersion are the addresses of a namespace that others can ask by the IP version that
// an address is not of.
func ofOtherVersion(n *machine.Space, than netip.Addr) []netip.Addr {
	devices, err := n.DevicesFor(nobodys[!than.Is6()])
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(owned(devices, nobodys[!than.Is6()]), netip.Addr.IsLoopback)
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
