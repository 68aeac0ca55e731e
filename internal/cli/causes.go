package cli

import (
	"fmt"
	"io"
	"strings"

	"nstutor/diag/explain/cause"
)

// listCauses prints the closed set of causes: what a program that reads the JSON of
// explain has to expect, and where a person looks.
func listCauses(w io.Writer, output, lang string) error {
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
		line := fmt.Sprintf("%-*s  %s", wide, r.Code, r.Words)
		if r.Table != "" {
			line += " (" + r.Table + ")"
		}
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}
