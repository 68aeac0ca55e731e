package played_test

import (
	"testing"

	"nstutor/diag/verify"
	"nstutor/internal/lab/labtest"
)

// TestMain lets the test binary be the inside of the lab that a fix is tried in.
func TestMain(m *testing.M) {
	labtest.Main(m, labtest.Inside{Argument: verify.Argument, Serve: verify.Serve})
}
