package lab_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"nstutor/internal/lab"
	"nstutor/internal/lab/labtest"
)

// TestWhoGivesUpBeingRootStaysWhoItIs: in a lab without root there is nobody else to
// become, and tcpdump does not begin before it was told that it has.
func TestWhoGivesUpBeingRootStaysWhoItIs(t *testing.T) {
	if lab.Open() {
		t.Log("the lab was born as root, where all users are there")
		return
	}
	group := uint32(105)
	for _, c := range []struct {
		name string
		call uintptr
		args [3]uintptr
	}{
		{"setgroups", unix.SYS_SETGROUPS, [3]uintptr{1, uintptr(unsafe.Pointer(&group))}},
		{"setgid", unix.SYS_SETGID, [3]uintptr{105}},
		{"setuid", unix.SYS_SETUID, [3]uintptr{102}},
		{"setresuid", unix.SYS_SETRESUID, [3]uintptr{102, 102, 102}},
		{"setresgid", unix.SYS_SETRESGID, [3]uintptr{^uintptr(0), 105, 0}},
		{"setuid to root", unix.SYS_SETUID, [3]uintptr{0}},
	} {
		if _, _, errno := unix.RawSyscall(c.call, c.args[0], c.args[1], c.args[2]); errno != 0 {
			t.Errorf("%s: %v", c.name, errno)
		}
	}
	if os.Getuid() != 0 || os.Geteuid() != 0 || os.Getgid() != 0 {
		t.Errorf("it is user %d, %d, group %d now", os.Getuid(), os.Geteuid(), os.Getgid())
	}
}

// TestTcpdumpRunsAsItIsTyped, where it is installed.
func TestTcpdumpRunsAsItIsTyped(t *testing.T) {
	labtest.Slow(t)
	if _, err := exec.LookPath("tcpdump"); err != nil {
		t.Log("tcpdump is not installed")
		return
	}
	l := newLab(t)
	for _, options := range []string{"", "-Z root"} {
		seen := filepath.Join(t.TempDir(), "seen")
		out := sh(t, l, "tcpdump "+options+" -n -l -c 1 -i eth0 arp > "+seen+` 2>&1 & dump=$!
			until grep -q listening `+seen+`; do kill -0 $dump || break; sleep 0.02; done
			ping -c 1 -W 1 192.168.6.99 >/dev/null 2>&1 || true
			wait $dump || true
			cat `+seen)
		if !strings.Contains(out, "who-has 192.168.6.99 tell 192.168.6.160") {
			t.Errorf("tcpdump %s says %q", options, out)
		}
	}
}
