package screen

import (
	"regexp"
	"strings"

	"nstutor/internal/say"
)

// colours are the only sequences that a line of the screen has by right.
var colours = regexp.MustCompile(`\x1b\[[0-9;:]*m`)

// Sealed is a line that does nothing to the terminal but colour it. Names are
// cleaned where they are put into words; this is for the one that was forgotten.
func Sealed(line string) string {
	bare := colours.ReplaceAllLiteralString(line, "")
	if say.Clean(bare) == bare {
		return line
	}
	var b strings.Builder
	for len(line) > 0 {
		at := colours.FindStringIndex(line)
		if at == nil {
			at = []int{len(line), len(line)}
		}
		b.WriteString(say.Clean(line[:at[0]]))
		b.WriteString(line[at[0]:at[1]])
		line = line[at[1]:]
	}
	return Fit(b.String(), Width(bare), "")
}
