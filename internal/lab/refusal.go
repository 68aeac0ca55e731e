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
}

var (
	overLimit = []syscall.Errno{unix.ENOSPC}
	forbidden = []syscall.Errno{unix.EPERM, unix.EACCES}
)

var obstacles = []obstacle{
	{"proc/sys/user/max_user_namespaces", "0", overLimit,
		"the limit of user namespaces is 0. Raise it with `sudo sysctl user.max_user_namespaces=1000`, or run nstutor with sudo"},
	{"proc/sys/user/max_net_namespaces", "0", overLimit,
		"the limit of network namespaces is 0. Raise it with `sudo sysctl user.max_net_namespaces=1000`"},
	{"proc/sys/user/max_pid_namespaces", "0", overLimit,
		"the limit of PID namespaces is 0. Raise it with `sudo sysctl user.max_pid_namespaces=1000`"},
	{"proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1", forbidden,
		"AppArmor forbids user namespaces to ordinary programs (Ubuntu 23.10 and later). " +
			"Allow them until the next boot with `sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0`, or run nstutor with sudo"},
	{"proc/sys/kernel/unprivileged_userns_clone", "0", forbidden,
		"user namespaces are off for ordinary users. Enable them with `sudo sysctl kernel.unprivileged_userns_clone=1`, or run nstutor with sudo"},
}

// unexplained is what to do about an answer that no setting explains.
var unexplained = []struct {
	answer syscall.Errno
	advice string
}{
	{unix.ENOSYS, "this kernel is built without namespaces (CONFIG_NET_NS, CONFIG_USER_NS, CONFIG_PID_NS)"},
	{unix.ENOSPC, "a limit below /proc/sys/user is reached (max_user_namespaces, max_net_namespaces); raise it, or run nstutor with sudo"},
	{unix.ENOENT, "a folder is missing that the lab covers with its own; in a container without /run, start it with `--tmpfs /run`"},
	{unix.EMFILE, "this user or shell has too many files open: raise `ulimit -n`, or close some"},
	{unix.ENFILE, "the machine has too many files open (fs.file-max)"},
	{unix.EAGAIN, "this user has too many processes: raise `ulimit -u`, or end some"},
}

// containers is what lets a lab be born in a container.
const containers = "in a Docker container, run it with `--security-opt seccomp=unconfined --security-opt systempaths=unconfined`, " +
	"or with `--cap-add NET_ADMIN --cap-add SYS_ADMIN`; with podman, `--security-opt unmask=ALL` is enough"

// confined is what AppArmor's profile for containers takes besides: it lets
// nothing in them be mounted.
const confined = "; this machine has AppArmor, so add `--security-opt apparmor=unconfined`"

// marks are the files by which a container tells that it is one: Docker's, and
// podman's.
var marks = []string{".dockerenv", "run/.containerenv"}

// contained says whether the file system at root is a container's. What forbids
// namespaces there is the container, and no setting can be changed from within.
func contained(root string) bool {
	return slices.ContainsFunc(marks, func(mark string) bool {
		_, err := os.Stat(filepath.Join(root, mark))
		return err == nil
	})
}

// forContainers is the advice for a container on this machine.
func forContainers(root string) string {
	enabled, _ := os.ReadFile(filepath.Join(root, "sys/module/apparmor/parameters/enabled"))
	if strings.TrimSpace(string(enabled)) == "Y" {
		return containers + confined
	}
	return containers
}

// refusal explains err, the answer to the way of being born that came furthest,
// by the machine's settings; root is where its file system begins.
func refusal(root string, err error) error {
	var answer syscall.Errno
	errors.As(err, &answer)
	if answer == unix.EROFS || contained(root) && slices.Contains(forbidden, answer) {
		return &Refusal{err, forContainers(root)}
	}
	for _, o := range obstacles {
		data, readErr := os.ReadFile(filepath.Join(root, o.path))
		if readErr == nil && strings.TrimSpace(string(data)) == o.forbid && slices.Contains(o.answers, answer) {
			return &Refusal{err, o.advice}
		}
	}
	for _, u := range unexplained {
		if answer == u.answer {
			return &Refusal{err, u.advice}
		}
	}
	return &Refusal{err, forContainers(root) + "; elsewhere, run nstutor with sudo"}
}
