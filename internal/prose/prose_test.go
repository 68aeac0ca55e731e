package prose_test

import (
	"slices"
	"testing"

	"nstutor/internal/prose"
)

func TestATextIsCutAtItsHeadings(t *testing.T) {
	text := prose.Cut("# A title\n\nfirst\n\n## Look\n\n    # no title\n# nor this\n\n## Hints\n\n1. one. more\n2.  two \nno point\n")
	if text.Title != "A title" || text.Section("") != "first" || text.Section("Look") != "# no title\n# nor this" || text.Section("After") != "" {
		t.Errorf("%q", text)
	}
	if points := text.Numbered("Hints"); !slices.Equal(points, []string{"one. more", "two"}) {
		t.Errorf("%q", points)
	}
}
