package lab

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"nstutor/internal/say"

	"golang.org/x/sys/unix"
)

// Refusal says why this machine allows no lab, and what would.
type Refusal struct {
	Err    error    // what the kernel answered
	Advice say.Text // what to enable
}

// In is the whole sentence in a language.
func (r *Refusal) In(lang string) string {
	return say.T("cannot make an isolated network here (%v): %s", "这里无法建立隔离的网络（%v）：%s", r.Err, r.Advice).In(lang)
}

func (r *Refusal) Error() string { return r.In("en") }

func (r *Refusal) Unwrap() error { return r.Err }

// obstacle is a setting that forbids namespaces, and how to lift it.
type obstacle struct {
	path    string          // below the root
	forbid  string          // the value that forbids
	answers []syscall.Errno // what the kernel says then
	advice  say.Text
	users   bool // it forbids no more than user namespaces: root has no need of them
}

var (
	overLimit = []syscall.Errno{unix.ENOSPC}
	forbidden = []syscall.Errno{unix.EPERM, unix.EACCES}
)

var obstacles = []obstacle{
	{"proc/sys/user/max_user_namespaces", "0", overLimit,
		say.T("the limit of user namespaces is 0. Raise it with `sudo sysctl user.max_user_namespaces=1000`",
			"用户命名空间的上限是 0。用 `sudo sysctl user.max_user_namespaces=1000` 调高"), true},
	{"proc/sys/user/max_net_namespaces", "0", overLimit,
		say.T("the limit of network namespaces is 0. Raise it with `sudo sysctl user.max_net_namespaces=1000`",
			"网络命名空间的上限是 0。用 `sudo sysctl user.max_net_namespaces=1000` 调高"), false},
	{"proc/sys/user/max_pid_namespaces", "0", overLimit,
		say.T("the limit of PID namespaces is 0. Raise it with `sudo sysctl user.max_pid_namespaces=1000`",
			"PID 命名空间的上限是 0。用 `sudo sysctl user.max_pid_namespaces=1000` 调高"), false},
	{"proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1", forbidden,
		say.T("AppArmor forbids user namespaces to ordinary programs (Ubuntu 23.10 and later). "+
			"Allow them until the next boot with `sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0`",
			"AppArmor 不许普通程序使用用户命名空间（Ubuntu 23.10 起）。"+
				"用 `sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0` 放开，到下次启动为止"), true},
	{"proc/sys/kernel/unprivileged_userns_clone", "0", forbidden,
		say.T("user namespaces are off for ordinary users. Enable them with `sudo sysctl kernel.unprivileged_userns_clone=1`",
			"普通用户不能使用用户命名空间。用 `sudo sysctl kernel.unprivileged_userns_clone=1` 启用"), true},
}

// unexplained is what to do about an answer that no setting explains.
var unexplained = []struct {
	answer syscall.Errno
	advice say.Text
	users  bool
}{
	{unix.ENOSYS, say.T("this kernel is built without namespaces (CONFIG_NET_NS, CONFIG_USER_NS, CONFIG_PID_NS)",
		"内核编译时没有启用命名空间（CONFIG_NET_NS、CONFIG_USER_NS、CONFIG_PID_NS）"), false},
	{unix.ENOSPC, say.T("a limit below /proc/sys/user is reached (max_user_namespaces, max_net_namespaces); raise it",
		"达到了 /proc/sys/user 下的某个上限（max_user_namespaces、max_net_namespaces）；请调高"), true},
	{unix.ENOENT, say.T("a folder is missing that the lab covers with its own; in a container without /run, start it with `--tmpfs /run`",
		"缺少一个要由实验网络覆盖的目录；容器里没有 /run 时，请用 `--tmpfs /run` 启动容器"), false},
	{unix.EMFILE, say.T("this user or shell has too many files open: raise `ulimit -n`, or close some",
		"当前用户或 shell 打开的文件太多：请调高 `ulimit -n`，或者关闭一些"), false},
	{unix.ENFILE, say.T("the machine has too many files open (fs.file-max)", "本机打开的文件太多（fs.file-max）"), false},
	{unix.EAGAIN, say.T("this user has too many processes: raise `ulimit -u`, or end some",
		"当前用户的进程太多：请调高 `ulimit -u`，或者结束一些"), false},
}

// refusal explains err, the answer to the way of being born that came furthest,
// by the machine's settings; root is where its file system begins.
func refusal(root string, err error, by asker) error {
	advice, sudo := advise(root, err, by, false)
	if sudo {
		advice = say.T("%s, or run nstutor with sudo", "%s，或者用 sudo 运行 nstutor", advice)
	}
	return &Refusal{err, advice}
}

// advise says what to enable after err, and whether root would not need it. With
// users it is asked for a user namespace, by root.
func advise(root string, err error, by asker, users bool) (advice say.Text, sudo bool) {
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
	return say.T("%s; elsewhere, run nstutor with sudo", "%s；不在容器中时，请用 sudo 运行 nstutor", by.container(root, users)), false
}
