package explain

import (
	"cmp"

	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/words"
	sentence "nstutor/internal/say"
)

// Text is a sentence in every language of the program.
type Text = sentence.Text

// say makes a sentence; its Chinese form is in the catalogue. An argument may be
// a Text itself.
func say(format string, args ...any) Text {
	return sentence.T(format, cmp.Or(words.Chinese[format], format), args...)
}

// quote is a line of the kernel's tables, or an error of its, as a sentence.
func quote(line any) Text { return sentence.Quote(line) }

// title is what a sentence calls the namespace.
func title(n *machine.Space) Text {
	if n.Name == "" {
		return say("this namespace")
	}
	return quote(n.Title())
}
