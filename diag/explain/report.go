package explain

import (
	"cmp"
	"slices"
	"strings"

	"nstutor/diag/explain/cause"
	sentence "nstutor/internal/say"
)

// ReportKind is what a line of a report is.
type ReportKind int

// The kinds of lines.
const (
	ReportBlank    ReportKind = iota
	ReportVerdict             // the one sentence that answers the question
	ReportHeading             // of a section, or of a leg, which it then names
	ReportHop                 // one or several stages of the packet's way in one namespace
	ReportBehind              // what lies behind the fault, and is not reached
	ReportEvidence            // a line of the kernel's tables
	ReportFix                 // a command, ready to paste: not to be broken
	ReportNext                // what is still broken after the fix
	ReportProbe               // what became of the echo that was sent
	ReportUnseen              // what the answer does not rest on
)

// ReportLine is one line of a report, without marks, colour, indentation or
// wrapping: who shows it draws these.
type ReportLine struct {
	Kind ReportKind
	// Predicted and Observed are OK, Fail or Unknown, of ReportHop and
	// ReportBehind. Only what is on a wire can be observed.
	Predicted, Observed string
	Netns               string // of ReportHop, as a person calls it: the current one is "here"
	Device, Leg         string // of ReportHop; ReportHeading and ReportBehind have Leg alone
	Text                string
}

// Report is the answer as a colleague would tell it, line by line: the verdict,
// the way there and back, what proves the fault, what mends it, and what else
// there is to know.
func (a Answer) Report(lang string) []ReportLine {
	r := report{answer: a, lang: lang}
	r.add(ReportLine{Kind: ReportVerdict, Text: r.verdict()})
	r.way()
	r.section(rEvidence, ReportEvidence, a.Cause.Evidence)
	fix := make([]string, len(a.Fix))
	for i, f := range a.Fix {
		fix[i] = f.Paste()
	}
	r.section(rFix, ReportFix, fix)
	next := make([]string, len(a.Next))
	for i, f := range a.Next {
		next[i] = r.say(rFault, f.Detail.In(lang), f.Code, r.in(f.Netns))
	}
	afterwards := rNext
	if len(fix) == 0 {
		afterwards = rNextUnfixed
	}
	r.section(afterwards, ReportNext, next)
	if a.Probe != nil {
		r.section(rProbe, ReportProbe, strings.Split(a.Probe.Message, "\n"))
	}
	unseen := make([]string, len(a.Unseen))
	for i, text := range a.Unseen {
		unseen[i] = text.In(lang)
	}
	r.section(rUnseen, ReportUnseen, unseen)
	return r.lines
}

// report is one while it is written.
type report struct {
	answer  Answer
	lang    string
	lines   []ReportLine
	stopped *Hop   // where the fault is
	routed  string // the device of the route that the last line tells
}

// add adds a line. Whatever names it has in it came from outside: here is where
// they are made fit for a terminal.
func (r *report) add(line ReportLine) {
	line.Netns, line.Device, line.Text = sentence.Clean(line.Netns), sentence.Clean(line.Device), sentence.Clean(line.Text)
	r.lines = append(r.lines, line)
}

// heading begins a section or, with a leg, one half of the way.
func (r *report) heading(leg string, w reportWord) {
	r.add(ReportLine{Kind: ReportBlank})
	r.add(ReportLine{Kind: ReportHeading, Leg: leg, Text: r.say(w)})
}

// section is nothing at all when it has no lines.
func (r *report) section(heading reportWord, kind ReportKind, lines []string) {
	if len(lines) == 0 {
		return
	}
	r.heading("", heading)
	for _, text := range lines {
		r.add(ReportLine{Kind: kind, Text: text})
	}
}

// netns is what a person calls a namespace.
func (r *report) netns(name string) string { return cmp.Or(name, r.say(rHere)) }

// in is where something is.
func (r *report) in(netns string) string {
	if netns == "" {
		return r.say(rInHere)
	}
	return r.say(rIn, netns)
}

// verdict is the answer in one sentence.
func (r *report) verdict() string {
	a := r.answer
	source := cmp.Or(a.Source, a.From, r.say(rThisNetns))
	detail, place := a.Cause.Detail.In(r.lang), r.in(a.Cause.Netns)
	switch {
	case a.Cause.Code == cause.ModelDisagrees && a.Verdict == Delivered:
		return r.say(rAnsweredAfterAll, source, a.Destination, detail)
	case a.Cause.Code == cause.ModelDisagrees:
		return r.say(rBrokenAfterAll, source, a.Destination, detail)
	case a.Verdict == Delivered && a.Probe == nil:
		return r.say(rWouldBeAnswered, source, a.Destination)
	case a.Verdict == Delivered:
		return r.say(rAnswered, source, a.Destination)
	case a.Verdict == Undecided:
		return r.say(rCannotTell, source, a.Destination, detail, place)
	case a.Cause.Code == cause.NotKnown:
		return r.say(rBrokenUnknown, source, a.Destination, detail, place)
	}
	return r.say(rBroken, source, a.Destination, r.say(rFault, detail, a.Cause.Code, place))
}

// way draws both legs. All is told of a namespace where all is well in one
// line; the stage that fails has a line of its own, and what lies behind it is
// summed up, from where nothing was seen any more.
func (r *report) way() {
	hops, leg, open := r.answer.Hops, "", false
	reached := len(hops)
	if fault := slices.IndexFunc(hops, func(h Hop) bool { return h.Predicted == Fail }); fault >= 0 {
		r.stopped = &hops[fault]
		for r.answer.Verdict != Delivered && reached > fault+1 && hops[reached-1].Observed != OK {
			reached--
		}
	}
	for i := range hops[:reached] {
		h := &hops[i]
		if h.Leg != leg {
			leg, open = h.Leg, false
			r.heading(leg, map[string]reportWord{LegRequest: rRequest, LegReply: rReply}[leg])
		}
		open = r.hop(h, open)
	}
	r.behind(hops[reached:])
}

// hop adds a stage, to the line before it if that is open for it; it returns
// whether the next stage may be added in turn.
func (r *report) hop(h *Hop, open bool) bool {
	text, netns := r.stage(*h), r.netns(h.Netns)
	if at := r.answer.Cause.Netns; h == r.stopped && at != h.Netns {
		text = r.say(rFaultElsewhere, r.in(at), text)
	}
	last := &r.lines[len(r.lines)-1]
	mixed := h.Observed != Unknown && last.Observed != Unknown && h.Observed != last.Observed
	if h.Stage == StageRoute {
		defer func() { r.routed = h.Device }()
	}
	if !open || h == r.stopped || h.Predicted != last.Predicted || last.Netns != sentence.Clean(netns) || mixed {
		r.routed = ""
		r.add(ReportLine{ReportHop, h.Predicted, h.Observed, netns, h.Device, h.Leg, text})
		return h != r.stopped && h.Predicted != Unknown
	}
	if h.Observed != Unknown {
		last.Observed = h.Observed
	}
	last.Device = cmp.Or(sentence.Clean(h.Device), last.Device)
	switch {
	case text == "", h.Device == r.routed && text == r.say(rOutBy, h.Device):
		// The route has said it.
	case last.Text == "":
		last.Text = sentence.Clean(text)
	default:
		last.Text = r.say(rAnd, last.Text, sentence.Clean(text))
	}
	return true
}

// stage is what there is to say of a stage. Of a frame with the addresses that
// the verdict names, it is the device.
func (r *report) stage(h Hop) string {
	detail := h.Detail.In(r.lang)
	if h.seenAs == nil {
		return detail
	}
	ends := []string{h.seenAs.src.String(), h.seenAs.dst.String()}
	if h.Leg == LegReply {
		slices.Reverse(ends)
	}
	if ends[0] != r.answer.Source || ends[1] != r.answer.Destination {
		return detail
	}
	switch packet := h.seenAs.src.String() + " > " + h.seenAs.dst.String(); h.Detail.String() {
	case packet + " into " + h.Device:
		return r.say(rInBy, h.Device)
	case packet + " out of " + h.Device:
		return r.say(rOutBy, h.Device)
	}
	return detail // there is more to it
}

// behind sums up the stages that are not reached, and that were not observed
// either.
func (r *report) behind(hops []Hop) {
	if len(hops) == 0 {
		return
	}
	line := ReportLine{Kind: ReportBehind, Predicted: Fail, Observed: Unknown, Leg: hops[0].Leg}
	var names []string
	for _, h := range hops {
		if h.Observed == Fail {
			line.Observed = Fail
		}
		if name := r.netns(h.Netns); h.Leg == line.Leg && !slices.Contains(names, name) && h.Netns != r.stopped.Netns {
			names = append(names, name)
		}
	}
	noReply := r.stopped.Leg == LegRequest
	list := strings.Join(names, r.say(rComma))
	switch {
	case len(names) == 0 && noReply:
		line.Text = r.say(rNoReply)
	case len(names) == 0:
		line.Text = r.say(rNoFurther)
	case noReply:
		line.Text = r.say(rNotReachedNoReply, list)
	default:
		line.Text = r.say(rNotReached, list)
	}
	r.add(line)
}
