package pane

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"nstutor/diag/probe"
	"nstutor/internal/lab"
	"nstutor/internal/session"
	"nstutor/steps"
	"nstutor/ui/screen"
	"nstutor/ui/words"
)

// pingWords is the newest thing ping would have printed.
func (v *base) pingWords() string {
	l := &v.Network.Log
	t := v.Theme
	switch {
	case v.Network.Gone(l.Netns):
		return t.Bad.Render(v.cannotOpen(l.Netns))
	case !l.Settled:
		return t.Warn.Render(t.G.Wait + " " + v.Say(words.NoAnswerYet, waitingFor(l.Tried)))
	case l.Last.Outcome == probe.Replied:
		return t.Good.Render(t.G.Ok + " " + l.Last.Message)
	case l.Last.Outcome == probe.Silent && !l.IsPing():
		return t.Bad.Render(t.G.Silent + " " + l.Last.Message)
	case l.Last.Outcome == probe.Silent:
		return t.Bad.Render(t.G.Silent + " " + v.Say(words.NoAnswer, l.Last.Seq))
	}
	return t.Bad.Render(t.G.Bad + " " + l.Last.Message)
}

// pingWordsIn is pingWords in w cells. What a program says of who answered, or of why
// nobody did, stands at the end of its words: where they are too long, they are cut
// before that.
func (v *base) pingWordsIn(w int) string {
	l, all := &v.Network.Log, v.pingWords()
	if l.IsPing() || !l.Settled || screen.Width(all) <= w {
		return all
	}
	style := v.Theme.Bad
	if l.Last.Outcome == probe.Replied {
		style = v.Theme.Good
	}
	return style.Render(screen.FitEnds(ansi.Strip(all), w, v.Theme.G.Ellipsis))
}

// waitingFor is what the program says before anything came: ping's first line
// begins so, the others have none.
func waitingFor(t steps.Tried) string {
	if t.IsPing() {
		return "PING " + t.Target()
	}
	return t.Command()
}

// pingStrip is the last echoes, one sign each, in w cells.
func (v *base) pingStrip(w int) string {
	var cells []string
	for _, e := range v.Network.Log.Echoes {
		cells = append(cells, v.echoSign(e))
	}
	if w = max(w, 0); len(cells) > w { // a long name leaves no room
		cells = cells[len(cells)-w:]
	}
	return strings.Join(cells, "")
}

func (v *base) echoSign(e session.Echo) string {
	t := v.Theme
	switch {
	case e.Cut:
		return t.Faint.Render(t.G.Bar)
	case e.Pending:
		return t.Faint.Render(t.G.Pending)
	case e.Outcome == probe.Replied:
		return t.Good.Render(t.G.Ok)
	case e.Outcome == probe.Silent:
		return t.Bad.Render(t.G.Silent)
	}
	return t.Bad.Render(t.G.Bad)
}

// pingLines are the two lines at the end of the live pane: ping's words, and
// how the last echoes went.
func (v *base) pingLines(w int) []string {
	l := &v.Network.Log
	if l.To == "" {
		return nil
	}
	label := screen.Fit(l.Label(), gutter, "")
	count := v.Say(words.Sent, l.Sent, l.Replied)
	head := fmt.Sprintf("%s > %s  %s  ", l.Netns, l.Target(), count)
	return []string{
		v.Theme.Faint.Render(label) + v.pingWordsIn(w-gutter),
		strings.Repeat(" ", gutter) + v.Theme.Faint.Render(head) + v.pingStrip(w-gutter-screen.Width(head)-1),
	}
}

// cannotOpen is what ip says of a namespace that is not there.
func (v *base) cannotOpen(name string) string {
	return v.Theme.G.Bad + " " + lab.NotThere(name)
}
