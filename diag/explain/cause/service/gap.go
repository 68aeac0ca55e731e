package service

import (
	"fmt"

	"nstutor/diag/explain/cause"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// Gap is a service whose rules draw lots and leave some requests to nobody.
type Gap struct {
	cause.At
	Service string   // with its port
	Share   float64  // of the requests that no rule translates, from 0 to 1
	Rules   []string // that translate the others
}

// Code is NotTranslated.
func (Gap) Code() cause.Code { return NotTranslated }

// Detail says how many are left, and what takes them.
func (g Gap) Detail() say.Text {
	share := fmt.Sprintf("%.3g%%", 100*g.Share)
	return say.T("%s is a service whose rules draw lots, and %s of the requests are drawn by none: they go on to an address that nobody has. The last rule has to take all that those before it leave",
		"%s 是一个服务，它的规则按概率抽取，%s 的请求哪条都没抽中，仍发往不属于任何人的服务地址。最后一条规则必须收下前面剩下的全部", g.Service, share)
}

// Evidence are the rules.
func (g Gap) Evidence() []say.Text { return cause.Lines(g.Rules...) }

// Fix is none: whose share is too small, the rules do not say.
func (Gap) Fix() []change.Change { return nil }
