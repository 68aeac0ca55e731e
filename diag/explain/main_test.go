package explain_test

import (
	"os"
	"testing"

	"nstutor/diag/verify"
	"nstutor/internal/cli"
	"nstutor/internal/lab/labtest"
)

// TestMain lets a fix that is a command of nstutor be run by a test: the test is
// the program then.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "apply" {
		os.Exit(cli.Main(os.Args[1:]))
	}
	labtest.MainAsRoot(m, labtest.Inside{Argument: verify.Argument, Serve: verify.Serve})
}
