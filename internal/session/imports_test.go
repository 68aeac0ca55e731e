package session

import (
	"os/exec"
	"strings"
	"testing"
)

// What plays the course can be shown by anything: it depends on nothing that
// draws.
func TestTheSessionKnowsNoScreen(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for dep := range strings.FieldsSeq(string(out)) {
		for _, drawing := range []string{"nstutor/ui", "github.com/charmbracelet/bubble", "github.com/charmbracelet/lipgloss"} {
			if strings.HasPrefix(dep, drawing) {
				t.Errorf("the session depends on %s", dep)
			}
		}
	}
}
