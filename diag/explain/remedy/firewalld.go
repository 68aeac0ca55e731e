package remedy

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"nstutor/diag/explain/flows"
	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/netfilter/firewalld"
	"nstutor/internal/change"
)

// Firewalld are the changes by which firewalld itself lets packets of a flow pass what decided
// in one of its chains, from the source of the flow alone, now and after it has begun anew: what
// it is told it keeps. They are nil where the chain is no zone's and no policy's, or it cannot be
// asked.
func Firewalld(r eval.Result, f flows.Flow) []change.Change {
	if !change.HasFirewalld() {
		return nil
	}
	switch {
	case r.Panics():
		return Calm()
	case r.Direct():
		return direct(r, f)
	}
	chain, ok := firewalld.ChainOf(r)
	if !ok {
		return nil
	}
	zone := "--zone=" + chain.Name
	switch {
	case chain.Policy:
		return twice("--policy="+chain.Name, through(f, early[chain.Part]...), "add", "remove")
	case chain.Way == "FWD":
		return between(r, chain, f)
	case f.Echo() && eval.AsksType(r.Decided):
		return twice(zone, "icmp-block=echo-request", "remove", "add")
	case f.DstPort != 0 && early[chain.Part] == nil:
		return twice(zone, fmt.Sprintf("port=%d/%s", f.DstPort, f.Kind().Proto), "add", "remove")
	}
	return twice(zone, accept(append(rule(f.Src, early[chain.Part]...), "source", "address="+f.Src.String()), f), "add", "remove")
}

// Calm ends the panic mode of firewalld; nil where it cannot be asked.
func Calm() []change.Change {
	if !change.HasFirewalld() {
		return nil
	}
	return []change.Change{change.Daemon{Argv: []string{asked, "--panic-off"}, Back: []string{asked, "--panic-on"}}}
}

// direct has firewalld put a rule before those that it was given as they are.
func direct(r eval.Result, f flows.Flow) []change.Change {
	family := map[string]string{"ip": "ipv4", "ip6": "ipv6"}[r.Table.Family]
	if family == "" {
		return nil
	}
	a := change.Accept{Family: r.Table.Family, Table: r.Table.Name, Chain: r.Chain.Name, IPTables: true, Src: change.Only(f.Src), Dst: f.Dst, Kind: f.Kind()}
	argv := a.Command().Argv
	words := argv[slices.Index(argv, a.Chain)+1:]
	ask := func(verb string, kept ...string) []string {
		return slices.Concat([]string{asked}, kept, []string{"--direct", "--" + verb + "-rule", family, a.Table, a.Chain, "-32768"}, words)
	}
	return []change.Change{
		change.Daemon{Argv: ask("add"), Back: ask("remove")},
		change.Daemon{Argv: ask("add", "--permanent"), Back: ask("remove", "--permanent")},
	}
}

// between lets a flow pass from a zone to another one, or from one device of it to the next: by
// the policy that there is for the two, or by one of its own. What is new is kept first, and is
// in force when firewalld has read it. Before there were policies, all that comes from a zone
// was passed on as its target says.
func between(r eval.Result, chain firewalld.Chain, f flows.Flow) []change.Change {
	tables := []netfilter.Table{*r.Table}
	to, byName := firewalld.Zone(tables, r.Packet.OIF)
	if byName && to == chain.Name && chain.Part == "" {
		return twice("--zone="+chain.Name, "forward", "add", "remove")
	}
	if !firewalld.Policies(r.Table) {
		return twice("--zone=trusted", "source="+f.Src.String(), "add", "remove")
	}
	rich := through(f)
	if policy := firewalld.Policy(r, chain); policy != "" {
		return twice("--policy="+policy, rich, "add", "remove")
	}
	// No policy is for what is in a zone only because it is in no other.
	in, out := chain.Name, to
	if zone, named := firewalld.Zone(tables, r.Packet.IIF); zone == in && !named {
		in = anyZone
	}
	if !byName {
		out = anyZone
	}
	kept := func(what ...string) []string { return append([]string{asked, "--permanent"}, what...) }
	name := policyName(r.Table, in, out)
	fix := []change.Change{change.Daemon{Argv: kept("--new-policy=" + name), Back: kept("--delete-policy=" + name)}}
	for _, what := range []string{"ingress-zone=" + in, "egress-zone=" + out, rich} {
		fix = append(fix, keeping("--policy="+name, what, "add", "remove"))
	}
	again := []string{asked, "--reload"}
	return append(fix, change.Daemon{Argv: again, Back: again})
}

// anyZone stands for all zones in a policy.
const anyZone = "ANY"

// maxPolicy is how long the name of a policy may be, since chains are named after it.
const maxPolicy = 17

// policyName is a name for a policy between two zones that no other has.
func policyName(t *netfilter.Table, in, out string) string {
	name := strings.ToLower(in + "-to-" + out)
	if len(name) > maxPolicy {
		name = strings.ToLower(fmt.Sprintf("%.6s-to-%.6s", in, out))
	}
	for free, n := name, 2; ; n++ {
		if !firewalld.HasPolicy(t, free) {
			return free
		}
		free = fmt.Sprintf("%.15s%d", name, n)
	}
}

// through is the rich rule that lets a flow through.
func through(f flows.Flow, first ...string) string {
	return accept(append(rule(f.Src, first...), "source", "address="+f.Src.String(), "destination", "address="+f.Dst.String()), f)
}

// accept ends a rich rule that is for a kind of flow.
func accept(rich []string, f flows.Flow) string {
	switch {
	case f.DstPort != 0:
		rich = append(rich, "port", fmt.Sprintf("port=%d", f.DstPort), "protocol="+f.Kind().Proto)
	case f.Echo():
		rich = append(rich, "icmp-type", "name=echo-request")
	}
	return strings.Join(append(rich, "accept"), " ")
}

// address is a network as one would type it.
func address(of netip.Prefix) string {
	if of.IsSingleIP() {
		return of.Addr().String()
	}
	return of.String()
}

// Masquerade are the changes by which firewalld gives what leaves by a device of the zone
// another source, as the rule would; nil where it cannot be asked, or for a rule of another
// kind.
func Masquerade(zone string, m change.Masquerade) []change.Change {
	if zone == "" || m.Netns != "" || m.Out == "" || m.First || !m.Src.IsValid() || !change.HasFirewalld() {
		return nil
	}
	rich := append(rule(m.Src.Addr()), "source", "address="+address(m.Src))
	if m.Dst.IsValid() {
		rich = append(rich, "destination", "address="+m.Dst.String())
	}
	return twice("--zone="+zone, strings.Join(append(rich, "masquerade"), " "), "add", "remove")
}

// Forward has firewalld, which can be asked, send a port on as a zone keeps it: now, for it is
// kept.
func Forward(zone, port string) []change.Change {
	return []change.Change{asking("--zone="+zone, "forward-port="+port, "add", "remove")}
}

// rule begins a rich rule for packets from an address.
func rule(src netip.Addr, first ...string) []string {
	family := "ipv4"
	if src.Is6() {
		family = "ipv6"
	}
	return append(append([]string{"rich-rule=rule"}, first...), "family="+family)
}

// early are the chains of a zone that come before the one in which it lets packets by, and
// what puts a rich rule before theirs.
var early = map[string][]string{"pre": {"priority=-32768"}, "log": {"priority=-1"}, "deny": {"priority=-1"}}

// asked is the program by which firewalld is asked.
const asked = "firewall-cmd"

// twice does something to a zone, or to a policy: to the one that is in force, and to the one
// that is kept.
func twice(of, what, do, back string) []change.Change {
	return []change.Change{asking(of, what, do, back), keeping(of, what, do, back)}
}

// asking does it to what is in force.
func asking(of, what, do, back string, kept ...string) change.Change {
	ask := func(verb string) []string {
		return append(append([]string{asked}, kept...), of, "--"+verb+"-"+what)
	}
	return change.Daemon{Argv: ask(do), Back: ask(back)}
}

// keeping does it to what is kept.
func keeping(of, what, do, back string) change.Change {
	return asking(of, what, do, back, "--permanent")
}
