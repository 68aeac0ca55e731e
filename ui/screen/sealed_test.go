package screen

import (
	"strings"
	"testing"
)

// TestASealedLineIsItsLettersAndColours: whatever is written, the line that goes
// to the terminal is as wide as it was meant to be.
func TestASealedLineIsItsLettersAndColours(t *testing.T) {
	for line, want := range map[string]string{
		"\x1b[1mbold\x1b[0m plain": "\x1b[1mbold\x1b[0m plain",
		"a\x1b[2Jbcdefgh":          `a\x1b[2J`,
		"ab\u202ecdefgh":           `ab\u202e`,
	} {
		if got := Sealed(line); got != want && !strings.HasPrefix(got, want) {
			t.Errorf("sealed(%q) = %q", line, got)
		}
	}
}
