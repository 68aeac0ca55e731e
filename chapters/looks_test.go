package chapters_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"nstutor/chapters"
	"nstutor/diag/explain/cause"
	"nstutor/internal/lab/labtest"
	"nstutor/internal/lab/standin"
)

// canRun says whether a bare machine can run a command in the lab: nothing has to be
// installed of what has a stand-in there. Other programs are no part of this.
func canRun(argv []string) error {
	if command, ok := standin.Exec(argv); ok {
		argv = command[1:] // without the namespace
	}
	if len(argv) == 0 || !slices.Contains(standin.Programs, argv[0]) {
		return nil
	}
	_, err := standin.Read(argv)
	return err
}

// What texts quote, what a variation puts into them, and the lines of these that look.
var (
	quoted  = regexp.MustCompile("`([^`\n]+)`")
	filled  = regexp.MustCompile(`\{\{[^}]*\}\}`)
	looking = regexp.MustCompile(`^(ip netns exec \S+ )?(` +
		`ip( -[a-z0-9]+( [a-z0-9.-]+)??)* (a|l|n|r|addr|link|neigh|route|rule)( (show|list|get)( .*)?)?|ip netns( list| pids .*)?|` +
		`bridge( -d)? (link|fdb)( show.*)?|nft (list|monitor) .*|iptables-save.*|iptables .*-v?n?[LS].*|conntrack -[LE].*|sysctl (-a|[a-z.0-9_-]+)( -r .*)?)$`)
)

// TestEveryLookWorksOnABareMachine walks the tables of causes and of what steps and
// exercises want, and the commands in all texts that only look.
func TestEveryLookWorksOnABareMachine(t *testing.T) {
	for _, c := range cause.All() {
		if err := canRun(c.Table); err != nil {
			t.Errorf("the cause %s: %v", c.Code, err)
		}
	}
	l := labtest.New(t)
	for step := range chapters.All().Steps() {
		for _, c := range step.Action.Conditions(t.Context(), l) {
			if err := canRun(c.Table.Argv); err != nil {
				t.Errorf("the step %s: %v", step.ID, err)
			}
		}
	}
	files, err := filepath.Glob("text/*/*.md")
	if err != nil {
		t.Fatal(err)
	}
	more, err := filepath.Glob("exercises/text/*/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, more...) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range quoted.FindAllStringSubmatch(string(text), -1) {
			line, _, _ := strings.Cut(match[1], "|") // grep and the like come behind
			line = filled.ReplaceAllString(line, "10.9.9.9")
			if !looking.MatchString(line) || strings.Contains(line, "…") || strings.HasSuffix(line, " get") {
				continue
			}
			if err := canRun(strings.Fields(line)); err != nil {
				t.Errorf("%s: %q", file, match[1])
			}
		}
	}
}
