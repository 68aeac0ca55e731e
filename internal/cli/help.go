package cli

import (
	"errors"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"nstutor/internal/say"
	"nstutor/internal/wrap"
)

// speak has the commands say in the learner's language what cobra has words of its
// own for: the headings of the help, its flags and commands, and wrong flags.
func (a *app) speak(root *cobra.Command) {
	cobra.AddTemplateFunc("flagUsages", flagUsages)
	root.SetUsageTemplate(a.usageTemplate())
	root.SetVersionTemplate(a.say("nstutor version %s", "nstutor 版本 %s", root.Version) + "\n")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return wrongFlag(cmd, err) })
	root.PersistentFlags().BoolP("help", "h", false, a.say("print this help", "显示帮助"))
	root.Flags().BoolP("version", "v", false, a.say("print the version", "显示版本"))
	root.SetHelpCommand(a.help())
	root.AddCommand(a.completion())
	a.speakOf(root)
}

// speakOf has a command and those below it say of their flags that there are some,
// and what their values are when nobody sets them: cobra and pflag do so in English.
func (a *app) speakOf(cmd *cobra.Command) {
	cmd.DisableFlagsInUseLine = true
	nothing := map[string]string{"string": "", "duration": "0s", "int": "0"}
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if none, ok := nothing[f.Value.Type()]; ok && f.DefValue != none {
			f.Usage = a.say("%s (default %s)", "%s（默认 %s）", f.Usage, f.DefValue)
			f.DefValue = none // which is only for the help
		}
	})
	for _, inner := range cmd.Commands() {
		a.speakOf(inner)
	}
}

// usageTemplate is cobra's own, without what no command here has.
func (a *app) usageTemplate() string {
	return a.say("Usage:", "用法：") + `{{if .Runnable}}
  {{.UseLine}} ` + a.say("[flags]", "[选项]") + `{{end}}{{if .HasAvailableSubCommands}}
  {{.CommandPath}} ` + a.say("[command]", "[命令]") + `{{end}}{{if .HasExample}}

` + a.say("Examples:", "示例：") + `
{{.Example}}{{end}}{{if .HasAvailableSubCommands}}

` + a.say("Available Commands:", "命令：") + `{{range .Commands}}{{if (or .IsAvailableCommand (eq .Name "help"))}}
  {{rpad .Name .NamePadding }} {{.Short}}{{end}}{{end}}{{end}}{{if .HasAvailableLocalFlags}}

` + a.say("Flags:", "选项：") + `
{{flagUsages .LocalFlags}}{{end}}{{if .HasAvailableInheritedFlags}}

` + a.say("Global Flags:", "通用选项：") + `
{{flagUsages .InheritedFlags}}{{end}}{{if .HasAvailableSubCommands}}

` + a.say("Use \"%s\" for more information about a command.", "用 \"%s\" 查看某个命令的详细说明。",
		say.T("{{.CommandPath}} [command] --help", "{{.CommandPath}} [命令] --help")) + `{{end}}
`
}

// helpWidth is that of the help, in cells: of the smallest terminal that the course takes.
const helpWidth = 80

// flagColumn is what stands before a flag's words: its names, its kind, and the gap.
var flagColumn = regexp.MustCompile(`(?m)^ +(-\w, )?--\S+( \S+)? {3,}`)

// flagUsages are the flags, each with its words beside it. pflag breaks lines at spaces
// alone, and counts bytes: of Chinese it makes too little of a line, or too much.
func flagUsages(flags *pflag.FlagSet) string {
	var lines []string
	for line := range strings.Lines(flags.FlagUsages()) {
		line = strings.TrimRight(line, "\n")
		lead := flagColumn.FindString(line)
		lines = append(lines, wrap.Behind(lead, line[len(lead):], helpWidth)...)
	}
	return strings.Join(lines, "\n")
}

// wrongFlag is an error of the parser of flags in our words.
func wrongFlag(cmd *cobra.Command, err error) error {
	see := say.T("see `%s --help`", "见 `%s --help`", cmd.CommandPath())
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok {
		return say.Err("there is no flag %s; %s", "没有选项 %s；%s", flagName(unknown.GetSpecifiedName(), unknown.GetSpecifiedShortnames()), see)
	}
	if bare, ok := errors.AsType[*pflag.ValueRequiredError](err); ok {
		return say.Err("%s needs a value; %s", "%s 后面缺少值；%s", flagName(bare.GetSpecifiedName(), bare.GetSpecifiedShortnames()), see)
	}
	if wrong, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		return say.Err("--%s %q: it takes %s", "--%s %q：应为%s", wrong.GetFlag().Name, wrong.GetValue(), kindOf(wrong.GetFlag()))
	}
	if form, ok := errors.AsType[*pflag.InvalidSyntaxError](err); ok {
		return say.Err("%s is not written like a flag; %s", "%s 不是选项的写法；%s", form.GetSpecifiedFlag(), see)
	}
	return err
}

// flagName is a flag as it was typed: its name, or one of several letters.
func flagName(name, letters string) string {
	if letters != "" {
		return "-" + name
	}
	return "--" + name
}

// kindOf says what the value of a flag should have been.
func kindOf(f *pflag.Flag) say.Text {
	switch kind := f.Value.Type(); kind {
	case "bool":
		return say.T("true or false", " true 或 false")
	case "duration":
		return say.T("a time such as 2s or 500ms", "时间，例如 2s 或 500ms")
	case "uint16":
		return say.T("a port, a number from 1 to 65535", "端口，即 1 到 65535 的整数")
	case "int":
		return say.T("a whole number", "整数")
	default: // uint64
		return say.T("a whole number that is not negative", "非负整数")
	}
}

// help prints the help of a command.
func (a *app) help() *cobra.Command {
	return &cobra.Command{
		Use:   a.say("help [command]", "help [命令]"),
		Short: a.say("Print the help of a command", "显示某个命令的帮助"),
		RunE: func(cmd *cobra.Command, args []string) error {
			of, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return noArgs(cmd.Root(), args)
			}
			return of.Help()
		},
	}
}

// completion prints what a shell needs to complete the commands.
func (a *app) completion() *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use:       "completion SHELL",
		Short:     a.say("Print the completion script of a shell", "输出 shell 的补全脚本"),
		Long:      a.say("Print the completion script of a shell: %s.", "输出让 shell 补全命令的脚本：%s。", enumerated(shells, say.T("or", "或"))),
		Hidden:    true,
		ValidArgs: shells,
		RunE: func(cmd *cobra.Command, args []string) error {
			root, out := cmd.Root(), cmd.OutOrStdout()
			write := map[string]func() error{
				"bash":       func() error { return root.GenBashCompletionV2(out, true) },
				"zsh":        func() error { return root.GenZshCompletion(out) },
				"fish":       func() error { return root.GenFishCompletion(out, true) },
				"powershell": func() error { return root.GenPowerShellCompletionWithDesc(out) },
			}
			if len(args) != 1 || write[args[0]] == nil {
				return say.Err("completion takes the name of a shell: %s", "completion 需要 shell 的名称：%s", enumerated(shells, say.T("or", "或")))
			}
			return write[args[0]]()
		},
	}
}
