package say

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"golang.org/x/sys/unix"
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

// TestNoSpaceStandsBetweenChineseCharacters: a name in Latin has one at each side,
// and what a name is, is seen only when it is said.
func TestNoSpaceStandsBetweenChineseCharacters(t *testing.T) {
	form := F("the setting of %s, in %s", "%s 的设置，在 %s 中")
	for _, c := range []struct{ first, second, want string }{
		{"eth0", "ns1", "eth0 的设置，在 ns1 中"},
		{"本命名空间", "ns1", "本命名空间的设置，在 ns1 中"},
		{"eth0", "本命名空间", "eth0 的设置，在本命名空间中"},
	} {
		if got := form.In("zh", c.first, c.second); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
	if got := F("%s", "甲 乙").In("zh"); got != "甲 乙" {
		t.Errorf("a word of its own is changed: %q", got)
	}
}

func TestAnErrorIsToldInBothLanguages(t *testing.T) {
	gone := Err("no such network namespace", "没有这个网络命名空间")
	err := At("ns1", Err("%q: %v", "%q：%v", "web", Join(gone, nil)))
	for lang, want := range map[string]string{"en": `ns1: "web": no such network namespace`, "zh": `ns1："web"：没有这个网络命名空间`} {
		if got := Quote(err).In(lang); got != want {
			t.Errorf("%s: %q, want %q", lang, got, want)
		}
	}
	if err.Error() != Quote(err).In("en") || !errors.Is(err, gone) || errors.Is(gone, err) {
		t.Errorf("%v does not have %v in it", err, gone)
	}
	if got := Quote(Join(gone, unix.EPERM)).In("zh"); got != "没有这个网络命名空间\noperation not permitted" {
		t.Errorf("two errors are %q", got)
	}
	if Join(nil, nil) != nil || Join(nil, gone) != gone {
		t.Error("nothing joined with nothing is something, or one error is not itself")
	}
	late := At("web", context.DeadlineExceeded)
	if got := Quote(late).In("zh"); got != "web：超时" || !errors.Is(late, context.DeadlineExceeded) {
		t.Errorf("what Go's library says is %q", got)
	}
}

func TestATextComesThroughToAnotherProcess(t *testing.T) {
	for _, text := range []Text{T("step %s", "步骤 %s", "2.7"), Quote("50% of it"), {}} {
		got := Unpack(Pack(text))
		for _, lang := range Langs {
			if got.In(lang) != text.In(lang) || got.IsZero() != text.IsZero() {
				t.Errorf("%s: %q has become %q", lang, text.In(lang), got.In(lang))
			}
		}
	}
	if got := Unpack("from an older program").In("zh"); got != "from an older program" {
		t.Errorf("what is no packed text has become %q", got)
	}
}

func TestAListIsWrittenAsItsLanguageWritesOne(t *testing.T) {
	text := T("the file has %s", "文件里有 %s", List("ns1", "ns2"))
	for lang, want := range map[string]string{"en": "the file has ns1, ns2", "zh": "文件里有 ns1、ns2"} {
		if got := text.In(lang); got != want {
			t.Errorf("%s: %q, want %q", lang, got, want)
		}
	}
}
