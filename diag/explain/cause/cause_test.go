package cause_test

import (
	"strings"
	"testing"

	"nstutor/diag/explain/cause"
)

// TestEveryCauseIsWhole walks the set.
func TestEveryCauseIsWhole(t *testing.T) {
	causes := cause.All()
	if len(causes) < 28 {
		t.Errorf("only %d causes are registered", len(causes))
	}
	seen := map[cause.Code]bool{}
	for _, c := range causes {
		if seen[c.Code] {
			t.Errorf("there are two causes %s", c.Code)
		}
		seen[c.Code] = true
		en, zh := c.Words.In("en"), c.Words.In("zh")
		if en == "" || zh == "" || en == zh {
			t.Errorf("%s: words %q and %q", c.Code, en, zh)
		}
		if strings.ContainsAny(en, ".。") || strings.HasSuffix(zh, "。") || strings.Contains(en+zh, "%") {
			t.Errorf("%s: half a sentence is wanted: %q, %q", c.Code, en, zh)
		}
		if (len(c.Table) == 0) != (c.Code == cause.None) {
			t.Errorf("%s: the table is %q", c.Code, c.Table)
		}
		if c.Code == "" || strings.ToLower(string(c.Code)) != string(c.Code) || cause.Of(c.Code).Code != c.Code {
			t.Errorf("the code %q", c.Code)
		}
	}
	if cause.Of("no such cause").Code != cause.NotKnown {
		t.Error("a code that is none is a cause")
	}
}
