package explain

import "strings"

// Paste is the fix as it is typed into a shell of the current namespace.
func (f Fix) Paste() string {
	enter := ""
	pid, isProcess := strings.CutPrefix(f.Netns, "pid:")
	switch {
	case f.Netns == "":
		return f.Command
	case isProcess:
		enter = "nsenter -t " + shellQuote(pid) + " -n "
	case strings.Contains(f.Netns, "/"):
		enter = "nsenter --net=" + shellQuote(f.Netns) + " "
	default:
		enter = "ip netns exec " + shellQuote(f.Netns) + " "
	}
	if needsShell(f.Command) {
		return enter + "sh -c " + shellQuote(f.Command)
	}
	return enter + f.Command
}

// needsShell reports whether command means something else behind another
// command's name: it has more than words and quotes in it.
func needsShell(command string) bool {
	var quote rune
	for _, c := range command {
		switch {
		case c == quote:
			quote = 0
		case quote == '\'':
		case c == '$', c == '`', c == '\\':
			return true
		case quote == '"':
		case c == '\'', c == '"':
			quote = c
		case strings.ContainsRune(";&|<>()\n#*?[~!{}", c):
			return true
		}
	}
	first, _, _ := strings.Cut(command, " ")
	return strings.Contains(first, "=") // a variable for the command
}

// shellQuote makes text one word of sh.
func shellQuote(text string) string {
	plain := func(c rune) bool {
		return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("-_./:@%+,=", c)
	}
	if text != "" && strings.IndexFunc(text, func(c rune) bool { return !plain(c) }) < 0 {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
