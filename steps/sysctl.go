package steps

import (
	"context"

	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/lab"
)

// Sysctl writes one kernel setting of a namespace.
type Sysctl struct{ Netns, Key, Value string }

func (a Sysctl) Command(*lab.Lab) change.Command {
	echo := change.Command{Netns: a.Netns, Shell: "echo " + a.Value + " > /proc/sys/" + a.path()}
	return change.Command{Netns: a.Netns, Argv: []string{"sysctl", "-w", a.Key + "=" + a.Value}, Same: []string{Typed(echo)}}
}

func (a Sysctl) path() string { return table.SysctlPath(a.Key) }

func (a Sysctl) Apply(_ context.Context, l *lab.Lab) error {
	ns, err := l.NS(a.Netns)
	if err != nil {
		return err
	}
	return ns.WriteSysctl(a.path(), a.Value)
}

func (a Sysctl) Done(ctx context.Context, l *lab.Lab) (bool, error) {
	return met(a.Conditions(ctx, l))
}

// Undo writes back every setting of the namespace that differs from what it
// was: ip_forward rewrites conf.*.forwarding behind the scenes.
func (a Sysctl) Undo(_ context.Context, l *lab.Lab, was State) error {
	ns, err := l.NS(a.Netns)
	if err != nil {
		return err
	}
	old, ok := was.sysctl(a.Netns, a.Key)
	if !ok {
		old = "0"
	}
	if err := ns.WriteSysctl(a.path(), old); err != nil {
		return err
	}
	for _, s := range was.sysctls(a.Netns) {
		path := table.SysctlPath(s.Key)
		if now, err := ns.ReadSysctl(path); err == nil && now != s.Value {
			if err := ns.WriteSysctl(path, s.Value); err != nil {
				return err
			}
		}
	}
	return nil
}
