// Package played has no code, but tests that play the course on a screen over a
// real lab, as a learner does: by keys and commands, judged by what is to be seen.
package played
