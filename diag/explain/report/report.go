package report

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"nstutor/diag/explain"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/against"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/hop"
	"nstutor/diag/probe"
	"nstutor/internal/say"
)

// Kind is what a line of a report is.
type Kind int

// The kinds of lines.
const (
	Blank    Kind = iota
	Verdict       // the one sentence that answers the question
	Heading       // of a section, or of a leg, which it then names
	Hop           // one or several stages of the packet's way in one namespace
	Behind        // what lies behind the fault, and is not reached
	Evidence      // a line of the kernel's tables
	Fix           // a command, ready to paste: not to be broken
	Next          // what is still broken after the fix
	Probe         // what became of what was sent
	Service       // who takes the request, and under which address
	Unseen        // what the answer does not rest on
	Trial         // what came of trying the fix; Predicted is its sign, where it has one
)

// Line is one line of a report, without marks, colour, indentation or
// wrapping: who shows it draws these.
type Line struct {
	Kind Kind
	// Predicted and Observed are those of the stages, of Hop and Behind; Predicted is also the sign of Trial. Only what is on a wire can be observed.
	Predicted, Observed hop.Disposition
	Netns               string    // of Hop, as a person calls it: the current one is "here"
	Device              string    // of Hop
	Leg                 flows.Leg // of Hop, Heading and Behind
	Text                string
}

// Of is the answer as a colleague would tell it, line by line: the verdict,
// the way there and back, what proves the fault, what mends it, and what else
// there is to know.
func Of(a explain.Answer, lang string) []Line { return Titles(nil).Of(a, lang) }

// Titles are what a person calls namespaces that have another name for commands.
type Titles map[string]string

// Of is the answer with these titles in the place of the names.
func (t Titles) Of(a explain.Answer, lang string) []Line {
	r := telling{answer: a, lang: lang, titles: t}
	r.add(Line{Kind: Verdict, Text: r.verdict()})
	r.way()
	r.section(rService, Service, r.service())
	r.section(rEvidence, Evidence, r.texts(a.Cause.Evidence))
	fix := make([]string, len(a.Fix))
	for i, f := range a.Fix {
		fix[i] = f.Paste()
	}
	r.section(rFix, Fix, fix)
	r.section(rNextMended, Next, r.faults(a.Next, explain.Fault.Mended))
	r.section(rNext, Next, r.faults(a.Next, func(f explain.Fault) bool { return !f.Mended() }))
	r.section(rNotices, Next, r.faults(a.Notices, func(explain.Fault) bool { return true }))
	said, forget := r.lingering()
	r.section(rLingering, Next, said)
	r.section(rForget, Fix, forget)
	slow, sooner := r.waited()
	r.section(rName, Next, append(r.addresses(), slow...))
	r.section(rSooner, Fix, sooner)
	if a.Probe != nil && a.Probe.Recorded {
		r.section(rRecorded, Probe, []string{a.Probe.Message})
	} else if a.Probe != nil {
		r.section(ofProtocol[a.Flow.Proto].probe, Probe, strings.Split(a.Probe.Message, "\n"))
	}
	r.section(rUnseen, Unseen, r.texts(a.Unseen))
	return r.lines
}

// texts are sentences in the report's language.
func (r *telling) texts(all []explain.Text) []string {
	said := make([]string, len(all))
	for i, text := range all {
		said[i] = text.In(r.lang)
	}
	return said
}

// lingering are the flows from other ports that go to somebody who is gone, and the
// commands that have the kernel forget them.
func (r *telling) lingering() (said, fix []string) {
	for _, l := range r.answer.Lingering {
		ports := strings.Trim(strings.ReplaceAll(fmt.Sprint(l.SrcPorts), " ", r.say(rComma)), "[]")
		said = append(said, r.say(rFromPort, ports, r.say(rFault, l.Cause.Detail.In(r.lang), l.Cause.Code, r.in(l.Cause.Netns))))
		for _, f := range l.Fix {
			fix = append(fix, f.Paste())
		}
	}
	return said, fix
}

// addresses are those of a name that has several.
func (r *telling) addresses() []string {
	var said []string
	for _, a := range r.answer.Addresses {
		switch {
		case a.Asked:
			said = append(said, r.say(rFirst, a.Address))
		case a.Verdict == explain.Delivered:
			said = append(said, r.say(rOtherWell, a.Address))
		case a.Verdict == explain.Broken:
			said = append(said, r.say(rOther, a.Address, r.say(rFault, a.Cause.Detail.In(r.lang), a.Cause.Code, r.in(a.Cause.Netns))))
		default:
			said = append(said, r.say(rOtherUnknown, a.Address, a.Cause.Detail.In(r.lang)))
		}
	}
	return said
}

// waited are what the look-up of the name had to wait for, and what mends that.
func (r *telling) waited() (said, fix []string) {
	w := r.answer.Waited
	if w == nil {
		return nil, nil
	}
	said = []string{r.say(rSilent, w.Name, strings.Join(w.Silent, r.say(rComma)), w.Seconds, w.Timeout, w.Attempts)}
	if w.Cause.Code != "" {
		said = append(said, w.Silent[0]+": "+r.say(rFault, w.Cause.Detail.In(r.lang), w.Cause.Code, r.in(w.Cause.Netns)))
	}
	for _, f := range w.Fix {
		fix = append(fix, f.Paste())
	}
	return said, fix
}

// faults are those of them that are meant.
func (r *telling) faults(all []explain.Fault, meant func(explain.Fault) bool) []string {
	var lines []string
	for _, f := range all {
		if meant(f) {
			lines = append(lines, r.say(rFault, f.Detail.In(r.lang), f.Code, r.in(f.Netns)))
		}
	}
	return lines
}

// telling is a report while it is written.
type telling struct {
	answer  explain.Answer
	lang    string
	titles  Titles
	lines   []Line
	stopped *hop.Hop // where the fault is
	routed  string   // the device of the route that the last line tells
}

// add adds a line. Whatever names it has in it came from outside: here is where
// they are made fit for a terminal.
func (r *telling) add(line Line) {
	line.Netns, line.Device, line.Text = say.Clean(line.Netns), say.Clean(line.Device), say.Clean(line.Text)
	r.lines = append(r.lines, line)
}

// heading begins a section or, with a leg, one half of the way.
func (r *telling) heading(leg flows.Leg, w say.Form) {
	r.add(Line{Kind: Blank})
	r.add(Line{Kind: Heading, Leg: leg, Text: r.say(w)})
}

// section is nothing at all when it has no lines.
func (r *telling) section(heading say.Form, kind Kind, lines []string) {
	if len(lines) == 0 {
		return
	}
	r.heading("", heading)
	for _, text := range lines {
		r.add(Line{Kind: kind, Text: text})
	}
}

// netns is what a person calls a namespace.
func (r *telling) netns(name string) string { return cmp.Or(r.title(name), r.say(rHere)) }

// title is a namespace's title, or its name where it has none.
func (r *telling) title(name string) string { return cmp.Or(r.titles[name], name) }

// in is where something is.
func (r *telling) in(netns string) string {
	if netns == "" {
		return r.say(rInHere)
	}
	return r.say(rIn, r.title(netns))
}

// verdict is the answer in one sentence.
func (r *telling) verdict() string {
	a := r.answer
	source := cmp.Or(a.Source, r.title(a.From), r.say(rThisNetns))
	target, words := a.Target(), ofProtocol[a.Flow.Proto]
	detail, place := a.Cause.Detail.In(r.lang), r.in(a.Cause.Netns)
	switch {
	case a.Name != "" && a.Verdict == explain.Broken:
		return r.say(rFault, detail, a.Cause.Code, place)
	case a.Cause.Code == against.ModelDisagrees && a.Verdict == explain.Delivered:
		return r.say(rAnsweredAfterAll, source, target, detail)
	case a.Cause.Code == against.ModelDisagrees:
		return r.say(rBrokenAfterAll, source, target, detail)
	case a.Verdict == explain.Delivered && a.Probe == nil:
		return r.say(words.wouldBeAnswered, source, target)
	case a.Verdict == explain.Delivered && a.Probe.Recorded:
		return r.say(rReached, source, target)
	case a.Verdict == explain.Delivered && a.Flow.Proto == "udp" && a.Probe.Received == 0:
		return r.say(rArrives, source, target)
	case a.Verdict == explain.Delivered:
		return r.say(words.answered, source, target)
	case a.Verdict == explain.Undecided:
		return r.say(rCannotTell, source, target, detail, place)
	case a.Probe != nil && a.Probe.Received > 0 && a.Probe.Received < a.Probe.Sent:
		return r.say(rSometimes, source, target, r.say(rFault, detail, a.Cause.Code, place))
	case a.Beyond != "" && a.Cause.Refused:
		return r.say(rBeyondRefuses, source, target, detail)
	case a.Beyond != "":
		return r.say(rBeyond, source, target, detail)
	case a.Cause.Code == cause.NotKnown && a.Cause.Told:
		return r.say(rBroken, source, target, r.say(rUncoded, detail, place))
	case a.Cause.Code == cause.NotKnown:
		return r.say(rBrokenUnknown, source, target, detail, place)
	}
	return r.say(rBroken, source, target, r.say(rFault, detail, a.Cause.Code, place))
}

// service is where the request is translated to, and who takes it there.
func (r *telling) service() (lines []string) {
	a := r.answer
	if a.Flow.Translated != "" && len(a.Backends) == 0 {
		lines = append(lines, r.say(rTranslated, a.Target(), a.Flow.Translated))
	}
	if a.Flow.SeenFrom != "" && a.Flow.DstPort != 0 && len(a.Backends) == 0 {
		lines = append(lines, r.say(rSeenFrom, a.Flow.SeenFrom, a.Source))
	}
	for _, b := range a.Backends {
		lines = append(lines, r.backend(b))
	}
	if a.HTTP != nil && a.HTTP.Status != 0 {
		lines = append(lines, fmt.Sprintf("HTTP %d %s", a.HTTP.Status, http.StatusText(a.HTTP.Status)))
	}
	if l := a.Listener; l != nil && len(a.Backends) == 0 {
		who := r.say(rSomebody)
		if l.PID != 0 {
			who = fmt.Sprintf("%s (pid %d)", l.Process, l.PID)
		}
		lines = append(lines, r.say(rListener, who, l.Address, r.netns(l.Netns)))
	}
	return lines
}

// backend is one of those that the rules choose from, and what becomes of a request
// that gets it.
func (r *telling) backend(b explain.Backend) string {
	who, share := b.Address, fmt.Sprintf("%.0f%%", 100*b.Share)
	if who == "" {
		who = r.say(rNobody)
	}
	switch b.Verdict {
	case explain.Delivered:
		return r.say(rBackendWell, who, share)
	case explain.Broken:
		return r.say(rBackend, who, share, r.say(rFault, b.Cause.Detail.In(r.lang), b.Cause.Code, r.in(b.Cause.Netns)))
	}
	return r.say(rBackendUnknown, who, share, b.Cause.Detail.In(r.lang))
}

// way draws both legs. All is told of a namespace where all is well in one
// line; the stage that fails has a line of its own, and what lies behind it is
// summed up, from where nothing was seen any more.
func (r *telling) way() {
	hops, leg, open := r.answer.Hops, flows.Leg(""), false
	reached := len(hops)
	if fault := slices.IndexFunc(hops, func(h hop.Hop) bool { return h.Predicted == hop.Fail }); fault >= 0 {
		r.stopped = &hops[fault]
		for r.answer.Verdict != explain.Delivered && reached > fault+1 && hops[reached-1].Observed != hop.OK {
			reached--
		}
	} else if r.answer.Beyond != "" && r.answer.Probe != nil {
		for reached > 0 && hops[reached-1].Leg == flows.LegReply && hops[reached-1].Observed != hop.OK {
			reached--
		}
	}
	for i := range hops[:reached] {
		h := &hops[i]
		if h.Leg != leg {
			leg, open = h.Leg, false
			r.heading(leg, map[flows.Leg]say.Form{flows.LegRequest: rRequest, flows.LegReply: rReply}[leg])
		}
		open = r.hop(h, open)
	}
	r.behind(hops[reached:])
}

// hop adds a stage, to the line before it if that is open for it; it returns
// whether the next stage may be added in turn.
func (r *telling) hop(h *hop.Hop, open bool) bool {
	text, netns := r.stage(*h), r.netns(h.Netns)
	if at := r.answer.Cause.Netns; h == r.stopped && at != h.Netns {
		text = r.say(rFaultElsewhere, r.in(at), text)
	}
	last := &r.lines[len(r.lines)-1]
	mixed := h.Observed != hop.Unknown && last.Observed != hop.Unknown && h.Observed != last.Observed
	if h.Stage == hop.StageRoute {
		defer func() { r.routed = h.Device }()
	}
	if !open || h == r.stopped || h.Predicted != last.Predicted || last.Netns != say.Clean(netns) || mixed {
		r.routed = ""
		r.add(Line{Hop, h.Predicted, h.Observed, netns, h.Device, h.Leg, text})
		return h != r.stopped && h.Predicted != hop.Unknown
	}
	if h.Observed != hop.Unknown {
		last.Observed = h.Observed
	}
	last.Device = cmp.Or(say.Clean(h.Device), last.Device)
	switch {
	case text == "", h.Device == r.routed && r.expected(*h) && h.Frame.Out:
		// The route has said it.
	case last.Text == "":
		last.Text = say.Clean(text)
	default:
		last.Text = r.say(rAnd, last.Text, say.Clean(text))
	}
	return true
}

// stage is what there is to say of a stage. Of a frame with the addresses that
// the verdict names, it is the device.
func (r *telling) stage(h hop.Hop) string {
	switch {
	case !r.expected(h):
		return h.Detail.In(r.lang)
	case h.Frame.Out:
		return r.say(rOutBy, h.Device)
	}
	return r.say(rInBy, h.Device)
}

// expected reports whether a stage is a frame with the addresses that the
// verdict names, and no more.
func (r *telling) expected(h hop.Hop) bool {
	if h.Frame == nil {
		return false
	}
	source, destination := h.Frame.Src.String(), h.Frame.Dst.String()
	if h.Leg == flows.LegReply {
		source, destination = destination, source
	}
	return source == r.answer.Source && destination == r.answer.Destination
}

// behind sums up the stages that are not reached, and that were not observed
// either.
func (r *telling) behind(hops []hop.Hop) {
	if len(hops) == 0 {
		return
	}
	if r.stopped == nil {
		r.heading(hops[0].Leg, rReply)
		back := rNothingBack
		switch {
		case r.answer.Cause.Refused:
			back = rRefusalBack
		case r.answer.Probe != nil && r.answer.Probe.Outcome == probe.OutcomeUnknown.String():
			back = rNothingSent
		}
		r.add(Line{Kind: Behind, Predicted: hop.Unknown, Observed: hops[0].Observed, Leg: hops[0].Leg, Text: r.say(back, r.answer.Beyond)})
		return
	}
	line := Line{Kind: Behind, Predicted: hop.Fail, Observed: hop.Unknown, Leg: hops[0].Leg}
	var names []string
	for _, h := range hops {
		if h.Observed == hop.Fail {
			line.Observed = hop.Fail
		}
		if name := r.netns(h.Netns); h.Leg == line.Leg && !slices.Contains(names, name) && h.Netns != r.stopped.Netns {
			names = append(names, name)
		}
	}
	noReply := r.stopped.Leg == flows.LegRequest
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
