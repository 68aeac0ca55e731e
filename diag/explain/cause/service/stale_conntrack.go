package service

import (
	"nstutor/diag/conntrack"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/flows"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// StaleConntrack: the kernel remembers where a connection went, and asks no rule
// again.
const StaleConntrack cause.Code = "stale-conntrack"

var _ = cause.Register(cause.Cause{
	Code:  StaleConntrack,
	Words: say.T("connection tracking still sends this flow where it went before", "连接跟踪还把这个流发往从前的地方"),
	Table: []string{"conntrack", "-L"},
})

// Outdated is an entry that sends a flow elsewhere than the rules would by now.
type Outdated struct {
	cause.At
	Flow  flows.Flow // as it comes
	Entry conntrack.Entry
	Now   string   // where the rules would send it, "" for as it comes
	From  bool     // Now is what it would come from
	Why   say.Text // it does not get through where it goes
}

// Code is StaleConntrack.
func (Outdated) Code() cause.Code { return StaleConntrack }

// Detail says where it goes, and where it would.
func (o Outdated) Detail() say.Text {
	goes, asked := o.Entry.Reply.Src, o.Entry.Original.Dst
	if o.From {
		return say.T("%s is remembered as a flow that keeps its source, and no rule is asked about it again: they would have it come from %s now. There: %s",
			"%s 已被记为保持源地址的流，不再查规则；按规则现在应从 %s 发出。那里：%s", o.Flow, o.Now, o.Why)
	}
	if goes == asked {
		return say.T("%s is remembered as a flow that no rule translates, and none is asked about it again: they would send it to %s now. There: %s",
			"%s 已被记为不转换的流，不再查规则；按规则现在应发往 %s。那里：%s", o.Flow, o.Now, o.Why)
	}
	if o.Now == "" {
		return say.T("%s is remembered as a flow to %s, and no rule is asked about it again, though none would translate %[3]s now. There: %[4]s",
			"%s 已被记为发往 %s 的流，不再查规则，而现在已没有规则转换 %[3]s。那里：%[4]s", o.Flow, goes, asked, o.Why)
	}
	return say.T("%s is remembered as a flow to %s, and no rule is asked about it again: they would send it to %s now. There: %s",
		"%s 已被记为发往 %s 的流，不再查规则；按规则现在应发往 %s。那里：%s", o.Flow, goes, o.Now, o.Why)
}

// Evidence is the entry.
func (o Outdated) Evidence() []say.Text { return cause.Lines(o.Entry.String()) }

// Fix has the kernel forget it.
func (o Outdated) Fix() []change.Change {
	flow := o.Entry.Original
	return []change.Change{change.ConntrackDel{
		Netns: o.Netns(), Proto: flow.Name(), Src: flow.Src.Addr(), SrcPort: int(flow.Src.Port()), Dst: flow.Dst.Addr(),
	}}
}
