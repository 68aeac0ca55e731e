package cli

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"nstutor/chapters"
	"nstutor/internal/say"
)

// han is a Chinese character, and latin are words that none is near.
var (
	han   = regexp.MustCompile(`\p{Han}`)
	latin = regexp.MustCompile(`[a-z]{2,} [a-z]{2,}`)
)

// commands are a command and all below it.
func commands(cmd *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{cmd}
	for _, inner := range cmd.Commands() {
		all = append(all, commands(inner)...)
	}
	return all
}

// TestHelpIsInTheLearnersLanguage: that of each command and of each of its flags,
// with what cobra puts around them.
func TestHelpIsInTheLearnersLanguage(t *testing.T) {
	root := (&app{lang: "zh"}).root()
	root.InitDefaultHelpCmd()
	for _, cmd := range commands(root) {
		if cmd.Hidden {
			continue // it is for the program itself
		}
		if !han.MatchString(cmd.Short) || cmd.Long != "" && !han.MatchString(cmd.Long) {
			t.Errorf("%s: %q, %q", cmd.CommandPath(), cmd.Short, cmd.Long)
		}
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if !han.MatchString(f.Usage) {
				t.Errorf("%s --%s: %q", cmd.CommandPath(), f.Name, f.Usage)
			}
			// What stands in backquotes is printed behind the flag as its value.
			if value, _ := pflag.UnquoteUsage(f); strings.Contains(value, " ") {
				t.Errorf("%s --%s takes %q", cmd.CommandPath(), f.Name, value)
			}
		})
		var out bytes.Buffer
		cmd.SetOut(&out)
		if err := cmd.Help(); err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.Split(out.String(), "\n") {
			example := strings.HasPrefix(strings.TrimSpace(line), "nstutor ")
			if !example && latin.MatchString(line) && !han.MatchString(line) {
				t.Errorf("%s: %q", cmd.CommandPath(), line)
			}
		}
	}
}

// TestWhatIsTypedWronglyIsToldInTheLearnersLanguage: by cobra, by pflag and by us.
func TestWhatIsTypedWronglyIsToldInTheLearnersLanguage(t *testing.T) {
	for line, want := range map[string]string{
		"dance":                         "nstutor 没有命令 \"dance\"；见 `nstutor --help`",
		"run --nope":                    "没有选项 --nope；见 `nstutor run --help`",
		"run -x":                        "没有选项 -x；见 `nstutor run --help`",
		"explain --from":                "--from 后面缺少值；见 `nstutor explain --help`",
		"run -o":                        "-o 后面缺少值；见 `nstutor run --help`",
		"exercise --seed=x":             "--seed \"x\"：应为非负整数",
		"explain 10.0.0.1 --timeout=no": "--timeout \"no\"：应为时间，例如 2s 或 500ms",
		"run --=x":                      "--=x 不是选项的写法；见 `nstutor run --help`",
		"run --lang fr":                 "语言 \"fr\"：只有 en 和 zh；请用 --lang en",
		"run 9.99":                      "\"9.99\" 既不是章也不是步骤；`nstutor run --list` 列出全部",
		"help dance":                    "nstutor 没有命令 \"dance\"；见 `nstutor --help`",
		"progress reset":                "reset 需要且只需要指定一项要清除的内容：" + allChapters() + "、exercises 或 all",
	} {
		root := (&app{lang: "zh"}).root()
		root.SetArgs(strings.Fields(line))
		if got := say.Quote(root.Execute()).In("zh"); got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}

// allChapters are their IDs, as a list in Chinese has them.
func allChapters() string {
	var ids []string
	for _, chapter := range chapters.All() {
		ids = append(ids, chapter.ID)
	}
	return strings.Join(ids, "、")
}

// TestTheLanguageIsKnownBeforeTheCommands: it is looked for among all arguments,
// whatever else is wrong with them.
func TestTheLanguageIsKnownBeforeTheCommands(t *testing.T) {
	for _, c := range []struct{ line, remembered, locale, want string }{
		{"--help --lang zh", "", "C.UTF-8", "zh"},
		{"run --nope --lang=zh 2", "", "C.UTF-8", "zh"},
		{"explain --lang zh", "", "de_DE.UTF-8", "zh"},
		{"run --lang en", "zh", "zh_CN.UTF-8", "en"},
		{"run", "", "zh_CN.UTF-8", "zh"},
		{"run", "", "de_DE.UTF-8", "en"},
		{"run", "zh", "de_DE.UTF-8", "zh"},
		{"run", "en", "zh_CN.UTF-8", "en"},
		{"run --lang fr", "", "zh_CN.UTF-8", "zh"},
	} {
		t.Setenv("LC_ALL", c.locale)
		if got := speaking(strings.Fields(c.line), c.remembered); got != c.want {
			t.Errorf("%q in %s, after %q: %s, want %s", c.line, c.locale, c.remembered, got, c.want)
		}
	}
}
