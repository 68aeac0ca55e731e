package wrap

import (
	"slices"
	"strings"
	"testing"
)

func TestWrapDoesNotBeginALineWithAFullStop(t *testing.T) {
	text := "网关的条目是失败，没有人回答。邻居表是空的，路由表也是空的。命名空间里只有一个回环设备，它还没有启用。"
	for w := 8; w < 60; w++ {
		for _, line := range Text(text, w) {
			if strings.HasPrefix(line, "，") || strings.HasPrefix(line, "。") {
				t.Fatalf("width %d: %q", w, line)
			}
		}
	}
}

func TestWrapLosesNothing(t *testing.T) {
	text := "ip netns exec ns1 ip route add default via 172.20.1.1 dev ns1-eth0 以后，默认路由经过网关。"
	for w := 8; w < 90; w++ {
		got := strings.ReplaceAll(strings.Join(Text(text, w), ""), " ", "")
		if want := strings.ReplaceAll(text, " ", ""); got != want {
			t.Fatalf("width %d:\n got %s\nwant %s", w, got, want)
		}
	}
}

func TestWrapEndsStylesAtTheEndOfALine(t *testing.T) {
	lines := Text("\x1b[36mone two three four five six\x1b[0m seven", 12)
	if len(lines) < 3 {
		t.Fatalf("not wrapped: %q", lines)
	}
	for _, line := range lines[:2] {
		if !strings.HasPrefix(line, "\x1b[36m") || !strings.HasSuffix(line, "\x1b[0m") {
			t.Errorf("style crosses a line: %q", line)
		}
	}
}

func TestARuleSaysHowALineIsBroken(t *testing.T) {
	for _, c := range []struct {
		name, text string
		rule       Rule
		want       []string
	}{
		{"short", "all is well", Rule{Width: 20}, []string{"all is well"}},
		{"nothing", "", Rule{Width: 20}, []string{""}},
		{"the lines that go on hang", "one two three four", Rule{Width: 9, Hang: 2}, []string{"one two", "  three", "  four"}},
		{"exactly full", "four five", Rule{Width: 9}, []string{"four five"}},
		{"addresses, prefixes and options stay whole", "10.0.0.0/24 proto-x --icmp-type", Rule{Width: 14}, []string{"10.0.0.0/24", "proto-x", "--icmp-type"}},
		{"a word longer than a line", "x 4a:07:e1 y", Rule{Width: 6}, []string{"x", "4a:07:", "e1 y"}},
		{"such a word, kept whole", "x 4a:07:e1 y", Rule{Width: 6, Whole: true}, []string{"x", "4a:07:e1", "y"}},
		{"and behind it the line hangs again", "4a:07:e1:a7 yy 4a:07:e1:a7", Rule{Width: 8, Hang: 2, Whole: true}, []string{"4a:07:e1:a7", "  yy", "  4a:07:e1:a7"}},
		{"Chinese breaks anywhere", "没有到达目的地", Rule{Width: 8, Hang: 2}, []string{"没有到达", "  目的地"}},
		{"but no line begins with a full stop", "没有到达。目的地", Rule{Width: 8}, []string{"没有到", "达。目的", "地"}},
		{"Chinese around an address", "到不了10.0.0.1：没有路由", Rule{Width: 12}, []string{"到不了", "10.0.0.1：没", "有路由"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.rule.Line(c.text); !slices.Equal(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}
