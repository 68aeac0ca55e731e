package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode"
)

// writeJSON writes v for programs, and for the terminals it ends up on: what a
// terminal does not print as a letter is escaped, as JSON may (RFC 8259, 7).
func writeJSON(w io.Writer, v any) error {
	var plain bytes.Buffer
	enc := json.NewEncoder(&plain)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return err
	}
	var b bytes.Buffer
	for _, c := range plain.String() {
		switch {
		case c == '\n', unicode.IsPrint(c):
			b.WriteRune(c)
		case c < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, c)
		default: // a pair of surrogates
			fmt.Fprintf(&b, `\u%04x\u%04x`, 0xd800+(c-0x10000)>>10, 0xdc00+(c-0x10000)&0x3ff)
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}
