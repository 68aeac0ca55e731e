package change

import (
	"context"

	"nstutor/internal/say"
)

// NetnsAdd makes a named network namespace, its loopback down.
type NetnsAdd struct{ Name string }

// NetnsDel takes the name away; the namespace goes with its last user.
type NetnsDel struct{ Name string }

var (
	_ = register("ip netns add", func(_ string, words []string) (Change, error) {
		name, err := one(words)
		return NetnsAdd{name}, err
	})
	_ = register("ip netns del", func(_ string, words []string) (Change, error) {
		name, err := one(words)
		return NetnsDel{name}, err
	})
)

func one(words []string) (string, error) {
	if len(words) != 1 {
		return "", say.Err("one name is needed", "需要一个名字")
	}
	return words[0], nil
}

// Command is `ip netns add NAME`.
func (n NetnsAdd) Command() Command { return In("", "ip", "netns", "add", n.Name) }

// Apply makes the namespace.
func (n NetnsAdd) Apply(_ context.Context, s Space) error { return s.AddNetns(n.Name) }

// Undo takes it away.
func (n NetnsAdd) Undo(_ context.Context, s Space, _ Before) error { return s.DelNetns(n.Name) }

// Command is `ip netns del NAME`.
func (n NetnsDel) Command() Command { return In("", "ip", "netns", "del", n.Name) }

// Apply takes the name away.
func (n NetnsDel) Apply(_ context.Context, s Space) error { return s.DelNetns(n.Name) }

// Undo fails: what was in it is not known.
func (n NetnsDel) Undo(context.Context, Space, Before) error {
	return say.Err("%s is gone, and what was in it", "%s 已经没有了，里面的一切也是", n.Name)
}
