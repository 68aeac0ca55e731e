package machine

import (
	"testing"

	"nstutor/diag/table"
)

// TestPermanentNeighboursTakeNoRoom: the kernel counts them among the entries, but
// not towards the limit.
func TestPermanentNeighboursTakeNoRoom(t *testing.T) {
	for _, c := range []struct {
		entries, uncounted int
		want               bool
	}{{1023, 0, false}, {1024, 0, true}, {1024, 1, false}, {2048, 1024, true}, {2048, 1025, false}} {
		if got := full(table.NeighbourUse{Entries: c.entries, Max: 1024}, c.uncounted); got != c.want {
			t.Errorf("%+v: full is %v", c, got)
		}
	}
}
