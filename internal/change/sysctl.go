package change

import (
	"context"
	"path/filepath"
	"strings"

	"nstutor/internal/nsenter"
	"nstutor/internal/say"
	"nstutor/internal/shell"

	"nstutor/diag/table"
)

// Sysctl gives a setting of a namespace a value.
type Sysctl struct {
	Netns string
	Path  string // below /proc/sys: net/ipv4/conf/eth0.5/forwarding
	Value string
	Same  []string // how else one says it
}

// Conf is a setting of net.ipv4.conf of a device, or of "all".
func Conf(netns, dev, name, value string) Sysctl {
	return Sysctl{Netns: netns, Path: "net/ipv4/conf/" + dev + "/" + name, Value: value}
}

var _ = register("sysctl -w", func(netns string, words []string) (Change, error) {
	if len(words) != 1 {
		return nil, say.Err("one setting and its value are needed", "需要一项设置和它的值")
	}
	key, value, ok := strings.Cut(words[0], "=")
	if !ok {
		return nil, say.Err("%s to what?", "%s 后面缺少值", key)
	}
	return Sysctl{Netns: netns, Path: table.SysctlPath(key), Value: value}, nil
})

// Command is `sysctl -w KEY=VALUE`, where it can be told the key.
func (c Sysctl) Command() Command {
	if strings.IndexFunc(strings.ReplaceAll(c.Path, "/", ""), notInSysctl) >= 0 {
		return c.echo()
	}
	// sysctl(8) takes either separator, and the other one for itself.
	swap := strings.NewReplacer("/", ".", ".", "/")
	return Command{Netns: c.Netns, Argv: []string{"sysctl", "-w", swap.Replace(c.Path) + "=" + c.Value}, Same: c.Same}
}

func (c Sysctl) echo() Command {
	return In(c.Netns, "sh", "-c", "echo "+shell.Word(c.Value)+" > "+shell.Word("/proc/sys/"+c.Path))
}

// here is a shell's line where there is no sysctl(8): every machine has a shell.
func (c Sysctl) here() []Command {
	if !installed("sysctl") {
		return []Command{c.echo()}
	}
	return []Command{c.Command()}
}

// notInSysctl reports whether sysctl(8) could take c in a key for more than a
// letter: some of its kinds expand patterns, and all split at the first "=".
func notInSysctl(c rune) bool { return shell.Special(c) || strings.ContainsRune(`=/:%+,`, c) }

// Apply writes the value.
func (c Sysctl) Apply(_ context.Context, s Space) error {
	ns, err := s.NS(c.Netns)
	if err != nil {
		return err
	}
	return ns.WriteSysctl(c.Path, c.Value)
}

// Undo writes back every setting of the namespace that differs from what it
// was: ip_forward rewrites conf.*.forwarding behind the scenes.
func (c Sysctl) Undo(_ context.Context, s Space, was Before) error {
	ns, err := s.NS(c.Netns)
	if err != nil {
		return err
	}
	old, snap := "0", was.Netns[c.Netns]
	if snap == nil {
		return ns.WriteSysctl(c.Path, old)
	}
	for _, setting := range snap.Sysctls {
		if table.SysctlPath(setting.Key) == c.Path {
			old = setting.Value
		}
	}
	if err := ns.WriteSysctl(c.Path, old); err != nil {
		return err
	}
	for _, setting := range snap.Sysctls {
		path := table.SysctlPath(setting.Key)
		if now, err := ns.ReadSysctl(path); err == nil && now != setting.Value {
			if err := ns.WriteSysctl(path, setting.Value); err != nil {
				return err
			}
		}
	}
	return nil
}

// proxyDelays are the keys of how long each device of a namespace may take for an
// answer in another's name.
func proxyDelays(ns *nsenter.Namespace) (keys []string, err error) {
	err = ns.Do(func() error {
		files, err := filepath.Glob("/proc/sys/net/ipv4/neigh/*/proxy_delay")
		for _, file := range files {
			dev := filepath.Base(filepath.Dir(file))
			keys = append(keys, "net.ipv4.neigh."+strings.ReplaceAll(dev, ".", "/")+".proxy_delay")
		}
		return err
	})
	return keys, err
}
