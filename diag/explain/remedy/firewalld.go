package remedy

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"

	"nstutor/diag/explain/flows"
	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/eval"
	"nstutor/internal/change"
)

// zoneChain matches the chain of a zone as firewalld calls it, such as
// filter_IN_public_deny or filter_FWD_public.
var zoneChain = regexp.MustCompile(`^filter_(IN|FWD)_(.+?)(?:_(pre|log|deny|allow|post))?$`)

// Firewalld are the changes by which firewalld itself lets packets of a flow, and of
// the network that it comes from, pass a rule of one of its chains, now and after it
// has begun anew; nil where the chain is no zone's, or it cannot be asked.
func Firewalld(chain string, rule *netfilter.Rule, f flows.Flow, from netip.Prefix) []change.Change {
	m := zoneChain.FindStringSubmatch(chain)
	if m == nil || !change.HasFirewalld() {
		return nil
	}
	zone := "--zone=" + m[2]
	switch {
	case m[1] == "FWD":
		// What comes from a zone is passed on as its target says.
		return twice("--zone=trusted", "source="+from.String(), "add", "remove")
	case f.Echo() && eval.AsksType(rule):
		return twice(zone, "icmp-block=echo-request", "remove", "add")
	case f.DstPort != 0 && early[m[3]] == nil:
		return twice(zone, fmt.Sprintf("port=%d/%s", f.DstPort, f.Kind().Proto), "add", "remove")
	}
	family := "ipv4"
	if f.Src.Is6() {
		family = "ipv6"
	}
	rich := append([]string{"rich-rule=rule"}, early[m[3]]...)
	rich = append(rich, "family="+family, "source", "address="+f.Src.String())
	if f.DstPort != 0 {
		rich = append(rich, "port", fmt.Sprintf("port=%d", f.DstPort), "protocol="+f.Kind().Proto)
	}
	return twice(zone, strings.Join(append(rich, "accept"), " "), "add", "remove")
}

// early are the chains of a zone that come before the one in which it lets packets by, and
// what puts a rich rule before theirs.
var early = map[string][]string{"pre": {"priority=-32768"}, "log": {"priority=-1"}, "deny": {"priority=-1"}}

// twice does something to a zone: to the one that is in force, and to the one that is
// kept.
func twice(zone, what, do, back string) []change.Change {
	ask := func(verb string, kept ...string) []string {
		return append(append([]string{"firewall-cmd"}, kept...), zone, "--"+verb+"-"+what)
	}
	return []change.Change{
		change.Daemon{Argv: ask(do), Back: ask(back)},
		change.Daemon{Argv: ask(do, "--permanent"), Back: ask(back, "--permanent")},
	}
}
