package screen

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

func TestWrapKeepsWithinTheWidth(t *testing.T) {
	for _, text := range []string{
		"The pod has no route to `192.168.6.160`, so the kernel says `Network is unreachable` before anything is sent.",
		"命名空间 `ns1` 的路由表是空的，所以内核在发送之前就回答 `Network is unreachable`。看一看邻居表：网关的条目是 FAILED，没有人回答 ARP 请求。",
		"- a list item that is long enough to need a second line, with `code in it that is long`\n- another",
		strings.Repeat("x", 200),
	} {
		for w := 8; w < 100; w++ {
			for _, line := range markdown(text, w) {
				if Width(line) > w {
					t.Fatalf("width %d: line of %d cells: %q", w, Width(line), line)
				}
			}
		}
	}
}

func TestFitIsExact(t *testing.T) {
	for _, text := range []string{"", "a", "网络命名空间", "a网b络c", "\x1b[31m红色的字\x1b[0m and more"} {
		for w := range 20 {
			if got := Width(Fit(text, w, "…")); got != w {
				t.Errorf("fit(%q, %d) is %d cells", text, w, got)
			}
		}
	}
}

func TestMarkdownPutsNoSpaceIntoChinese(t *testing.T) {
	text := "命名空间\n是空的。\n\nA `para`\nin **English**.\n\n- one\n- two\n  more\n\n1. first\n2. second\n\nend\n\n```\ncode\n```"
	got := ansi.Strip(strings.Join(markdown(text, 80), "\n"))
	want := "命名空间是空的。\n\nA para in English.\n\n- one\n- two more\n\n1. first\n2. second\n\nend\n\n  code"
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
