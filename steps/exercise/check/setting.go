package check

import (
	"context"
	"errors"
	"io/fs"

	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/nsenter"
	"nstutor/internal/say"
)

// Setting checks that a sysctl has a value.
func Setting(netns, key, value string) Check {
	return Check{
		Text:  say.T("in %s, %s is %s", "%s 里 %s 是 %s", netns, key, value),
		Table: change.In(netns, "sysctl", key),
		run: inside(netns, func(_ context.Context, ns *nsenter.Namespace) (bool, string, error) {
			got, err := ns.ReadSysctl(table.SysctlPath(key))
			if errors.Is(err, fs.ErrNotExist) {
				return false, "", nil
			}
			return got == value, key + " = " + got, err
		}),
	}
}

// inside runs a check with the open namespace.
func inside(netns string, do func(context.Context, *nsenter.Namespace) (bool, string, error)) func(context.Context, *lab.Lab) (bool, string, error) {
	return func(ctx context.Context, l *lab.Lab) (bool, string, error) {
		ns, err := l.NS(netns)
		if errors.Is(err, lab.ErrNoNamespace) {
			return false, lab.NotThere(netns), nil
		}
		if err != nil {
			return false, "", err
		}
		return do(ctx, ns)
	}
}

// reading runs a check of a namespace's tables.
func reading(netns string, do func(*table.Snapshot) (bool, string)) func(context.Context, *lab.Lab) (bool, string, error) {
	return func(ctx context.Context, l *lab.Lab) (bool, string, error) {
		return inside(netns, func(ctx context.Context, ns *nsenter.Namespace) (bool, string, error) {
			s, err := table.Read(ctx, ns, table.ReadOptions{Names: l.Namespaces()})
			if err != nil {
				return false, "", err
			}
			ok, seen := do(s)
			return ok, seen, nil
		})(ctx, l)
	}
}
