package progress

import "time"

// Way is how a step was done.
type Way struct {
	Hand    bool      `json:"hand"`    // by the learner's own command, not by the enter key
	Shown   bool      `json:"shown"`   // after the command had been shown
	Seconds int       `json:"seconds"` // from the beginning of the step
	When    time.Time `json:"when"`    // kept to the second, in UTC
}

// Better says whether a way took less help than another: by hand before the
// command was shown, by hand after that, by the enter key.
func (w Way) Better(than Way) bool { return w.help() < than.help() }

func (w Way) help() int {
	switch {
	case !w.Hand:
		return 2
	case w.Shown:
		return 1
	}
	return 0
}

// way is a Way in the file.
type way struct {
	Way

	more fields
}
