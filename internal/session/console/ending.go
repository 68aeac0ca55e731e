package console

import (
	"errors"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// Output is more of a command's output, or its end.
type Output struct {
	Gen   int
	Lines []string
	Open  string // the line that is not finished
	Lost  bool   // something before was thrown away
	Ended bool
	Why   Ending
	Err   error
}

// LastWords are how a command ended.
type LastWords struct {
	Why   Ending
	Limit time.Duration // how long it could have run
	Exit  int           // its status; -1: it has none
	Err   error
	Word  string // its first word, where what that does ends with the shell of its line
}

// LastWords are those of a command whose last output this is.
func (r *Command) LastWords(msg Output, limit time.Duration) LastWords {
	e := LastWords{Why: msg.Why, Limit: limit, Exit: -1, Err: msg.Err, Word: lastsNot(r.Line)}
	var exit *exec.ExitError
	if errors.As(msg.Err, &exit) {
		e.Exit = exit.ExitCode()
	}
	return e
}

// WorthSaying says whether it ended in another way than it should, or does less
// than it seems to.
func (e LastWords) WorthSaying() bool { return e.Why != endedItself || e.Err != nil || e.Word != "" }

// lastsNot is the first word of a line whose effect ends with its shell.
func lastsNot(line string) string {
	word, _, _ := strings.Cut(line, " ")
	if slices.Contains([]string{"cd", "export", "alias", "set", "umask"}, word) && !strings.ContainsAny(line, ";&|") {
		return word
	}
	return ""
}
