package cause

import (
	"net/netip"
	"slices"

	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/eval"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// NotMasqueraded: the request leaves with a source that nobody outside can route back.
const NotMasqueraded Code = "not-masqueraded"

var _ = Register(Cause{
	Code:  NotMasqueraded,
	Words: say.T("the request leaves with a source that nobody outside can route back", "请求带着外面无法路由回来的源地址离开"),
	Table: []string{"iptables", "-t", "nat", "-vnL", "POSTROUTING"},
})

// Exempt is the rule for which no rule of nat gives the request a source; its Rule is nil
// where there is none.
type Exempt struct {
	eval.Place
	LetBy      bool       // it is one of nat itself, and lets the request by; else it keeps connection tracking from it
	Translated bool       // without the latter a rule of nat translates the request
	Dst        netip.Addr // of the request that is let by, or that Near leaves out
	Before     Before     // it has passed the namespace before, as the same connection
	Near       eval.Near  // one that translates others; its Rule is nil where there is none
	Unruled    bool       // there is none for it, nor one that comes near to it
	Zone       string     // of firewalld, that the device which it leaves by is in; "" where firewalld rules nothing
	// Docker is what Docker writes for the source's network; nil where it is none of its.
	Docker []change.Change
}

// Before is an earlier passage of a request, after which another namespace sent it back.
type Before struct {
	Out       string // the device that it left by then; "" where there was none
	By, ByOut string // who sent it back, and by which device
	Back      netip.Addr
	Served    bool // a rule translates the source Back, which masquerading there gives it
}

// Sparing is the rule that leaves the request's private destination out by its address; its Rule
// is nil where none does. Whoever wrote that expected a route of its own to there, by which the
// source would be known.
func (e Exempt) Sparing() (by eval.Place) {
	switch {
	case !machine.Private(e.Dst):
	case e.LetBy:
		to := func(m netfilter.Match) bool { return len(m.Key) == 1 && eval.ToAddress(string(m.Key[0])) }
		if slices.ContainsFunc(e.Place.Rule.Matches, to) {
			by = e.Place
		}
	case e.Near.Rule != nil && eval.ToAddress(e.Near.Field):
		by = e.Near.Place
	}
	return by
}

// Said adds the rule to what is wrong.
func (e Exempt) Said(what say.Text) say.Text {
	switch {
	case len(e.Docker) > 0:
		return remedy.AgainByDocker(say.T("%s: no rule of nat gives it another one, as Docker has one do for each of its networks, unless it is told not to", "%s：没有 nat 规则替它换源地址，而 Docker 默认会为每个网络写一条", what))
	case e.Before.Out != "":
		return say.T("%s: it has passed before, by %s, and came back from %s; of one connection no rule of nat is asked twice",
			"%s：它先前已从 %s 经过，又被 %s 送回；同一个连接不会第二次查 nat 规则", what, e.Before.Out, machine.Called(e.Before.By))
	case e.Near.Rule != nil && !e.Near.OnPurpose():
		return say.T("%s: %s", "%s：%s", what, e.Near.Said())
	case e.Unruled:
		return say.T("%s: no rule of nat gives it another one", "%s：没有 nat 规则替它换源地址", what)
	case e.Rule == nil:
		return what
	case e.LetBy:
		return say.T("%s: %s lets it by before any rule behind it could translate it", "%s：%s 先放过了它，后面的规则来不及转换", what, e.Place.Line())
	}
	return say.T("%s: %s keeps connection tracking from it, so that no rule of nat sees it", "%s：%s 让它不经过连接跟踪，nat 规则就看不到它", what, e.Place.Line())
}

// Lines are the rule as evidence.
func (e Exempt) Lines() []say.Text {
	switch {
	case e.Near.Rule != nil && e.Near.OnPurpose():
		return []say.Text{e.Near.Said()}
	case e.Near.Rule != nil:
		return Lines(e.Near.Line())
	case e.Rule == nil:
		return nil
	}
	return Lines(e.Place.Line())
}

// Mend takes the rule away that keeps connection tracking from the request, and rewrites the
// source where that is not enough. One of nat lets others by, too, which may be meant: what
// is put before it is for this destination alone.
func (e Exempt) Mend(m change.Masquerade) (fix []change.Change) {
	if e.Before.Out != "" { // from another source it is another connection
		fix = []change.Change{change.Masquerade{Netns: e.Before.By, Src: m.Src, Out: e.Before.ByOut}}
		if !e.Before.Served {
			fix = append(fix, change.Masquerade{Netns: m.Netns, Src: change.Only(e.Before.Back), Out: m.Out})
		}
		return fix
	}
	if len(e.Docker) > 0 {
		return e.Docker
	}
	if e.Sparing().Rule != nil {
		m.Dst = e.Dst
	}
	if e.LetBy {
		if e.Table.Name == change.NATTable && e.Table.Family != "inet" {
			m.First, m.Dst = true, e.Dst
		}
		return []change.Change{m}
	}
	if e.Rule != nil {
		if del, ok := change.RuleDel(m.Netns, e.Table, e.Chain, e.Rule); ok {
			fix = append(fix, del)
		}
	}
	if e.Rule != nil && e.Translated {
		return fix
	}
	if asked := remedy.Masquerade(e.Zone, m); asked != nil {
		return append(fix, asked...)
	}
	return append(fix, m)
}

// Unmasqueraded is a request that has left its node with a source of the node's
// inside.
type Unmasqueraded struct {
	At
	Src    netip.Addr
	Net    netip.Prefix // the network of the source, where others of it leave so too; else invalid
	Out    string       // the device that it left by
	Line   string       // the route there
	Lookup Lookup       // of who should reply
	Exempt Exempt       // why nothing translates it, though a rule would
}

// Code is NotMasqueraded.
func (Unmasqueraded) Code() Code { return NotMasqueraded }

// Detail names the device and the source.
func (u Unmasqueraded) Detail() say.Text {
	return u.Exempt.Said(say.T("the request left %s with the source %s, which nobody outside can route back",
		"请求从 %s 出去时源地址仍是 %s，外面没有到它的回程路由", u.Out, u.Src))
}

// Evidence are the route out, and that there is none back.
func (u Unmasqueraded) Evidence() []say.Text {
	return slices.Concat(Lines(u.Line), u.Exempt.Lines(), u.Lookup.Lines())
}

// Fix rewrites the source where the request leaves.
func (u Unmasqueraded) Fix() []change.Change {
	return u.Exempt.Mend(change.Masquerade{Netns: u.Netns(), Src: within(u.Net, u.Src), Out: u.Out})
}

// within is the network, where there is one, or the address alone.
func within(network netip.Prefix, addr netip.Addr) netip.Prefix {
	if network.IsValid() {
		return network
	}
	return change.Only(addr)
}

// Untranslated is a request that leaves for where nothing can be seen, with a
// private source of the node's inside.
type Untranslated struct {
	At
	Src  netip.Addr
	Net  netip.Prefix // the network of the source, where others of it leave so too; else invalid
	Out  string       // the device that it leaves by
	Line string       // the route there
	Exempt
}

// Code is NotMasqueraded.
func (Untranslated) Code() Code { return NotMasqueraded }

// Detail names the device and the source.
func (u Untranslated) Detail() say.Text {
	if by := u.Sparing(); by.Rule != nil {
		return say.T("the request leaves %[1]s with the source %[2]s, for %[3]s leaves %[4]s out by its address. Whoever wrote that expected a route of its own to %[4]s, and only the default route leads there: either that route is missing here, or the source has to be translated for it as well",
			"请求带着源地址 %[2]s 从 %[1]s 离开，因为 %[3]s 按地址排除了 %[4]s。写规则的人应是预期 %[4]s 另有自己的路由，而这里只有默认路由通向它：要么那条路由丢了，要么发往它的包也要换源地址", u.Out, u.Src, by.Line(), u.Dst)
	}
	return u.Said(say.T("the request leaves %s with the source %s, to which nobody beyond can be expected to have a route",
		"请求带着源地址 %[2]s 从 %[1]s 离开，外面不会有到它的回程路由", u.Out, u.Src))
}

// Evidence is the route out.
func (u Untranslated) Evidence() []say.Text { return append(Lines(u.Line), u.Exempt.Lines()...) }

// Fix rewrites the source where the request leaves.
func (u Untranslated) Fix() []change.Change {
	return u.Mend(change.Masquerade{Netns: u.Netns(), Src: within(u.Net, u.Src), Out: u.Out})
}
