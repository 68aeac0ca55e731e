package trace

import (
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/internal/say"
)

// Text is a sentence in every language of the program.
type Text = say.Text

// quote is a line of the kernel's tables, or an error of its, as a sentence.
func quote(line any) Text { return say.Quote(line) }

// title is what a sentence calls the namespace.
func title(n *machine.Space) Text { return machine.Called(n.Title()) }

// at is the namespace as the place of a fault.
func at(n *machine.Space) cause.At { return cause.At(n.Name) }
