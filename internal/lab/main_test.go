package lab_test

import (
	"os"
	"testing"

	"nstutor/internal/lab"
	"nstutor/internal/lab/labtest"
)

// roles are what the test binary can be besides the tests: programs that a test
// starts as processes of their own, by their name as first argument.
var roles = map[string]func(args []string){
	"program":   program,
	"contained": contained,
	"shell":     shell,
	"daemon":    daemon,
	"tamper":    tamper,
	"refused":   refused,
	"open":      open,
}

func TestMain(m *testing.M) {
	lab.Dispatch()
	if len(os.Args) > 1 {
		if role, ok := roles[os.Args[1]]; ok {
			role(os.Args[2:])
			os.Exit(0)
		}
	}
	labtest.Main(m)
}
