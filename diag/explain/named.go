package explain

import (
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/journey"
	"nstutor/diag/explain/machine"
	"nstutor/internal/say"
)

// named is the line of a file that names the gateway of a missing default route; none where
// it is known otherwise, or is a guess.
func named(f journey.Found, n *machine.Space) []say.Text {
	missing, ok := f.Finding.(cause.Unrouted)
	if !ok || n == nil || !missing.Way.Via.IsValid() {
		return nil
	}
	devices, err := n.DevicesFor(missing.Lookup.Dst)
	if err != nil {
		return nil
	}
	for _, d := range devices {
		if d.Link.Name != missing.Way.Dev {
			continue
		}
		if g, ok := fabric.Configured(d, missing.Lookup.Dst); ok && g.Addr == missing.Way.Via {
			return []say.Text{say.Quote(g.File + ": " + g.Line)}
		}
	}
	return nil
}
