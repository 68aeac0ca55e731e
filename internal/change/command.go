package change

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
)

// netnsDir is where `ip netns` keeps the names.
const netnsDir = "/run/netns"

// Command is one command line, as values.
type Command struct {
	// Netns is where it is typed: a name of `ip netns`, "pid:4711" for the
	// namespace of a process, a path to one, or "" for the current one.
	Netns string
	Argv  []string // the words as the program gets them, not quoted
}

// In is the command line argv, typed in the namespace netns.
func In(netns string, argv ...string) Command { return Command{netns, argv} }

// Equal reports whether both are the same words in the same place.
func (c Command) Equal(o Command) bool { return c.Netns == o.Netns && slices.Equal(c.Argv, o.Argv) }

// String is the command line as it is typed into a shell (POSIX sh) of its
// namespace.
func (c Command) String() string {
	words := make([]string, len(c.Argv))
	for i, word := range c.Argv {
		words[i] = Quote(word)
	}
	return strings.Join(words, " ")
}

// Paste is the command line as it is typed into a shell of the current namespace.
func (c Command) Paste() string {
	return Command{Argv: append(c.enter(), c.Argv...)}.String()
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
