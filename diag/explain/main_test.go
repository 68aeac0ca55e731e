package explain

import (
	"testing"

	"nstutor/internal/lab"
)

func TestMain(m *testing.M) { lab.TestMain(m) }
