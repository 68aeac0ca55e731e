package change

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"

	"nstutor/internal/shell"
)

// netnsDir is where `ip netns` keeps the names.
const netnsDir = "/run/netns"

// Command is one command line, as values.
type Command struct {
	// Netns is where it is typed: a name of `ip netns`, "pid:4711" for the
	// namespace of a process, a path to one, or "" for the current one.
	Netns string
	Argv  []string // the words as the program gets them, not quoted; or
	Shell string   // a line that needs a shell, for redirections
	// Background ends the line with & in a shell.
	Background bool
	// Same are other ways to say the same thing, complete command lines.
	Same []string
}

// In is the command line argv, typed in the namespace netns.
func In(netns string, argv ...string) Command { return Command{Netns: netns, Argv: argv} }

// Equal reports whether both are the same line in the same place.
func (c Command) Equal(o Command) bool {
	return c.Netns == o.Netns && slices.Equal(c.Argv, o.Argv) && c.Shell == o.Shell && c.Background == o.Background
}

// Empty reports whether there is nothing to type.
func (c Command) Empty() bool { return len(c.Argv) == 0 && c.Shell == "" }

// String is the command line as it is typed into a shell (POSIX sh) of its
// namespace.
func (c Command) String() string { return c.after(nil) }

// Paste is the command line as it is typed into a shell of the current namespace.
// This program finds its way into another one by itself where nothing else does.
func (c Command) Paste() string {
	if len(c.Argv) > 2 && c.Argv[0] == self() && c.Argv[1] == applied && c.Netns != "" && !installed("ip") && !installed("nsenter") {
		return words(slices.Concat(c.Argv[:2], []string{"--netns=" + c.Netns}, c.Argv[2:]))
	}
	return c.after(c.enter())
}

// From is the command line as it is typed into a shell of the namespace home, by
// the names of `ip netns`. It is the same on every machine: a course teaches ip,
// and its pages do not depend on what is installed.
func (c Command) From(home string) string {
	if c.Netns == "" || c.Netns == home {
		return c.String()
	}
	return c.after([]string{"ip", "netns", "exec", c.Netns})
}

// after is the line behind the words that enter its namespace.
func (c Command) after(enter []string) string {
	line := words(slices.Concat(enter, c.Argv))
	switch {
	case c.Shell != "" && len(enter) > 0:
		line = words(slices.Concat(enter, []string{"sh", "-c", c.Shell}))
	case c.Shell != "":
		line = c.Shell
	}
	if c.Background {
		line += " &"
	}
	return line
}

// words quotes and joins. A shell takes a ! that stands alone behind the first
// word for nothing else (bash(1), HISTORY EXPANSION), and so it is written in
// every rule of iptables.
func words(argv []string) string {
	quoted := make([]string, len(argv))
	for i, word := range argv {
		quoted[i] = word
		if i == 0 || word != "!" {
			quoted[i] = shell.Word(word)
		}
	}
	return strings.Join(quoted, " ")
}

// enter are the words before a command that has to run in another namespace.
func (c Command) enter() []string {
	pid, isProcess := strings.CutPrefix(c.Netns, "pid:")
	switch {
	case c.Netns == "":
		return nil
	case isProcess:
		return []string{"nsenter", "-t", pid, "-n"}
	case strings.Contains(c.Netns, "/"):
		return []string{"nsenter", "--net=" + filepath.Clean(c.Netns)}
	}
	if !installed("ip") && installed("nsenter") {
		return []string{"nsenter", "--net=" + filepath.Join(netnsDir, c.Netns)}
	}
	return []string{"ip", "netns", "exec", c.Netns}
}

// MarshalJSON gives {"netns": …, "command": …}. The command runs as it stands
// with `ip netns exec NETNS sh -c COMMAND`.
func (c Command) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Netns   string `json:"netns"`
		Command string `json:"command"`
	}{c.Netns, c.String()})
}
