package say

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean is text as a terminal may have it: names and comments come from
// strangers, who can put into them what moves the cursor, reorders the line, or
// forges another line. Whatever is not printed as a letter of its own (control
// characters, marks of direction, bytes that are no UTF-8) is spelled as in a
// string of Go: \x1b, \n, \u202e. A tab, which tables have, is a space.
func Clean(text string) string {
	if clean(text) {
		return text
	}
	var b strings.Builder
	for len(text) > 0 {
		c, size := utf8.DecodeRuneInString(text)
		switch {
		case c == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, text[0])
		case c == '\t':
			b.WriteByte(' ')
		case c == '\n':
			b.WriteString(`\n`)
		case printed(c):
			b.WriteRune(c)
		case c < 0x80:
			fmt.Fprintf(&b, `\x%02x`, c)
		case c < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, c)
		default:
			fmt.Fprintf(&b, `\U%08x`, c)
		}
		text = text[size:]
	}
	return b.String()
}

// CleanLines is Clean for text of several lines, which stay.
func CleanLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = Clean(line)
	}
	return strings.Join(lines, "\n")
}

// clean reports whether a text is as it may be already: nearly all are.
func clean(text string) bool {
	for i := 0; i < len(text); i++ {
		if text[i] < ' ' || text[i] > '~' {
			return utf8.ValidString(text) && strings.IndexFunc(text, func(c rune) bool { return !printed(c) }) < 0
		}
	}
	return true
}

// printed reports whether a terminal shows c and does nothing else. Marks that
// are drawn on the letter before them are letters of many scripts, and stay.
func printed(c rune) bool { return unicode.IsPrint(c) }
