package verify

import (
	"fmt"
	"strings"

	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/report"
	"nstutor/internal/replica"
	"nstutor/internal/say"
)

// ofOmission says what of a kind is not in the copy.
var ofOmission = map[replica.What]say.Form{
	replica.Hardware:  say.F("hardware: in the place of %s there is a wire, and nobody at its other end", "硬件：%s 的位置上是一根线，另一端没有人"),
	replica.FarSide:   say.F("the far side of %s", "%s 的对端"),
	replica.BPF:       say.F("BPF programs and filters on %s", "%s 上的 BPF 程序和过滤器"),
	replica.Traffic:   say.F("the queueing discipline of %s", "%s 的排队规则"),
	replica.IPv6:      say.F("what is IPv6%s", "IPv6 的部分%s"),
	replica.Legacy:    say.F("tables of iptables-legacy: %s", "iptables-legacy 的表：%s"),
	replica.IPsec:     say.F("IPsec associations and their keys%s", "IPsec 安全关联及其密钥%s"),
	replica.Sets:      say.F("of ipsets: %s", "ipset 集合：%s"),
	replica.Device:    say.F("of devices: %s", "设备：%s"),
	replica.Address:   say.F("addresses%s", "地址%s"),
	replica.Route:     say.F("routes%s", "路由%s"),
	replica.Rule:      say.F("policy rules%s", "策略路由规则%s"),
	replica.Neighbour: say.F("neighbours%s", "邻居表项%s"),
	replica.Value:     say.F("settings: %s", "内核参数：%s"),
	replica.Virtual:   say.F("virtual services of ip_vs: %s", "ip_vs 的虚拟服务：%s"),
	replica.Groups:    say.F("who has joined which multicast group, as %s knows it: what is for a group goes to everybody", "%s 所知的多播组成员：发给多播组的包会发给所有端口"),
	replica.Users:     say.F("rules for a user whom the copy does not have, since the machine's root alone may give it one: %s", "针对副本里没有的用户的规则（只有本机的 root 能让副本有这个用户）：%s"),
	replica.Filtering: say.F("of the packet filter: %s", "包过滤器：%s"),
}

// mostNames bounds the names in one line: a node has a hundred devices.
const mostNames = 5

func omissionWords(what replica.What, names []string) say.Text {
	more := ""
	if len(names) > mostNames {
		more = fmt.Sprintf(", … (%d)", len(names))
		names = names[:mostNames]
	}
	list := strings.TrimSpace(strings.Join(names, ", ")) + more
	form := ofOmission[what]
	switch what {
	case replica.IPv6, replica.IPsec, replica.Address, replica.Route, replica.Rule, replica.Neighbour:
		if list != "" {
			list = " " + list
		}
	}
	return say.Both(form.In("en", list), form.In("zh", list))
}

var (
	wHeading   = say.F("Trial in a copy", "副本试验")
	wPassed    = say.F("Verified in a copy of %s: before, the same fault and silence; after the fix, request and reply arrive; %s; %s.", "已在 %s 的副本里验证：修复前是同样的故障、没有应答；修复后请求和应答都到达；%s；%s。")
	wNot       = say.F("Not verified in a copy of %s: %s.", "没有在 %s 的副本里验证成功：%s。")
	wNothing   = say.F("Nothing was tried: there is no command to try.", "什么都没有试：没有可试的命令。")
	wUntried   = say.F("Not tried: %s.", "没有试：%s。")
	wMinimal   = map[bool]say.Form{false: say.F("none of the %d commands can be left out", "%d 条命令一条也不能少"), true: say.F("without the command it stays broken", "没有这条命令就修不好")}
	wUnchanged = say.F("%d other flows unchanged", "另外 %d 条流不变")
	wOne       = say.F("%d other flow unchanged", "另外 %d 条流不变")
	wChanged   = say.F("%d of %d other flows changed", "另外 %[2]d 条流中有 %[1]d 条改变")
	wFlow      = map[Change]say.Form{
		Opened:   say.F("the fix also opens %s → %s", "修复也会放通 %s → %s"),
		Closed:   say.F("the fix also closes %s → %s", "修复也会阻断 %s → %s"),
		Rerouted: say.F("the fix also reroutes %s → %s", "修复也会改变 %s → %s 的路径"),
	}
	wStranger = map[Change]say.Form{
		Opened: say.F("the fix also opens %s, a stranger beyond %s of %s → %s", "修复也会放通 %s（%s 之外的陌生主机，网卡在 %s）→ %s"),
		Closed: say.F("the fix also closes %s, a stranger beyond %s of %s → %s", "修复也会阻断 %s（%s 之外的陌生主机，网卡在 %s）→ %s"),
	}
	wDropped   = say.F("left out of the fix, since the copy does not need it: %s", "副本不需要这条命令，修复里已去掉：%s")
	wDrawn     = say.F("the rules draw one of %d by lot: after the fix it was sent %d times, and answered each time", "规则从 %d 个里抽签：修复之后发了 %d 次，每次都有应答")
	wInstead   = say.F("in the place of what was found first: %s", "代替最先找到的修复：%s")
	wNotCopied = say.F("not copied: %s", "没有复制：%s")
	wComma     = say.F(", ", "、")
	wSemicolon = say.F("; ", "；")
)

// said is how many of the other flows the fix changes.
func (o Others) said() say.Text {
	switch {
	case o.Changed > 0:
		return wChanged.Of(o.Changed, o.Checked)
	case o.Checked == 1:
		return wOne.Of(o.Checked)
	}
	return wUnchanged.Of(o.Checked)
}

// Lines are what came of the trial, for people; of none at all, that there was none.
func (v *Verified) Lines(lang string) []report.Line {
	lines := []report.Line{{Kind: report.Blank}, {Kind: report.Heading, Text: wHeading.In(lang)}}
	if v == nil {
		return append(lines, report.Line{Kind: report.Trial, Predicted: hop.Unknown, Text: wNothing.In(lang)})
	}
	outcome := func(sign hop.Disposition, text string) {
		lines = append(lines, report.Line{Kind: report.Trial, Predicted: sign, Text: say.Clean(text)})
	}
	add := func(text string) { outcome("", text) }
	names := make([]string, len(v.Copied))
	for i, name := range v.Copied {
		names[i] = machine.Called(name).In(lang)
	}
	if len(names) == 0 {
		outcome(hop.Unknown, wUntried.In(lang, *v.Differs))
		return lines
	}
	copied := strings.Join(names, wComma.In(lang))
	if !v.Passed {
		why := say.Text{}
		if v.Differs != nil {
			why = *v.Differs
		}
		outcome(hop.Fail, wNot.In(lang, copied, why))
	} else {
		minimal := wMinimal[len(v.Fix) == 1].In(lang)
		if len(v.Fix) != 1 {
			minimal = wMinimal[false].In(lang, len(v.Fix))
		}
		outcome(hop.OK, wPassed.In(lang, copied, minimal, v.Others.said().In(lang)))
	}
	for _, command := range v.Dropped {
		add(wDropped.In(lang, command))
	}
	if v.Drawn != nil {
		add(wDrawn.In(lang, v.Drawn.From, v.Drawn.Sent))
	}
	if len(v.Instead) > 0 {
		add(wInstead.In(lang, quotedLines(v.Instead)))
	}
	for _, f := range v.Others.Flows {
		if f.Stranger != "" {
			add(wStranger[f.Change].In(lang, f.Stranger, f.Dev, machine.Called(f.From), f.To))
			continue
		}
		add(wFlow[f.Change].In(lang, machine.Called(f.From), f.To))
	}
	not := make([]string, len(v.NotCopied))
	for i, t := range v.NotCopied {
		not[i] = t.In(lang)
	}
	add(wNotCopied.In(lang, strings.Join(not, wSemicolon.In(lang))))
	return lines
}
