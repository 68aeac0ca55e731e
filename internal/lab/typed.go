package lab

import (
	"context"
	"os"
	"strings"
	"syscall"
)

// Typed prepares a line that the learner typed, to run with `sh -c` in the
// namespace netns as `ip netns exec netns sh -c line` would: with the /sys and
// the /etc/netns files of the namespace. The learner's home is theirs, $PATH has
// the folders of sbin.
//
// The command leads a session of its own, without a terminal: one that asks for
// a password fails instead of stopping the course. Its process group is killed
// when ctx ends. What it put into the background stays in the lab, and dies with
// the lab.
//
// The error is ErrNoNamespace when there is no such namespace.
func (l *Lab) Typed(ctx context.Context, netns, line string) (*Cmd, error) {
	cmd, err := l.entering(ctx, netns, nil, "sh", "-c", line)
	if err != nil {
		return nil, err
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return cmd, nil
}

// entering prepares argv to run in netns and its mounts. The variables replace
// those of this process; an empty value takes one away.
func (l *Lab) entering(ctx context.Context, netns string, variables map[string]string, argv ...string) (*Cmd, error) {
	cmd, err := l.Command(ctx, netns, append([]string{enterNetns, netns}, argv...)...)
	if err != nil {
		return nil, err
	}
	env := map[string]string{enteredTerm: os.Getenv("TERM"), "PATH": os.Getenv("PATH") + standInPath}
	for name, value := range variables {
		env[name] = value
	}
	if term, ok := env["TERM"]; ok {
		env[enteredTerm] = term
	}
	env["TERM"] = "dumb"
	cmd.Env = environ(env)
	return cmd, nil
}

// environ is the environment of this process with the variables in it.
func environ(variables map[string]string) []string {
	var env []string
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		if _, replaced := variables[name]; !replaced {
			env = append(env, entry)
		}
	}
	for name, value := range variables {
		if value != "" {
			env = append(env, name+"="+value)
		}
	}
	return env
}
