package cli

import (
	"os"
	"slices"

	"github.com/spf13/cobra"

	"nstutor/internal/progress"
	"nstutor/internal/say"
)

// speaking is the language of everything that is said, from the help to the last
// error: what --lang asks for, or what the learner chose in the course, or what
// the locale asks for. It is known before the commands are, for they are told in
// it.
func speaking(args []string, remembered string) string {
	flags := new(cobra.Command).Flags()
	flags.ParseErrorsAllowlist.UnknownFlags = true
	flags.Usage = func() {}
	asked := flags.String("lang", "", "")
	flags.BoolP("help", "h", false, "")
	_ = flags.Parse(args) // whatever is wrong with them is said when the command is known
	for _, lang := range []string{*asked, remembered, say.Locale()} {
		if slices.Contains(say.Langs, lang) {
			return lang
		}
	}
	return say.Langs[0]
}

// say is a sentence in the language that is spoken.
func (a *app) say(en, zh string, args ...any) string { return say.T(en, zh, args...).In(a.lang) }

// complain says on the standard error what is wrong, in one line: names that
// came with the arguments or from the machine are in it.
func (a *app) complain(what any) {
	os.Stderr.WriteString("nstutor: " + say.Clean(say.Quote(what).In(a.lang)) + "\n")
}

// checkLang refuses a language that nothing is written in.
func checkLang(asked string) error {
	if asked != "" && !slices.Contains(say.Langs, asked) {
		return say.Err("language %q: only %s are written; use --lang %s", "语言 %q：只有 %s；请用 --lang %s",
			asked, enumerated(say.Langs, say.T("and", "和")), say.Langs[0])
	}
	return nil
}

// enumerated are names in a row, with a word before the last: "0, 1 or all".
func enumerated(names []string, before say.Text) say.Text {
	last := len(names) - 1
	if last == 0 {
		return say.Quote(names[0])
	}
	return say.T("%s %s %s", "%s %s %s", say.List(names[:last]...), before, names[last])
}

// warn says what is wrong with the memory.
func (a *app) warn(memory *progress.Progress) {
	if w := memory.Warning(); !w.IsZero() {
		a.complain(w)
	}
}
