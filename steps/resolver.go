package steps

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"nstutor/internal/lab"
)

// Resolver gives a namespace a name server of its own: `ip netns exec` puts
// the files of /etc/netns/NAME in front of those in /etc.
type Resolver struct{ Netns, Server string }

func (a Resolver) path() string { return filepath.Join("/etc/netns", a.Netns, "resolv.conf") }

func (a Resolver) Command(*lab.Lab) Command {
	return Command{Shell: "mkdir -p " + filepath.Dir(a.path()) + "; echo nameserver " + a.Server + " > " + a.path()}
}

func (a Resolver) Apply(context.Context, *lab.Lab) error {
	if err := os.MkdirAll(filepath.Dir(a.path()), 0o755); err != nil {
		return err
	}
	return os.WriteFile(a.path(), []byte("nameserver "+a.Server+"\n"), 0o644)
}

// Done looks for the server's line, whatever else the file says.
func (a Resolver) Done(context.Context, *lab.Lab) (bool, error) {
	data, err := os.ReadFile(a.path())
	if os.IsNotExist(err) {
		return false, nil
	}
	return slices.ContainsFunc(strings.Split(string(data), "\n"), func(line string) bool {
		return slices.Equal(strings.Fields(line), []string{"nameserver", a.Server})
	}), err
}

// Undo removes the file; a step only writes one where none was.
func (a Resolver) Undo(context.Context, *lab.Lab, State) error { return os.Remove(a.path()) }
