package progress_test

import (
	"path/filepath"
	"testing"
	"time"

	"nstutor/internal/progress"
)

func TestTheWayWithTheLeastHelpIsRemembered(t *testing.T) {
	when := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	enter := progress.Way{Shown: true, Seconds: 1, When: when}
	copied := progress.Way{Hand: true, Shown: true, Seconds: 2, When: when}
	found := progress.Way{Hand: true, Seconds: 3, When: when}
	again := progress.Way{Hand: true, Seconds: 4, When: when}
	path := filepath.Join(t.TempDir(), "progress.json")
	for _, c := range []struct {
		id   string
		ways []progress.Way
		want progress.Way
	}{
		{"1.1", []progress.Way{enter}, enter},
		{"1.2", []progress.Way{enter, copied}, copied},
		{"1.3", []progress.Way{copied, enter}, copied},
		{"1.4", []progress.Way{enter, found, copied}, found},
		{"1.5", []progress.Way{found, again}, found},
	} {
		p := progress.Load(path)
		for _, way := range c.ways {
			p.MarkDone(c.id, way)
		}
		for _, p := range []*progress.Progress{p, progress.Load(path)} {
			if got := p.Known(c.id); got.How == nil || *got.How != c.want {
				t.Errorf("%s: %+v, want %+v", c.id, got.How, c.want)
			}
		}
	}
}
