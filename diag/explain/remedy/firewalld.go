package remedy

import (
	"fmt"
	"net/netip"
	"strings"

	"nstutor/diag/explain/flows"
	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/eval"
	"nstutor/internal/change"
)

// panicking is the table with which firewalld drops everything while it is in panic mode.
const panicking = "firewalld_policy_drop"

// Firewalld are the changes by which firewalld itself lets packets of a flow, and of
// the network that it comes from, pass what decided in one of its chains, now and after it
// has begun anew; nil where the chain is no zone's, or it cannot be asked.
func Firewalld(r eval.Result, f flows.Flow, from netip.Prefix) []change.Change {
	if !change.HasFirewalld() {
		return nil
	}
	if r.Table.Name == panicking {
		return []change.Change{change.Daemon{Argv: []string{asked, "--panic-off"}, Back: []string{asked, "--panic-on"}}}
	}
	chain, ok := eval.ZoneOf(r.In)
	if !ok {
		return nil
	}
	zone := "--zone=" + chain.Zone
	switch {
	case chain.Way == "FWD":
		if to, named := eval.Zone([]netfilter.Table{*r.Table}, r.Packet.OIF); named && to == chain.Zone && chain.Part == "" {
			return twice(zone, "forward", "add", "remove")
		}
		// What comes from a zone is passed on as its target says.
		return twice("--zone=trusted", "source="+from.String(), "add", "remove")
	case f.Echo() && eval.AsksType(r.Decided):
		return twice(zone, "icmp-block=echo-request", "remove", "add")
	case f.DstPort != 0 && early[chain.Part] == nil:
		return twice(zone, fmt.Sprintf("port=%d/%s", f.DstPort, f.Kind().Proto), "add", "remove")
	}
	rich := append(rule(f.Src, early[chain.Part]...), "source", "address="+f.Src.String())
	if f.DstPort != 0 {
		rich = append(rich, "port", fmt.Sprintf("port=%d", f.DstPort), "protocol="+f.Kind().Proto)
	}
	return twice(zone, strings.Join(append(rich, "accept"), " "), "add", "remove")
}

// Masquerade are the changes by which firewalld gives what leaves by a device of the zone
// another source, as the rule would; nil where it cannot be asked, or for a rule of another
// kind.
func Masquerade(zone string, m change.Masquerade) []change.Change {
	if zone == "" || m.Netns != "" || m.Out == "" || m.First || !m.Src.IsValid() || !change.HasFirewalld() {
		return nil
	}
	rich := append(rule(m.Src.Addr()), "source", "address="+m.Src.String())
	if m.Dst.IsValid() {
		rich = append(rich, "destination", "address="+m.Dst.String())
	}
	return twice("--zone="+zone, strings.Join(append(rich, "masquerade"), " "), "add", "remove")
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

// twice does something to a zone: to the one that is in force, and to the one that is
// kept.
func twice(zone, what, do, back string) []change.Change {
	ask := func(verb string, kept ...string) []string {
		return append(append([]string{asked}, kept...), zone, "--"+verb+"-"+what)
	}
	return []change.Change{
		change.Daemon{Argv: ask(do), Back: ask(back)},
		change.Daemon{Argv: ask(do, "--permanent"), Back: ask(back, "--permanent")},
	}
}
