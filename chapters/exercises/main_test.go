package exercises_test

import (
	"flag"
	"os"
	"testing"

	"nstutor/internal/lab"
	"nstutor/internal/lab/labtest"
)

// TestMain enters a lab, but for the process that deals the exercises out to
// others: each of those has a lab of its own.
func TestMain(m *testing.M) {
	lab.Dispatch()
	flag.Parse()
	if *shard < 0 && *shards > 1 {
		os.Exit(m.Run())
	}
	labtest.Main(m)
}
