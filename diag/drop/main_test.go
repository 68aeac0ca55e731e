package drop

import (
	"testing"

	"nstutor/internal/lab/labtest"
)

func TestMain(m *testing.M) { labtest.MainAsRoot(m) }
