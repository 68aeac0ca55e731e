package ui

import (
	"strings"
)

// complete is the tab key: it goes on with the word under the cursor as far as
// there is only one way to, and shows the ways where there are several.
func (m *Model) complete(offered []string) {
	input := &m.console.input
	value := []rune(input.Value())
	at := min(input.Position(), len(value))
	before, after := string(value[:at]), string(value[at:])
	partial := before[strings.LastIndexAny(before, " \t|;&(")+1:]
	words := m.Lexicon().GoesOn(before[:len(before)-len(partial)], partial)
	switch len(words) {
	case 0:
		return
	case 1:
		word := words[0]
		if !strings.HasSuffix(word, "=") && !strings.HasPrefix(after, " ") {
			word += " "
		}
		m.insert(before[:len(before)-len(partial)]+word, after)
		return
	}
	common := words[0]
	for _, word := range words {
		for !strings.HasPrefix(word, common) {
			common = common[:len(common)-1]
		}
	}
	if common != partial {
		m.insert(before[:len(before)-len(partial)]+common, after)
	}
	if common == partial || offered != nil {
		m.console.offers = words
	}
}

// insert replaces the line; the cursor stands between the two parts.
func (m *Model) insert(before, after string) {
	m.console.input.SetValue(before + after)
	m.console.input.SetCursor(len([]rune(before)))
}
