package lab_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"nstutor/internal/lab"
	"nstutor/internal/say"
)

// refused forbids its own user namespace to have children, and says what Enter
// answers then.
func refused([]string) {
	if lab.Inside() {
		fmt.Println("a lab was born")
		return
	}
	if err := os.WriteFile("/proc/sys/user/max_user_namespaces", []byte("0"), 0); err != nil {
		fmt.Println("failed:", err)
		return
	}
	_, err := lab.Enter()
	var refusal *lab.Refusal
	fmt.Printf("uid %d, refusal %v: %v\n", os.Getuid(), errors.As(err, &refusal), err)
}

func TestWithoutUserNamespacesEnterSaysWhatToEnable(t *testing.T) {
	settingsWritable(t)
	cmd := exec.Command("/proc/self/exe", "refused")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 1000, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 1000, HostID: os.Getgid(), Size: 1}},
		AmbientCaps: []uintptr{unix.CAP_SYS_RESOURCE},
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, want := range []string{"uid 1000, refusal true", "no space left on device", "sudo sysctl user.max_user_namespaces=1000"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("Enter said %q, without %q", out, want)
		}
	}
}

// settingsWritable opens the settings of the lab that the tests run in: its own
// user namespace has made them read-only, and may take that back.
func settingsWritable(t *testing.T) {
	t.Helper()
	const flags = unix.MS_REMOUNT | unix.MS_BIND | unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC | unix.MS_RELATIME
	if err := unix.Mount("none", "/proc/sys", "", flags, ""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Mount("none", "/proc/sys", "", flags|unix.MS_RDONLY, "") })
}

func TestRefusalNamesTheObstacle(t *testing.T) {
	const apparmor = "proc/sys/kernel/apparmor_restrict_unprivileged_userns"
	const enforced = "sys/module/apparmor/parameters/enabled"
	const clone = "proc/sys/kernel/unprivileged_userns_clone"
	const users = "proc/sys/user/max_user_namespaces"
	const nets = "proc/sys/user/max_net_namespaces"
	const pids = "proc/sys/user/max_pid_namespaces"
	for _, test := range []struct {
		name   string
		files  map[string]string
		answer error
		want   string
	}{
		{"AppArmor on Ubuntu", map[string]string{apparmor: "1\n", clone: "1\n", users: "63432\n"}, unix.EACCES, "sysctl kernel.apparmor_restrict_unprivileged_userns=0"},
		{"AppArmor, another answer", map[string]string{apparmor: "1\n"}, unix.EPERM, "AppArmor"},
		{"AppArmor off", map[string]string{apparmor: "0\n"}, unix.EPERM, "container"},
		{"old Debian", map[string]string{clone: "0\n"}, unix.EPERM, "sysctl kernel.unprivileged_userns_clone=1"},
		{"no user namespaces", map[string]string{users: "0\n", apparmor: "1\n"}, unix.ENOSPC, "sysctl user.max_user_namespaces=1000"},
		{"no network namespaces", map[string]string{users: "9\n", nets: "0\n"}, unix.ENOSPC, "sysctl user.max_net_namespaces=1000"},
		{"no PID namespaces", map[string]string{pids: "0\n"}, unix.ENOSPC, "sysctl user.max_pid_namespaces=1000"},
		{"limit reached", map[string]string{users: "9\n"}, unix.ENOSPC, "/proc/sys/user"},
		{"old kernel", nil, unix.ENOSYS, "CONFIG_USER_NS"},
		{"read-only settings", map[string]string{apparmor: "1\n"}, unix.EROFS, "systempaths=unconfined"},
		{"a container's filter", nil, unix.EPERM, "seccomp=unconfined --security-opt systempaths=unconfined"},
		{"podman", nil, unix.EPERM, "unmask=ALL"},
		{"Docker on Ubuntu", map[string]string{".dockerenv": "", apparmor: "1\n", enforced: "Y\n"}, unix.EPERM, "systempaths=unconfined"},
		{"a profile that mounts nothing", map[string]string{".dockerenv": "", apparmor: "1\n", enforced: "Y\n"}, unix.EACCES, "apparmor=unconfined"},
		{"podman on Ubuntu", map[string]string{"run/.containerenv": "", apparmor: "1\n"}, unix.EPERM, "unmask=ALL"},
		{"an image without /run", map[string]string{".dockerenv": ""}, unix.ENOENT, "--tmpfs /run"},
		{"too many open files", nil, unix.EMFILE, "ulimit -n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			root := t.TempDir()
			for path, content := range test.files {
				full := filepath.Join(root, path)
				if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(full, []byte(content), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			err := lab.Explain(root, say.At("user", &os.PathError{Op: "fork/exec", Path: "/proc/self/exe", Err: test.answer}), dockersRoot)
			var refusal *lab.Refusal
			if !errors.As(err, &refusal) || !errors.Is(err, test.answer) {
				t.Fatalf("%v is no refusal because of %v", err, test.answer)
			}
			if !strings.Contains(refusal.Advice.String(), test.want) || !strings.Contains(err.Error(), test.answer.Error()) {
				t.Errorf("it says %q, want %q and %q", err, test.want, test.answer)
			}
		})
	}
}

// TestTheAttemptThatCameFurthestIsTold: in a container root's own attempt ends
// at the first system call, and what it says would hide what is missing.
func TestTheAttemptThatCameFurthestIsTold(t *testing.T) {
	unborn, furnished := lab.Unborn(unix.EPERM), lab.Unfurnished(unix.EROFS)
	for _, test := range []struct {
		name        string
		user, root  error
		wantsAnswer error
	}{
		{"both unborn", lab.Unborn(unix.ENOSPC), unborn, unix.ENOSPC},
		{"user mode was born", furnished, unborn, unix.EROFS},
		{"root mode was born", unborn, furnished, unix.EROFS},
		{"both were born", furnished, lab.Unfurnished(unix.EPERM), unix.EROFS},
	} {
		got := lab.Further(lab.Further(nil, test.user), test.root)
		if !errors.Is(got, test.wantsAnswer) {
			t.Errorf("%s: %v is told, not %v", test.name, got, test.wantsAnswer)
		}
	}
}
