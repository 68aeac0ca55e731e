package remedy

import (
	"net/netip"

	"nstutor/diag/explain/machine"
	"nstutor/diag/netfilter/eval"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// Sourced is a rule of nat that has given a packet another source on its way, where what stops
// it lets the one pass that it set out with. The zero value is that of none.
type Sourced struct {
	Netns string
	By    eval.Place
	Src   netip.Addr // what it set out with
	Dst   netip.Addr // of the packet as it left
}

// Said adds the rule to what is said of a packet that another one stops.
func (s Sourced) Said(text say.Text) say.Text {
	if s.By.Rule == nil {
		return text
	}
	return say.T("%[1]s; from %[2]s it would pass, but %[3]s in %[4]s has given it another source", "%[1]s；源地址若是 %[2]s 就会放行，但 %[4]s 里的 %[3]s 改写了它的源地址",
		text, s.Src, s.By.Line(), machine.Called(s.Netns))
}

// Commands have that rule leave the packet as it is; nil where no line can say so.
func (s Sourced) Commands() []change.Change {
	if s.By.Rule == nil {
		return nil
	}
	return change.KeepSource(s.Netns, s.By.Table, s.By.Chain, s.By.Rule, s.Src, s.Dst)
}
