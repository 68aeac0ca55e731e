package verify

import (
	"strings"
	"testing"

	"nstutor/diag/explain/hop"
	"nstutor/diag/explain/report"
	"nstutor/internal/say"
)

// A trial has one sign, at the line that says what came of it: what it also opens, and
// what is not in the copy, is in no doubt.
func TestATrialSaysOnceWhatCameOfIt(t *testing.T) {
	differs := say.T("the reply is lost", "应答丢了")
	for name, c := range map[string]struct {
		of   *Verified
		sign hop.Disposition
		say  string
	}{
		"passed":          {&Verified{Passed: true, Copied: []string{"ns1"}, Others: Others{Checked: 1}}, hop.OK, "1 other flow unchanged."},
		"others change":   {&Verified{Passed: true, Copied: []string{"ns1"}, Others: Others{Checked: 9, Changed: 1, Flows: []Changed{{From: "ns1", To: "10.0.0.1", Change: Opened}}}}, hop.OK, "1 of 9 other flows changed."},
		"failed":          {&Verified{Copied: []string{"ns1"}, Differs: &differs}, hop.Fail, "Not verified"},
		"not tried":       {&Verified{Differs: &differs}, hop.Unknown, "Not tried"},
		"nothing to do":   {nil, hop.Unknown, "no command to try"},
		"several changes": {&Verified{Passed: true, Copied: []string{"ns1"}, Others: Others{Checked: 9}}, hop.OK, "9 other flows unchanged."},
	} {
		for _, lang := range []string{"en", "zh"} {
			var signs []report.Line
			for _, line := range c.of.Lines(lang) {
				if line.Predicted != "" {
					signs = append(signs, line)
				}
			}
			if len(signs) != 1 || signs[0].Predicted != c.sign || lang == "en" && !strings.Contains(signs[0].Text, c.say) {
				t.Errorf("%s: %s: %+v", name, lang, signs)
			}
		}
	}
}
