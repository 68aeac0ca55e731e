package lab

import (
	"context"
	_ "embed"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// shellDir has the files that make a shell of the lab say where it is, and
// shellHistory what was typed in these shells.
const (
	shellDir     = ownDir + "/shell"
	shellHistory = shellDir + "/history"
)

// promptNetns is the variable that tells a shell the name for its prompt. The
// shell takes it out of its environment: a shell that is started from it in
// another namespace must not say the wrong one.
const promptNetns = "NSTUTOR_NETNS"

// shellKind is a kind of shell: the arguments that make it interactive and let
// it read our file after the learner's own, or else the variable that names our
// file. That one's own value is in NSTUTOR_ and its name then.
type shellKind struct {
	argv           []string
	variable, file string
}

// posixShell reads the file that $ENV names.
var posixShell = shellKind{[]string{"-i"}, "ENV", shellDir + "/shrc"}

// shellKinds are the shells whose prompt can be set after their own files have
// been read.
var shellKinds = map[string]shellKind{
	"bash": {[]string{"--rcfile", shellDir + "/bashrc", "-i"}, "", ""},
	"zsh":  {[]string{"-i"}, "ZDOTDIR", shellDir},
	"fish": {[]string{"--private", "--init-command", "source " + shellDir + "/config.fish", "-i"}, "", ""},
	"sh":   posixShell,
	"dash": posixShell,
	"ash":  posixShell,
	"ksh":  posixShell,
	"mksh": posixShell,
}

// Shell prepares the learner's own shell in the namespace netns and its mounts,
// as Typed does: $SHELL where it is one that can be told its prompt, or else sh.
// The prompt names the namespace.
//
// The shell reads the learner's files, and writes none of them: its history is
// a file of the lab, so that commands that make sense only there are not found
// in the learner's history later.
//
// Its standard input has to be a terminal of its own, which becomes the shell's
// controlling one: the course's terminal has a session already. door.Attend provides
// it. When ctx ends the shell is killed. The variables are those of the terminal
// that it is shown on.
func (l *Lab) Shell(ctx context.Context, netns string, variables map[string]string) (*Cmd, error) {
	l.mu.Lock()
	l.shells++
	l.mu.Unlock()
	env := map[string]string{promptNetns: netns, "HISTFILE": shellHistory}
	for name, value := range variables {
		env[name] = value
	}
	wanted, ok := env["SHELL"]
	if !ok {
		wanted = os.Getenv("SHELL")
	}
	path, kind := chooseShell(wanted)
	if kind.variable != "" {
		env[kind.variable], env["NSTUTOR_"+kind.variable] = kind.file, os.Getenv(kind.variable)
	}
	cmd, err := l.entering(ctx, netns, env, append([]string{path}, kind.argv...)...)
	if err != nil {
		return nil, err
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 0}
	return cmd, nil
}

// Shells is how many shells people have asked for so far.
func (l *Lab) Shells() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.shells
}

// chooseShell is the wanted shell if it is there and known, or sh.
func chooseShell(wanted string) (path string, kind shellKind) {
	kind, known := shellKinds[filepath.Base(wanted)]
	if known && filepath.IsAbs(wanted) {
		if path, err := exec.LookPath(wanted); err == nil {
			return path, kind
		}
	}
	return "sh", posixShell
}

// The files that the shells read after the learner's own.
var (
	//go:embed shell/bashrc
	bashrc string
	//go:embed shell/shrc
	shrc string
	//go:embed shell/zshenv
	zshenv string
	//go:embed shell/zshrc
	zshrc string
	//go:embed shell/config.fish
	fishConfig string
)

// furnishShells writes the shells' files into the lab's own folder.
func furnishShells() error {
	if err := os.MkdirAll(shellDir, 0o755); err != nil {
		return err
	}
	for name, text := range map[string]string{
		"bashrc": bashrc, "shrc": shrc, ".zshenv": zshenv, ".zshrc": zshrc, "config.fish": fishConfig,
	} {
		if err := os.WriteFile(filepath.Join(shellDir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}
