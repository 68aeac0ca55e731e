// Package early keeps this program from asking the terminal anything before it
// knows what it is to do.
//
// Bubble Tea asks for the background colour in an init function, and a terminal
// that does not answer (a serial console, the kernel's own, vt220) is waited for
// for five seconds, even by --version. A dumb terminal is not asked. Packages are
// initialized in the order of their import paths (Go specification, "Program
// initialization"), and this one is a module of its own for its path alone: it
// comes before github.com/charmbracelet/bubbletea.
package early

import "os"

var term, had = os.LookupEnv("TERM")

func init() { os.Setenv("TERM", "dumb") }

// Restore gives the terminal its name back. It comes first in the program.
func Restore() {
	if had {
		os.Setenv("TERM", term)
	} else {
		os.Unsetenv("TERM")
	}
}
