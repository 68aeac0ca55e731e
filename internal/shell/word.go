// Package shell writes words for a POSIX shell.
package shell

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Word makes text one word of a POSIX shell, which the shell takes for nothing
// but that text. What a terminal would not show as it is (control characters,
// marks that reorder a line, bytes that are no UTF-8) is spelled in ASCII, so
// that the word can be copied from the screen.
func Word(text string) string {
	switch {
	case text == "":
		return "''"
	case strings.IndexFunc(text, Special) < 0:
		return text
	case shown(text):
		return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
	}
	return printed(text)
}

// Special reports whether a shell could take c for more than a letter.
func Special(c rune) bool {
	return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("-_./:@%+,=", c)
}

// shown reports whether a terminal shows text as it is.
func shown(text string) bool {
	return utf8.ValidString(text) && strings.IndexFunc(text, func(c rune) bool { return !unicode.IsPrint(c) }) < 0
}

// printed has printf(1) make the word, byte by byte where that is needed: a dash
// in front would make it an option. A command substitution takes line feeds off
// its end: those stand behind it.
func printed(text string) string {
	body := strings.TrimRight(text, "\n")
	var word strings.Builder
	if body != "" {
		word.WriteString(`"$(printf '`)
		for i := 0; i < len(body); i++ {
			if c := body[i]; Special(rune(c)) || c == '%' || i == 0 && c == '-' {
				fmt.Fprintf(&word, `\%03o`, c)
			} else {
				word.WriteByte(c)
			}
		}
		word.WriteString(`')"`)
	}
	if ends := text[len(body):]; ends != "" {
		word.WriteString("'" + ends + "'")
	}
	return word.String()
}
