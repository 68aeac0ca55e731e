package session

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// What plays the course can be shown by anything: neither it nor any package of
// this program that it uses draws.
func TestTheSessionKnowsNoScreen(t *testing.T) {
	seen := map[string]bool{}
	var look func(pkg string)
	look = func(pkg string) {
		dir, ours := strings.CutPrefix(pkg, "nstutor/")
		if seen[pkg] {
			return
		}
		seen[pkg] = true
		for _, drawing := range []string{"nstutor/ui", "github.com/charmbracelet/bubble", "github.com/charmbracelet/lipgloss"} {
			if strings.HasPrefix(pkg, drawing) {
				t.Errorf("it depends on %s", pkg)
			}
		}
		if !ours {
			return
		}
		files, err := filepath.Glob(filepath.Join("../..", dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range file.Imports {
				look(strings.Trim(i.Path.Value, `"`))
			}
		}
	}
	look("nstutor/internal/session")
	if !seen["nstutor/diag/explain"] || !seen["github.com/charmbracelet/x/ansi"] {
		t.Errorf("only %d packages were looked at", len(seen))
	}
}
