package progress_test

import (
	"fmt"
	"os"
	"testing"

	"nstutor/internal/lab/labtest"
	"nstutor/internal/progress"
)

// writerEnv makes the test binary another program that writes the file, as
// many steps as TestProgramsDoNotLoseEachOthersChanges wants.
const writerEnv = "NSTUTOR_TEST_WRITER"

const writerSteps = 20

// The tests run inside a lab for its power to mount.
func TestMain(m *testing.M) {
	if who := os.Getenv(writerEnv); who != "" {
		p := progress.Load(os.Args[1])
		for i := range writerSteps {
			p.MarkDone(fmt.Sprintf("%s.%d", who, i), progress.Way{})
		}
		fmt.Print(p.Warning().String())
		os.Exit(0)
	}
	labtest.Main(m)
}
