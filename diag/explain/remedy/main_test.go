package remedy

import (
	"testing"

	"nstutor/internal/lab/labtest"
)

func TestMain(m *testing.M) { labtest.Main(m) }
