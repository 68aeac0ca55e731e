package published

import (
	"net/netip"
	"slices"
	"strconv"

	"nstutor/diag/container"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/service"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/machine"
	"nstutor/diag/netfilter"
	"nstutor/diag/socket"
	"nstutor/internal/change"
	"nstutor/internal/nft"
)

// Request is one that has come to a socket of a namespace, and that no rule there has sent on.
type Request struct {
	Space *machine.Space
	Flow  flows.Flow
	IIF   string // the device that it came in by; empty: the namespace has made it
	// Met is what stops it on its way to the socket; nil: nothing does.
	Met cause.Finding
	// Filtered tells that the kernel has dropped it by a filter of the socket.
	Filtered bool
}

// Kept is the finding of a request that comes to a program which takes nothing: Docker only keeps
// the ports so that it publishes by rules alone. Or to one that passes it on, did it get there.
func Kept(world *machine.Machine, r Request, s socket.Socket) (f service.KeptOnly, ok bool) {
	by, deaf := world.Taker(s.Inode)
	deaf = deaf || r.Filtered
	at := netip.AddrPortFrom(r.Flow.Dst, r.Flow.DstPort)
	f = service.KeptOnly{At: cause.At(r.Space.Name), Flow: r.Flow, By: by.Comm, PID: by.PID, Bound: s.Local.String(), Deaf: deaf, Met: r.Met}
	port := binding{v6: at.Addr().Is6()}
	if !deaf {
		if r.Met == nil {
			return f, false
		}
		if f.To, port.proxied = container.PassesTo(by.PID); !port.proxied || f.To.Addr().Is6() != port.v6 {
			return f, false
		}
		on := container.Proxied(by.PID)
		port.only = on.IsValid() && !on.Addr().IsUnspecified()
		f.For = f.To.Addr().String()
	}
	if b, to, known := world.Published(r.Space, flows.Protocol(r.Flow.Proto), at); known {
		f.For, port.only = b.Container, b.Only
		if deaf {
			f.To = to
		}
	}
	if f.To.IsValid() {
		port.to = f.To
		f.Rules = port.rules(r)
	}
	return f, deaf || len(f.Rules) > 0
}

// binding is a port that Docker publishes.
type binding struct {
	to      netip.AddrPort
	v6      bool
	only    bool // at the address that is asked for alone
	proxied bool // a program passes on what is no rule's: what comes from the network itself, and from 127.0.0.0/8
}

// rules are those that Docker has for it, and that a request needs.
func (b binding) rules(r Request) []change.Change {
	bridge, _, ok := behind(r.Space, b.to.Addr())
	if !ok || b.proxied && (r.IIF == bridge || r.Flow.Dst.IsLoopback()) {
		return nil
	}
	whole, err := netfilter.Read(r.Space.NS)
	if err != nil {
		return nil
	}
	hook := "prerouting"
	if r.IIF == "" {
		hook = "output"
	}
	d, found := find(whole, bridge, b.v6)
	nat := natOf(whole, familyOf(b.v6))
	there := nat != nil
	if there {
		_, there = nat.Chain(docker)
	}
	switch {
	case d.own != nil:
		return b.nft(r, d.own, hook, bridge)
	case found || there && !b.proxied:
		return b.iptables(r, nat, hook, bridge)
	case b.proxied: // it may be meant to do all of it
		return nil
	}
	return []change.Change{b.plainly(r, hook)}
}

// natOf is the table nat of iptables, by either backend, that has Docker's chain, or else any; nil
// where there is none.
func natOf(rules *netfilter.RuleSet, family string) (nat *netfilter.Table) {
	for i := range rules.Tables {
		t := &rules.Tables[i]
		if t.Family != family || t.Name != change.NATTable {
			continue
		}
		if _, there := t.Chain(docker); there || nat == nil {
			nat = t
		}
	}
	return nat
}

// plainly is the rule where nothing is left of Docker's.
func (b binding) plainly(r Request, hook string) change.Change {
	return change.Translate{Netns: r.Space.Name, Hook: hook, Dst: r.Flow.Dst, Kind: r.Flow.Kind(), To: b.to.Addr(), ToPort: b.to.Port()}
}

// iptables are the rules of iptables: the rule, and what leads to it.
func (b binding) iptables(r Request, nat *netfilter.Table, hook, bridge string) (all []change.Change) {
	told := func(words ...string) {
		all = append(all, change.IPTables{Netns: r.Space.Name, V6: b.v6, Words: append([]string{"-t", change.NATTable}, words...)})
	}
	there := false
	if nat != nil {
		_, there = nat.Chain(docker)
	}
	if !there {
		told("-N", docker)
	}
	if !there || !led(nat, hook, docker) {
		if hook == "output" {
			but := []string{}
			if b.proxied {
				but = []string{"!", "-d", map[bool]string{false: "127.0.0.0/8", true: "::1"}[b.v6]}
			}
			told(slices.Concat([]string{"-A", "OUTPUT"}, but, []string{"-m", "addrtype", "--dst-type", "LOCAL", "-j", docker})...)
		} else {
			told("-A", "PREROUTING", "-m", "addrtype", "--dst-type", "LOCAL", "-j", docker)
		}
	}
	words := []string{"-A", docker}
	if b.v6 {
		words = append(words, "!", "-s", "fe80::/10")
	}
	if b.only {
		words = append(words, "-d", r.Flow.Dst.String())
	}
	if b.proxied {
		words = append(words, "!", "-i", bridge)
	}
	told(append(words, "-p", r.Flow.Kind().Proto, "--dport", strconv.Itoa(int(r.Flow.DstPort)), "-j", "DNAT", "--to-destination", b.to.String())...)
	return all
}

// nft are those of Docker's own table.
func (b binding) nft(r Request, t *netfilter.Table, hook, bridge string) (all []change.Change) {
	told := func(chain string, words ...string) {
		all = append(all, change.NFT{Netns: r.Space.Name, Words: append([]string{"add", "rule", t.Family, t.Name, chain}, words...)})
	}
	_, there := t.Chain(ports)
	if i := slices.IndexFunc(t.Chains, func(c netfilter.Chain) bool { return c.Hook == hook && c.Type == "nat" }); !there || i < 0 {
		return []change.Change{b.plainly(r, hook)}
	} else if !led(t, hook, ports) {
		told(t.Chains[i].Name, "fib", "daddr", "type", "local", "counter", "jump", ports)
	}
	var words []string
	if b.proxied {
		words = append(words, "iifname", "!=", nft.Device(bridge))
	}
	if b.v6 {
		words = append(words, "ip6", "saddr", "!=", "fe80::/10")
	}
	if b.only {
		words = append(words, t.Family, "daddr", r.Flow.Dst.String())
	}
	told(ports, append(words, r.Flow.Kind().Proto, "dport", strconv.Itoa(int(r.Flow.DstPort)), "counter", "dnat", "to", b.to.String())...)
	return all
}
