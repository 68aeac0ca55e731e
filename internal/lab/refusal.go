package lab

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// Refusal says why this machine allows no lab, and what would.
type Refusal struct {
	Err    error  // what the kernel answered
	Advice string // what to enable
}

func (r *Refusal) Error() string {
	return fmt.Sprintf("cannot make an isolated network here (%v): %s", r.Err, r.Advice)
}

func (r *Refusal) Unwrap() error { return r.Err }

// obstacle is a setting that forbids user namespaces, and how to lift it.
type obstacle struct {
	path   string
	forbid string
	advice string
}

var obstacles = []obstacle{
	{"/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1",
		"AppArmor forbids user namespaces to ordinary programs (Ubuntu 23.10 and later). " +
			"Allow them until the next boot with `sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0`, or run nstutor with sudo"},
	{"/proc/sys/kernel/unprivileged_userns_clone", "0",
		"user namespaces are off for ordinary users. Enable them with `sudo sysctl kernel.unprivileged_userns_clone=1`, or run nstutor with sudo"},
	{"/proc/sys/user/max_user_namespaces", "0",
		"the limit of user namespaces is 0. Raise it with `sudo sysctl user.max_user_namespaces=1000`, or run nstutor with sudo"},
	{"/proc/sys/user/max_net_namespaces", "0",
		"the limit of network namespaces is 0. Raise it with `sudo sysctl user.max_net_namespaces=1000`"},
}

// refusal explains err, the answer to the last way of being born.
func refusal(err error) error {
	for _, o := range obstacles {
		data, readErr := os.ReadFile(o.path)
		if readErr == nil && strings.TrimSpace(string(data)) == o.forbid {
			return &Refusal{err, o.advice}
		}
	}
	if errors.Is(err, unix.ENOSYS) {
		return &Refusal{err, "this kernel is built without namespaces (CONFIG_NET_NS, CONFIG_USER_NS)"}
	}
	if errors.Is(err, unix.ENOSPC) {
		return &Refusal{err, "a limit below /proc/sys/user is reached (max_user_namespaces, max_net_namespaces); raise it, or run nstutor with sudo"}
	}
	return &Refusal{err, "inside a container, allow it user namespaces (docker run --security-opt seccomp=unconfined) or run it with --privileged; elsewhere, run nstutor with sudo"}
}
