package ui

// area is one of the areas that can have the focus.
type area int

// The panes, in the order of the tab key.
const (
	areaLesson area = iota
	areaLive
	areaWire
	areaTopology
	areaCount
)

// The smallest terminal that the course fits on, and the width from which the
// lesson and the tables stand side by side.
const (
	minWidth, minHeight = 80, 24
	wideWidth           = 120
	// tallBody is the number of lines that hold three panes in one column.
	tallBody = 32
)

// rect is a part of the screen, in cells. A pane that is not shown has none.
type rect struct{ x, y, w, h int }

func (r rect) shown() bool { return r.w > 0 && r.h > 0 }

// plan says where everything stands on the screen.
type plan struct {
	width, height  int
	tooSmall       bool
	wide           bool
	header, footer rect
	panes          [areaCount]rect
	shared         []area // those that take turns in one place
	typing         rect   // the command line, while it is open
}

// layout divides the screen. It depends on nothing but its arguments. The
// partner is the pane that belongs on the screen while the lesson has the focus.
func layout(width, height int, focus, partner area) plan {
	p := plan{width: width, height: height}
	if width < minWidth || height < minHeight {
		p.tooSmall = true
		return p
	}
	p.header = rect{0, 0, width, 1}
	p.footer = rect{0, height - 1, width, 1}
	body := rect{0, 1, width, height - 2}
	if width >= wideWidth {
		p.wide = true
		p.sideBySide(body, focus, partner)
	} else {
		p.stacked(body, focus, partner)
	}
	return p
}

// stacked has room for two panes; the one with the focus is the larger, and
// the lower one is the one of the three that has it, or else the partner.
//
//	┌──────────────────────────┐
//	│ header                   │
//	│ lesson                   │
//	│                          │
//	│ live | wire | topology   │
//	│                          │
//	│ footer                   │
//	└──────────────────────────┘
func (p *plan) stacked(body rect, focus, partner area) {
	p.shared = []area{areaLive, areaWire, areaTopology}
	lower := focus
	upper := body.h * 9 / 22
	if focus == areaLesson {
		lower = partner
		upper = body.h * 13 / 22
	}
	p.panes[areaLesson], p.panes[lower] = splitRows(body, upper)
}

// sideBySide gives the left to the lesson. On a low screen the wire and the
// topology share one place.
//
//	┌───────────────────────────────────┐
//	│ header                            │
//	│ lesson        │ live              │
//	│               │                   │
//	│               │ topology          │
//	│               │                   │
//	│               │ wire              │
//	│ footer                            │
//	└───────────────────────────────────┘
func (p *plan) sideBySide(body rect, focus, partner area) {
	left := min(max(body.w*2/5, 48), 92)
	p.panes[areaLesson] = rect{body.x, body.y, left, body.h}
	right := rect{body.x + left + 1, body.y, body.w - left - 1, body.h}
	if right.h < tallBody {
		p.shared = []area{areaWire, areaTopology}
		lower := areaWire
		if focus == areaTopology || focus != areaWire && partner == areaTopology {
			lower = areaTopology
		}
		p.panes[areaLive], p.panes[lower] = splitRows(right, right.h*6/11)
		return
	}
	var rest rect
	p.panes[areaLive], rest = splitRows(right, right.h*5/11)
	p.panes[areaTopology], p.panes[areaWire] = splitRows(rest, max(10, rest.h*4/9))
}

// makeRoom gives the command line the lower half, or the lower part of the right
// column. The lesson, and where there is room for them the tables, stay.
func (p *plan) makeRoom() {
	if p.tooSmall {
		return
	}
	lesson := p.panes[areaLesson]
	p.panes, p.shared = [areaCount]rect{}, nil
	if p.wide {
		p.panes[areaLesson] = lesson
		right := rect{lesson.x + lesson.w + 1, lesson.y, p.width - lesson.w - 1, lesson.h}
		p.panes[areaLive], p.typing = splitRows(right, right.h*5/11)
		return
	}
	body := rect{0, 1, p.width, p.height - 2}
	p.panes[areaLesson], p.typing = splitRows(body, body.h/2)
}

// splitRows cuts the first n lines off.
func splitRows(r rect, n int) (top, rest rect) {
	return rect{r.x, r.y, r.w, n}, rect{r.x, r.y + n, r.w, r.h - n}
}
