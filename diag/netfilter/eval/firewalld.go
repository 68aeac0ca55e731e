package eval

import (
	"regexp"
	"strings"

	"golang.org/x/sys/unix"

	"nstutor/diag/netfilter"
)

// zoneChain matches the chain of a zone as firewalld calls it in the table of its own, such
// as filter_IN_public_deny, and in those of iptables, such as FWD_public.
var zoneChain = regexp.MustCompile(`^(?:filter_|nat_)?(IN|FWD|POST)_(.+?)(?:_(pre|log|deny|allow|post))?$`)

// ZoneChain is a chain that firewalld has for a zone.
type ZoneChain struct {
	Way  string // IN, FWD or POST
	Zone string
	Part string // that it is of the zone's rules, such as deny; "" for all of them
}

// ZoneOf takes the name of a chain of a zone apart.
func ZoneOf(chain string) (ZoneChain, bool) {
	m := zoneChain.FindStringSubmatch(chain)
	if m == nil {
		return ZoneChain{}, false
	}
	return ZoneChain{m[1], m[2], m[3]}, true
}

// zonesEnd is what the names of the chains end in that share packets out among the zones.
const zonesEnd = "_ZONES"

// Zone is the zone of firewalld that a device is in, by the tables, and whether it is in it
// by name, rather than because it is in no other; "" where firewalld rules nothing.
func Zone(tables []netfilter.Table, dev string) (zone string, named bool) {
	name := make([]byte, unix.IFNAMSIZ)
	copy(name, dev)
	for i := range tables {
		for j := range tables[i].Chains {
			chain := &tables[i].Chains[j]
			if !strings.HasSuffix(chain.Name, zonesEnd) {
				continue
			}
			for k := range chain.Rules {
				rule := &chain.Rules[k]
				to, ok := ZoneOf(rule.Verdict.Chain)
				switch {
				case !ok:
				case len(rule.Matches) == 0:
					return to.Zone, false
				case len(rule.Matches) == 1 && rule.Matches[0].Holds(name) && device(rule, rule.Matches[0].Key[0], false) != "":
					return to.Zone, true
				}
			}
		}
	}
	return "", false
}

// byFirewalld reports whether the chain that decided is one of firewalld's in the tables of
// iptables, where the name of the table does not tell.
func (r Result) byFirewalld() bool {
	_, ok := ZoneOf(r.In)
	return ok && (r.jumpsTo("FORWARD"+zonesEnd) || r.jumpsTo("INPUT"+zonesEnd))
}
