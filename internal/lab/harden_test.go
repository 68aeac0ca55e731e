package lab_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"nstutor/internal/lab"
)

// tamper is a lab in which somebody tries what the machine's root could do. It
// says of each attempt how it went.
func tamper(args []string) {
	if !lab.Inside() {
		code, err := lab.EnterAs(args[0])
		if err != nil {
			fmt.Println("failed:", err)
			os.Exit(2)
		}
		os.Exit(code)
	}
	l, err := lab.New(context.Background(), lab.Options{})
	if err != nil {
		fmt.Println("failed:", err)
		os.Exit(1)
	}
	defer l.Close()
	for _, path := range []string{
		"/proc/sys/kernel/core_pattern", "/proc/sys/vm/swappiness", "/proc/sys/fs/file-max", "/proc/sysrq-trigger",
		"/sys/kernel/mm/ksm/run", "/sys/kernel/profiling", "/run/nstutor/etc/passwd", "/proc/sys/net/ipv4/ip_forward",
	} {
		file, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err == nil {
			file.Close()
		}
		fmt.Printf("write %s: %v\n", path, errors.Unwrap(err))
	}
	cmd, err := l.Command(context.Background(), lab.Host, "sh", "-c",
		`echo 1 > /proc/sys/net/ipv4/ip_forward && cat /proc/sys/net/ipv4/ip_forward; echo 7 > /proc/sys/vm/swappiness || echo refused; ls /proc/self/fd | wc -w`)
	if err == nil {
		var out []byte
		out, err = cmd.CombinedOutput()
		fmt.Printf("shell: %q %v\n", out, err)
	}
	for _, argv := range [][]string{{"ip", "netns", "exec", lab.Host}, {"netns-exec", lab.Host}} {
		cmd, err := l.Command(context.Background(), lab.Host, append(argv, "sh", "-c",
			`test -d /sys/class/net/eth0 && echo 0 > /proc/sys/net/ipv4/ip_forward && for f in /sys/kernel/profiling /sys/kernel/mm/ksm/run /proc/sys/vm/swappiness; do (exec 3>$f) 2>/dev/null && echo $f opened; done; echo done`)...)
		if err == nil {
			var out []byte
			out, err = cmd.CombinedOutput()
			fmt.Printf("%s: %q %v\n", argv[0], out, err)
		}
	}
	fmt.Printf("kmsg: %v\n", sameFile("/dev/kmsg", "/dev/null"))
	fmt.Printf("hostname: %v\n", unix.Sethostname([]byte("tampered")))
	if args[0] != "root" {
		return
	}
	fmt.Printf("mknod: %v\n", unix.Mknod("/run/null", unix.S_IFCHR|0o600, 1<<8|3))
	now := unix.Timespec{}
	fmt.Printf("clock: %v\n", unix.ClockSettime(unix.CLOCK_REALTIME, &now))
	places := []string{"/run", "/proc"}
	if uids, _ := os.ReadFile("/proc/self/uid_map"); !strings.HasSuffix(strings.TrimSpace(string(uids)), " 4294967295") {
		places = places[:1] // a lab in a lab: the kernel keeps the mounts that the outer one came with
	}
	for _, path := range places {
		unix.Unmount(path, unix.MNT_DETACH)
		found, _ := filepath.Glob(path + "/*/ns/net")
		more, _ := filepath.Glob(path + "/netns/*")
		for _, entry := range append(found, more...) {
			var st unix.Statfs_t
			if unix.Statfs(entry, &st) == nil && st.Type == unix.NSFS_MAGIC {
				fmt.Printf("below %s: %s\n", path, entry)
			}
		}
	}
}

func sameFile(a, b string) bool {
	one, errA := os.Stat(a)
	two, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(one, two) || errors.Is(errA, os.ErrNotExist)
}

// TestTheLabLeavesTheMachinesSettingsAlone: root's files are root's in a lab
// that root has started, and yet not to be written there.
func TestTheLabLeavesTheMachinesSettingsAlone(t *testing.T) {
	hostname, _ := os.Hostname()
	spare, err := os.Open("/proc/self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	defer spare.Close()
	// A container has files in its /etc that are mounts of their own.
	const machines = "/run/nstutor/etc/passwd"
	own := filepath.Join(t.TempDir(), "passwd")
	if err := os.WriteFile(own, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount(own, machines, "", unix.MS_BIND, ""); err != nil {
		t.Fatal(err)
	}
	defer unix.Unmount(machines, unix.MNT_DETACH)
	for _, mode := range []string{"user", "root"} {
		cmd := exec.Command("/proc/self/exe", "tamper", mode)
		cmd.ExtraFiles = []*os.File{nil, spare, spare} // one at 3 is the status of a birth
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v: %s", mode, err, out)
		}
		for line := range strings.Lines(string(out)) {
			line = strings.TrimSpace(line)
			want := map[string]string{
				"write /proc/sys/net/ipv4/ip_forward": "<nil>", "kmsg": "true", "hostname": "<nil>",
				"mknod": "operation not permitted", "clock": "operation not permitted",
			}
			what, got, _ := strings.Cut(line, ": ")
			switch w, known := want[what]; {
			case known && got != w:
				t.Errorf("%s: %s; want %s", mode, line, w)
			case strings.HasPrefix(what, "write") && !known && got != "read-only file system" && got != "no such file or directory" && got != "permission denied":
				t.Errorf("%s: %s", mode, line)
			case what == "shell" && !strings.HasPrefix(got, `"1\n`):
				t.Errorf("%s: the lab's own setting cannot be written: %s", mode, line)
			case what == "shell" && (!strings.Contains(got, `refused\n`) || !strings.Contains(got, `\n4\n`)):
				t.Errorf("%s: settings of the machine, or descriptors, in a shell: %s", mode, line)
			case (what == "ip" || what == "netns-exec") && got != `"done\n" <nil>`:
				t.Errorf("%s: in a namespace: %s", mode, line)
			case strings.HasPrefix(what, "below"):
				t.Errorf("%s: there is a way to the machine's namespaces: %s", mode, line)
			}
		}
		for _, line := range []string{"write /proc/sys/kernel/core_pattern: ", "shell: ", "netns-exec: ", "hostname: "} {
			if !strings.Contains(string(out), line) {
				t.Errorf("%s: %q was not tried: %s", mode, line, out)
			}
		}
		if now, _ := os.Hostname(); now != hostname {
			t.Errorf("%s: the machine is called %s now", mode, now)
		}
	}
}
