package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/spf13/cobra"
)

// Nothing of the help is broken by a terminal of 80 columns, in either language.
func TestTheHelpFitsATerminal(t *testing.T) {
	for _, lang := range []string{"en", "zh"} {
		a := &app{lang: lang}
		var walk func(cmd *cobra.Command)
		walk = func(cmd *cobra.Command) {
			var out bytes.Buffer
			cmd.SetOut(&out)
			if err := cmd.Help(); err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(out.String()) {
				if cells := ansi.StringWidth(strings.TrimRight(line, "\n")); cells > helpWidth {
					t.Errorf("%s: %s: %d cells: %s", lang, cmd.CommandPath(), cells, line)
				}
			}
			for _, inner := range cmd.Commands() {
				walk(inner)
			}
		}
		walk(a.root())
	}
}
