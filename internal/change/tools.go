package change

import (
	"os"
	"os/exec"
)

// installed reports whether this machine has a program: a command that is
// printed is one that can be run here.
func installed(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}

// self is this program as a person would call it.
func self() string {
	if installed("nstutor") {
		return "nstutor"
	}
	path, err := os.Executable()
	if err != nil {
		return "nstutor"
	}
	return path
}
