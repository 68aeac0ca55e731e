package verify

import (
	"testing"

	"nstutor/internal/lab/labtest"
)

// TestMain lets the test binary be the inside of the lab that a fix is tried in.
func TestMain(m *testing.M) { labtest.Main(m, labtest.Inside{Argument: Argument, Serve: Serve}) }
