package lab

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

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

// obstacle is a setting that forbids namespaces, and how to lift it.
type obstacle struct {
	path    string          // below the root
	forbid  string          // the value that forbids
	answers []syscall.Errno // what the kernel says then
	advice  string
	users   bool // it forbids no more than user namespaces: root has no need of them
}

// bySudo is the way around an obstacle that is none to root.
const bySudo = ", or run nstutor with sudo"

var (
	overLimit = []syscall.Errno{unix.ENOSPC}
	forbidden = []syscall.Errno{unix.EPERM, unix.EACCES}
)

var obstacles = []obstacle{
	{"proc/sys/user/max_user_namespaces", "0", overLimit,
		"the limit of user namespaces is 0. Raise it with `sudo sysctl user.max_user_namespaces=1000`", true},
	{"proc/sys/user/max_net_namespaces", "0", overLimit,
		"the limit of network namespaces is 0. Raise it with `sudo sysctl user.max_net_namespaces=1000`", false},
	{"proc/sys/user/max_pid_namespaces", "0", overLimit,
		"the limit of PID namespaces is 0. Raise it with `sudo sysctl user.max_pid_namespaces=1000`", false},
	{"proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1", forbidden,
		"AppArmor forbids user namespaces to ordinary programs (Ubuntu 23.10 and later). " +
			"Allow them until the next boot with `sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0`", true},
	{"proc/sys/kernel/unprivileged_userns_clone", "0", forbidden,
		"user namespaces are off for ordinary users. Enable them with `sudo sysctl kernel.unprivileged_userns_clone=1`", true},
}

// unexplained is what to do about an answer that no setting explains.
var unexplained = []struct {
	answer syscall.Errno
	advice string
	users  bool
}{
	{unix.ENOSYS, "this kernel is built without namespaces (CONFIG_NET_NS, CONFIG_USER_NS, CONFIG_PID_NS)", false},
	{unix.ENOSPC, "a limit below /proc/sys/user is reached (max_user_namespaces, max_net_namespaces); raise it", true},
	{unix.ENOENT, "a folder is missing that the lab covers with its own; in a container without /run, start it with `--tmpfs /run`", false},
	{unix.EMFILE, "this user or shell has too many files open: raise `ulimit -n`, or close some", false},
	{unix.ENFILE, "the machine has too many files open (fs.file-max)", false},
	{unix.EAGAIN, "this user has too many processes: raise `ulimit -u`, or end some", false},
}

// refusal explains err, the answer to the way of being born that came furthest,
// by the machine's settings; root is where its file system begins.
func refusal(root string, err error, by asker) error {
	advice, sudo := advise(root, err, by, false)
	if sudo {
		advice += bySudo
	}
	return &Refusal{err, advice}
}

// advise says what to enable after err, and whether root would not need it. With
// users it is asked for a user namespace, by root.
func advise(root string, err error, by asker, users bool) (advice string, sudo bool) {
	var answer syscall.Errno
	errors.As(err, &answer)
	if answer == unix.EROFS || contained(root) && slices.Contains(forbidden, answer) {
		return by.container(root, users), false
	}
	for _, o := range obstacles {
		data, readErr := os.ReadFile(filepath.Join(root, o.path))
		if readErr == nil && strings.TrimSpace(string(data)) == o.forbid && slices.Contains(o.answers, answer) {
			return o.advice, o.users
		}
	}
	for _, u := range unexplained {
		if answer == u.answer {
			return u.advice, u.users
		}
	}
	if users {
		return by.container(root, users), false
	}
	return by.container(root, users) + "; elsewhere, run nstutor with sudo", false
}
