package session

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"

	"nstutor/diag/table"
	"nstutor/internal/lab"
	"nstutor/internal/say"
	"nstutor/steps"
)

// elsewhereLines is how many things that were done elsewhere are told.
const elsewhereLines = 2

// elsewhere is what the learner has done in another place than the step is about:
// the address on another device, or a change in another namespace.
func elsewhere(p *steps.Player, now steps.State) []say.Text {
	action := p.Step().Action
	if add, ok := action.(steps.AddrAdd); ok {
		if text, found := otherPlace(add, now); found {
			return []say.Text{text}
		}
	}
	here := cmp.Or(action.Change(p.Lab()).Command().Netns, lab.Host)
	var all []say.Text
	for _, c := range steps.DiffState(p.Was(), now, false) {
		carrier := c.Table == "link" && c.Kind == table.Changed // comes with the other end
		if c.Netns == here || c.Table == "process" || carrier {
			continue
		}
		sign, line := "+", c.After
		if c.Kind == table.Removed {
			sign, line = "−", c.Before
		}
		if c.Table == "netns" {
			all = append(all, say.T("changed: %s", "改动了：%s", sign+" netns "+line))
			continue
		}
		all = append(all, say.T("changed in %s: %s", "在 %s 里改动了：%s", c.Netns, sign+" "+line))
	}
	return all[:min(len(all), elsewhereLines)]
}

// otherPlace is where an address is instead of where it belongs.
func otherPlace(add steps.AddrAdd, now steps.State) (say.Text, bool) {
	want, err := netip.ParsePrefix(add.Addr)
	if err != nil {
		return say.Text{}, false
	}
	for _, name := range slices.Sorted(maps.Keys(now.Netns)) {
		for _, addr := range now.Netns[name].Addrs {
			if addr.Prefix.Addr() == want.Addr() && (name != add.Netns || addr.Dev != add.Dev) {
				return say.T("%s is on %s in %s, not on %s in %s", "%[1]s 在 %[3]s 的 %[2]s 上，不在 %[5]s 的 %[4]s 上",
					want.Addr(), addr.Dev, name, add.Dev, add.Netns), true
			}
		}
	}
	return say.Text{}, false
}
