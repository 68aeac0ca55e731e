package say

import (
	"context"
	"encoding/json"
	"errors"
	"os/exec"
	"strings"
)

// sentence is an error that exists in both languages.
type sentence struct {
	Text
	causes []error
}

// Err makes an error of its English and its Chinese format, as T makes a Text.
// Errors among the arguments are told in the same language, and errors.Is and
// errors.As find them.
func Err(en, zh string, args ...any) error {
	s := &sentence{Text: T(en, zh, args...)}
	for _, arg := range args {
		if cause, ok := arg.(error); ok {
			s.causes = append(s.causes, cause)
		}
	}
	return s
}

// At is an error and the object that it befell: "ns1: no such device".
func At(what any, err error) error { return Err("%v: %v", "%v：%v", what, err) }

// Join is all errors that there are, a line each, or nil.
func Join(errs ...error) error {
	var all []any
	for _, err := range errs {
		if err != nil {
			all = append(all, err)
		}
	}
	switch len(all) {
	case 0:
		return nil
	case 1:
		return all[0].(error)
	}
	lines := strings.TrimSuffix(strings.Repeat("%v\n", len(all)), "\n")
	return Err(lines, lines, all...)
}

func (s *sentence) Error() string   { return s.String() }
func (s *sentence) Unwrap() []error { return s.causes }

// library are errors of Go's own library that are neither the kernel's words nor
// ours, and yet come to a user's eyes.
var library = []struct {
	is error
	zh string
}{
	{context.DeadlineExceeded, "超时"},
	{context.Canceled, "已取消"},
	{exec.ErrNotFound, "在 $PATH 中找不到这个程序"},
}

// told is an argument as a language has it. The words of the kernel and of tools
// are the same in both.
func told(lang string, arg any) any {
	switch arg := arg.(type) {
	case interface{ In(lang string) string }:
		return arg.In(lang)
	case error:
		for _, known := range library {
			if lang == "zh" && errors.Is(arg, known.is) {
				return strings.ReplaceAll(arg.Error(), known.is.Error(), known.zh)
			}
		}
	}
	return arg
}

// Pack is a text on its way to another process of the program: a text or an error
// in all its languages. Of a zero Text it is empty.
func Pack(what any) string {
	if text, ok := what.(Text); ok && text.IsZero() {
		return ""
	}
	text := Quote(what)
	in := map[string]string{}
	for _, lang := range Langs {
		in[lang] = text.In(lang)
	}
	packed, _ := json.Marshal(in) // strings can always be encoded
	return string(packed)
}

// Unpack reads what Pack has made. Anything else is taken for words that are the
// same in both.
func Unpack(packed string) Text {
	var in map[string]string
	switch {
	case packed == "":
		return Text{}
	case json.Unmarshal([]byte(packed), &in) != nil:
		return Quote(packed)
	}
	return Both(in["en"], in["zh"])
}
