package pane

import (
	"strings"
)

// Complete is the tab key: it goes on with the word under the cursor as far as
// there is only one way to, and shows the ways where there are several.
func (v *Console) Complete(offered []string) {
	input := &v.Input
	value := []rune(input.Value())
	at := min(input.Position(), len(value))
	before, after := string(value[:at]), string(value[at:])
	partial := before[strings.LastIndexAny(before, " \t|;&(")+1:]
	words := v.Lexicon().GoesOn(before[:len(before)-len(partial)], partial)
	switch len(words) {
	case 0:
		return
	case 1:
		word := words[0]
		if !strings.HasSuffix(word, "=") && !strings.HasPrefix(after, " ") {
			word += " "
		}
		v.insert(before[:len(before)-len(partial)]+word, after)
		return
	}
	common := words[0]
	for _, word := range words {
		for !strings.HasPrefix(word, common) {
			common = common[:len(common)-1]
		}
	}
	if common != partial {
		v.insert(before[:len(before)-len(partial)]+common, after)
	}
	if common == partial || offered != nil {
		v.Offers = words
	}
}

// insert replaces the line; the cursor stands between the two parts.
func (v *Console) insert(before, after string) {
	v.Input.SetValue(before + after)
	v.Input.SetCursor(len([]rune(before)))
}
