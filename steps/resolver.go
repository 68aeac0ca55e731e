package steps

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/plainfile"
	"nstutor/internal/say"
)

// Resolver gives a namespace a name server of its own: `ip netns exec` puts
// the files of /etc/netns/NAME in front of those in /etc.
type Resolver struct{ Netns, Server string }

func (a Resolver) path() string { return filepath.Join("/etc/netns", a.Netns, "resolv.conf") }

// Change implements Action. What it takes back is the file: a step only writes
// one where none was.
func (a Resolver) Change(*lab.Lab) change.Change {
	return Doing{
		Typed: change.Command{Shell: "mkdir -p " + filepath.Dir(a.path()) + "; echo nameserver " + a.Server + " > " + a.path()},
		Do: func(context.Context) error {
			if err := os.MkdirAll(filepath.Dir(a.path()), 0o755); err != nil {
				return err
			}
			return os.WriteFile(a.path(), []byte("nameserver "+a.Server+"\n"), 0o644)
		},
		Back: func() error { return os.Remove(a.path()) },
	}
}

// Conditions implements Action: it looks for the server's line, whatever
// else the file says.
func (a Resolver) Conditions(context.Context, *lab.Lab) []Condition {
	data, err := plainfile.Read(a.path())
	file := Condition{Table: change.In("", "cat", a.path()), Want: say.T("a file %s", "文件 %s", a.path()), Met: err == nil}
	line := Condition{Table: file.Table, Want: say.T("the line `nameserver %s` in it", "其中有一行 `nameserver %s`", a.Server)}
	if err != nil && !os.IsNotExist(err) {
		file.Err, line.Err = err, err
	}
	var others []string
	for text := range strings.Lines(string(data)) {
		if fields := strings.Fields(text); len(fields) > 1 && fields[0] == "nameserver" && fields[1] == a.Server {
			line.Met = true
		} else if len(fields) > 0 {
			others = append(others, strings.Join(fields, " "))
		}
	}
	line.Seen = Unless(line.Met, InOneLine(others))
	return []Condition{file, line}
}
