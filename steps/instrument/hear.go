package instrument

import (
	"context"
	"strings"

	"nstutor/diag/conntrack"
	"nstutor/diag/netfilter/nftrace"
	"nstutor/internal/lab"
	"nstutor/internal/say"
	"nstutor/steps"
	"nstutor/steps/ruled"
)

// Traced claims that a marked packet met a rule, as `nft monitor trace` tells; or, with
// None, that it met no such rule. What is empty is not looked at.
type Traced struct {
	Netns   string
	Chain   string // "ip svc prerouting"
	Rule    ruled.Which
	Verdict string // what the kernel says of the packet there: "accept"
	None    bool
}

// Traces names the namespace that is listened to.
func (c Traced) Traces() string { return c.Netns }

// Promised implements steps.Claim.
func (c Traced) Promised(*lab.Lab) say.Text {
	words := []string{strings.TrimSpace(c.Chain + " rule"), c.Rule.String()}
	if c.Verdict != "" {
		words = append(words, "(verdict "+c.Verdict+")")
	}
	return promised(c.Netns, "nft monitor trace", words, c.None)
}

// Look implements steps.Claim.
func (c Traced) Look(_ context.Context, _ *lab.Lab, e *steps.Evidence) (say.Text, bool, error) {
	if e == nil {
		return say.Text{}, false, steps.ErrNeedsEvidence
	}
	return looked(e.Traces[c.Netns], c.is, func(e nftrace.Event) string {
		lines := e.Lines()
		return lines[len(lines)-1]
	}, c.None)
}

func (c Traced) is(e nftrace.Event) bool {
	return e.Rule != nil && c.Rule.Has(e.Rule) &&
		(c.Chain == "" || c.Chain == e.Family+" "+e.Table+" "+e.Chain) &&
		(c.Verdict == "" || c.Verdict == e.Verdict)
}

// Announced claims that connection tracking told of something, as `conntrack -E` prints it;
// or, with None, that it did not. What is empty is not looked at.
type Announced struct {
	Netns    string
	Kind     string // "NEW" or "UPDATE"
	Proto    string // "tcp"
	State    string // of TCP: "SYN_SENT"
	Src, Dst string // the addresses of the connection's first packet
	Answers  string // the address that its answers come from, or would
	Assured  bool
	None     bool
}

// Tracks names the namespace that is listened to.
func (c Announced) Tracks() string { return c.Netns }

// Promised implements steps.Claim.
func (c Announced) Promised(*lab.Lab) say.Text {
	words := []string{"[" + c.Kind + "] " + c.Proto, c.State}
	for _, addr := range []struct{ word, addr string }{{"src=", c.Src}, {"dst=", c.Dst}, {"src=", c.Answers}} {
		if addr.addr != "" {
			words = append(words, addr.word+addr.addr)
		}
	}
	if c.Assured {
		words = append(words, "[ASSURED]")
	}
	return promised(c.Netns, "conntrack -E", words, c.None)
}

// Look implements steps.Claim.
func (c Announced) Look(_ context.Context, _ *lab.Lab, e *steps.Evidence) (say.Text, bool, error) {
	if e == nil {
		return say.Text{}, false, steps.ErrNeedsEvidence
	}
	return looked(e.Tracked[c.Netns], c.is, conntrack.Event.Line, c.None)
}

func (c Announced) is(e conntrack.Event) bool {
	for _, pair := range [][2]string{
		{c.Kind, e.Kind}, {c.Proto, e.Original.Name()}, {c.State, e.State}, {c.Src, e.Original.Src.Addr().String()},
		{c.Dst, e.Original.Dst.Addr().String()}, {c.Answers, e.Reply.Src.Addr().String()},
	} {
		if pair[0] != "" && pair[0] != pair[1] {
			return false
		}
	}
	return !c.Assured || e.Assured
}

// promised are the words of what a monitor prints, or does not.
func promised(netns, monitor string, words []string, none bool) say.Text {
	line := strings.Join(strings.Fields(strings.Join(words, " ")), " ")
	if none {
		return say.T("%s %s: no line with %s", "%s %s：没有带 %s 的行", netns, monitor, line)
	}
	return say.T("%s %s: %s", "%s %s：%s", netns, monitor, line)
}

// looked says whether one of the events is the one that is asked for, and shows it, or the
// last one.
func looked[E any](events []E, is func(E) bool, line func(E) string, none bool) (say.Text, bool, error) {
	for _, e := range events {
		if is(e) {
			return say.Quote(line(e)), !none, nil
		}
	}
	if none || len(events) == 0 {
		return say.T("nothing of the kind", "没有这样的行"), none, nil
	}
	return say.Quote(line(events[len(events)-1])), false, nil
}
