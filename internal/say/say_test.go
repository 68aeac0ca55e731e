package say

import (
	"encoding/json"
	"testing"
)

func TestASentenceInBothLanguages(t *testing.T) {
	inner := T("nothing", "无")
	text := T("%s is on %s", "%[2]s 上有%[1]s", inner, "eth0")
	for lang, want := range map[string]string{"en": "nothing is on eth0", "zh": "eth0 上有无"} {
		if got := text.In(lang); got != want {
			t.Errorf("%s: %q, want %q", lang, got, want)
		}
	}
	if raw, err := json.Marshal(text); err != nil || string(raw) != `"nothing is on eth0"` {
		t.Errorf("JSON %s, %v", raw, err)
	}
}

func TestAFormSaysItOfSomething(t *testing.T) {
	form := F("%s is on %s", "%[2]s 上有%[1]s")
	for lang, want := range map[string]string{"en": "nothing is on eth0", "zh": "eth0 上有无"} {
		if got := form.In(lang, T("nothing", "无"), "eth0"); got != want {
			t.Errorf("%s: %q, want %q", lang, got, want)
		}
	}
	both := T("look: %s", "看：%s", Both("50% of it", "其中 50%"))
	if en, zh := both.In("en"), both.In("zh"); en != "look: 50% of it" || zh != "看：其中 50%" {
		t.Errorf("%q, %q", en, zh)
	}
}
