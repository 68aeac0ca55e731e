package cli

import (
	"fmt"
	"io"
	"strings"

	"nstutor/diag/explain/cause"
	"nstutor/internal/wrap"
)

// listCauses prints the closed set of causes: what a program that reads the JSON of
// explain has to expect, and where a person looks. Lines are as wide as a terminal; of a
// width of 0 each cause has one, as a program that reads them wants it.
func listCauses(w io.Writer, output, lang string, width int) error {
	type row struct {
		Code  cause.Code `json:"code"`
		Words string     `json:"words"`
		Table string     `json:"table,omitempty"`
	}
	var rows []row
	wide := 0
	for _, c := range cause.All() {
		rows = append(rows, row{c.Code, c.Words.In(lang), strings.Join(c.Table, " ")})
		wide = max(wide, len(c.Code))
	}
	if output == "json" {
		return writeJSON(w, rows)
	}
	for _, r := range rows {
		lead, text := fmt.Sprintf("%-*s  ", wide, r.Code), r.Words
		if r.Table != "" {
			text += " (" + r.Table + ")"
		}
		lines := []string{lead + text}
		if width > 0 {
			lines = wrap.Behind(lead, text, width)
		}
		if _, err := fmt.Fprintln(w, strings.Join(lines, "\n")); err != nil {
			return err
		}
	}
	return nil
}
