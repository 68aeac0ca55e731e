package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"nstutor/diag/explain/cause"
)

func TestAllCausesAreListedInBothLanguages(t *testing.T) {
	for _, lang := range []string{"en", "zh"} {
		var text strings.Builder
		if err := listCauses(&text, "text", lang, 0); err != nil {
			t.Fatal(err)
		}
		for _, c := range cause.All() {
			if !strings.Contains(text.String(), string(c.Code)+" ") || !strings.Contains(text.String(), c.Words.In(lang)) {
				t.Errorf("%s: %s is not in\n%s", lang, c.Code, text.String())
			}
		}
	}
	var narrow strings.Builder
	if err := listCauses(&narrow, "text", "zh", 60); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(narrow.String()) {
		if ansi.StringWidth(strings.TrimSpace(line)) > 60 {
			t.Errorf("wider than the terminal: %s", line)
		}
	}
	var out strings.Builder
	if err := listCauses(&out, "json", "en", 0); err != nil {
		t.Fatal(err)
	}
	var rows []struct{ Code, Words string }
	if err := json.Unmarshal([]byte(out.String()), &rows); err != nil || len(rows) != len(cause.All()) {
		t.Errorf("%d rows, %v", len(rows), err)
	}
}
