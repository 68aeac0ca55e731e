package progress_test

import (
	"testing"

	"nstutor/internal/lab"
)

// The tests run inside a lab for its power to mount.
func TestMain(m *testing.M) { lab.TestMain(m) }
