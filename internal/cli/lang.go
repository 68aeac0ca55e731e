package cli

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"nstutor/internal/progress"
	"nstutor/internal/say"
)

// checkLang refuses a language that nothing is written in.
func (a *app) checkLang() error {
	if a.lang != "" && !slices.Contains(say.Langs, a.lang) {
		return fmt.Errorf("language %q: only %s are written; use --lang %s", a.lang, strings.Join(say.Langs, " and "), say.Langs[0])
	}
	return nil
}

// language is what --lang says, or what the learner chose before, or what the
// locale asks for.
func (a *app) language(chosen string) string {
	if a.lang != "" {
		return a.lang
	}
	if slices.Contains(say.Langs, chosen) {
		return chosen
	}
	for _, variable := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		locale := os.Getenv(variable)
		if locale == "" {
			continue
		}
		for _, lang := range say.Langs {
			if strings.HasPrefix(locale, lang) {
				return lang
			}
		}
		break
	}
	return say.Langs[0]
}

// warn says what is wrong with the memory.
func warn(memory *progress.Progress, lang string) {
	if w := memory.Warning(); !w.IsZero() {
		complain(w.In(lang))
	}
}

// inLanguage is an error in a language, if it can be told in several.
func inLanguage(err error, lang string) error {
	var told interface{ In(lang string) string }
	if errors.As(err, &told) {
		return errors.New(told.In(lang))
	}
	return err
}
