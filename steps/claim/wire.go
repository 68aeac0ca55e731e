package claim

import (
	"context"
	"fmt"
	"strings"

	"nstutor/diag/wire"
	"nstutor/internal/lab"
	"nstutor/internal/say"
	"nstutor/steps"
)

// Broadcast stands for the address that every station takes.
const Broadcast = "ff:ff:ff:ff:ff:ff"

// FrameSeen claims that a frame passed a device while the ping ran, or that
// none did. Fields that are empty are not looked at.
type FrameSeen struct {
	Netns, Dev     string
	Proto, Op      string    // as wire.Frame has them
	Src, Dst       string    // IP addresses
	SrcMAC, DstMAC string    // literally; or
	SrcDev, DstDev steps.Dev // the device whose MAC it is
	None           bool
}

func (c FrameSeen) Observes() (wire, counters string) { return c.Netns, "" }

func (c FrameSeen) Promised(l *lab.Lab) say.Text {
	words := []string{strings.TrimSpace(c.Proto + " " + c.Op)}
	if c.Src != "" || c.Dst != "" {
		words = append(words, fmt.Sprintf("%s > %s", orAny(c.Src), orAny(c.Dst)))
	}
	if src, dst := macWord(l, c.SrcMAC, c.SrcDev), macWord(l, c.DstMAC, c.DstDev); src != "" || dst != "" {
		words = append(words, fmt.Sprintf("%s > %s", orAny(src), orAny(dst)))
	}
	frame := strings.Join(words, ", ")
	if c.None {
		return say.T("%s %s wire: no %s", "%s %s 抓包：没有 %s", c.Netns, c.Dev, frame)
	}
	return say.T("%s %s wire: %s", "%s %s 抓包：%s", c.Netns, c.Dev, frame)
}

func orAny(s string) string {
	if s == "" {
		return "*"
	}
	return s
}

func macWord(l *lab.Lab, mac string, d steps.Dev) string {
	if mac == "" && d != (steps.Dev{}) {
		return MACText(l, d)
	}
	return mac
}

func (c FrameSeen) Look(_ context.Context, l *lab.Lab, e *steps.Evidence) (say.Text, bool, error) {
	if e == nil {
		return say.Text{}, false, steps.ErrNeedsEvidence
	}
	if err := say.Join(resolve(l, c.SrcDev, &c.SrcMAC), resolve(l, c.DstDev, &c.DstMAC)); err != nil {
		return say.Text{}, false, err
	}
	last := say.T("nothing", "什么也没有")
	for _, f := range e.Frames {
		if f.Netns != c.Netns || f.Dev != c.Dev {
			continue
		}
		if c.matches(f) {
			return say.Quote(fmt.Sprintf("%s > %s, %s", f.SrcMAC, f.DstMAC, f)), !c.None, nil
		}
		last = say.Quote(f)
	}
	if c.None {
		return say.T("none", "没有"), true, nil
	}
	return last, false, nil
}

// resolve writes the MAC address of a device, if one is named. One that is not
// there is an error: no address at all would match every frame.
func resolve(l *lab.Lab, d steps.Dev, mac *string) error {
	if d == (steps.Dev{}) {
		return nil
	}
	_, link, err := d.Find(l)
	if err == nil {
		*mac = link.Attrs().HardwareAddr.String()
	}
	return err
}

func (c FrameSeen) matches(f wire.Frame) bool {
	same := func(want, got string) bool { return want == "" || want == got }
	return same(c.Proto, f.Proto) && same(c.Op, f.Op) &&
		same(c.Src, f.Src.String()) && same(c.Dst, f.Dst.String()) &&
		same(c.SrcMAC, f.SrcMAC.String()) && same(c.DstMAC, f.DstMAC.String())
}

// Counted claims that a counter of the namespace (nstat's name) gained at
// least Min while the ping ran; a Min of 0 claims that it stood still.
type Counted struct {
	Netns, Counter string
	Min            int64
}

func (c Counted) Observes() (wire, counters string) { return "", c.Netns }

func (c Counted) Promised(*lab.Lab) say.Text {
	return About(c.Netns, "nstat", say.Quote(fmt.Sprintf("%s +%d", c.Counter, c.Min)))
}

func (c Counted) Look(_ context.Context, _ *lab.Lab, e *steps.Evidence) (say.Text, bool, error) {
	if e == nil {
		return say.Text{}, false, steps.ErrNeedsEvidence
	}
	gained := e.Counts[c.Netns][c.Counter]
	seen := say.Quote(fmt.Sprintf("%s +%d", c.Counter, gained))
	if c.Min == 0 {
		return seen, gained == 0, nil
	}
	return seen, gained >= c.Min, nil
}
