package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"nstutor/diag/explain/cause"
)

func TestAllCausesAreListedInBothLanguages(t *testing.T) {
	for _, lang := range []string{"en", "zh"} {
		var text strings.Builder
		if err := listCauses(&text, "text", lang); err != nil {
			t.Fatal(err)
		}
		for _, c := range cause.All() {
			if !strings.Contains(text.String(), string(c.Code)+" ") || !strings.Contains(text.String(), c.Words.In(lang)) {
				t.Errorf("%s: %s is not in\n%s", lang, c.Code, text.String())
			}
		}
	}
	var out strings.Builder
	if err := listCauses(&out, "json", "en"); err != nil {
		t.Fatal(err)
	}
	var rows []struct{ Code, Words string }
	if err := json.Unmarshal([]byte(out.String()), &rows); err != nil || len(rows) != len(cause.All()) {
		t.Errorf("%d rows, %v", len(rows), err)
	}
}
