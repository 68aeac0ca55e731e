package cause

import (
	"net/netip"

	"nstutor/diag/netfilter/eval"
	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// Mistranslated is a request whose source a rule has rewritten to an address that the
// node does not have, in a network of the wire that it leaves by: whoever replies asks
// there for that address, and the node does not answer.
type Mistranslated struct {
	At
	Src  netip.Addr // as the rule writes it
	Link table.Link // that it leaves by
	By   eval.Place
}

// Code is NotMasqueraded.
func (Mistranslated) Code() Code { return NotMasqueraded }

// Detail names the rule and the address.
func (m Mistranslated) Detail() say.Text {
	return say.T("%s gives the request the source %s, which is on the wire of %s and no address of this node: a reply to it does not come back here",
		"%s 把请求的源地址改写成 %s，它在 %s 的链路上，却不是本节点的地址：发给它的应答回不到这里", m.By.Line(), m.Src, m.Link.Name)
}

// Evidence are the rule and the addresses of the device.
func (m Mistranslated) Evidence() []say.Text { return Lines(m.By.Line(), m.Link.AddressLine()) }

// Fix takes the address that the device has, whichever that is.
func (m Mistranslated) Fix() []change.Change {
	fix, _ := change.MasqueradeInstead(m.Netns(), m.By.Table, m.By.Chain, m.By.Rule)
	return fix
}
