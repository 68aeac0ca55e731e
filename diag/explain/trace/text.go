package trace

import (
	"strings"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
	"nstutor/internal/say"
)

// Text is a sentence in every language of the program.
type Text = say.Text

// quote is a line of the kernel's tables, or an error of its, as a sentence.
func quote(line any) Text { return say.Quote(line) }

// routed is a route as the kernel prints it, whom a router has named in its place, and the policy
// rule that has its table asked, where that is none of the kernel's own.
func routed(route machine.RouteAnswer) Text {
	text := quote(route.Line)
	if route.Redirect {
		text = wRedirected.Of(text, route.Via)
	}
	if route.By.Action == "" || route.By.L3mdev {
		return text
	}
	return wByRule.Of(text, ruleOf(route.By))
}

// ruleOf is a policy rule in one line without the tab of `ip rule`.
func ruleOf(r table.PolicyRule) string { return strings.Replace(r.Line(), "\t", " ", 1) }

// title is what a sentence calls the namespace.
func title(n *machine.Space) Text { return machine.Called(n.Title()) }

// at is the namespace as the place of a fault.
func at(n *machine.Space) cause.At { return cause.At(n.Name) }
