package screen

import "testing"

// FuzzMarkdown: whatever a text has in it, drawing it ends, at every width.
func FuzzMarkdown(f *testing.F) {
	for _, text := range []string{
		"A line of **bold** and `code`.", "- a\n- b\n  - c\n", "1. one\n2. two\n", "> quoted\n> > twice\n",
		"```sh\nip link\n```\n", "# 网卡\n\n网卡网卡", "[a](b)![c](d)<e>", "\x1b[1m\u009b1m`\x1b`", "- - - - - - x", "\xff`\x00*",
	} {
		f.Add(text, 20)
	}
	f.Fuzz(func(t *testing.T, text string, w int) {
		if w < 1 || w > 200 || len(text) > 4096 {
			return
		}
		markdown(text, w)
	})
}
