package lab_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"nstutor/internal/lab"
)

// typed runs a line in netns as the learner would, and returns what it printed.
func typed(t *testing.T, l *lab.Lab, netns, line string) string {
	t.Helper()
	cmd, err := l.Typed(t.Context(), netns, line)
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %s\n%s%v", netns, line, out, err)
	}
	return string(out)
}

func TestTypedHasTheNamespacesOwnFiles(t *testing.T) {
	l := newLab(t)
	if err := l.AddNetns("ns1"); err != nil {
		t.Fatal(err)
	}
	for netns, want := range map[string]string{lab.Host: "eth0\nlo\n", lab.Inet: "lo\nup0\n", "ns1": "lo\n"} {
		if got := typed(t, l, netns, "ls /sys/class/net"); got != want {
			t.Errorf("%s: /sys/class/net has %q, want %q", netns, got, want)
		}
	}
	typed(t, l, lab.Host, "mkdir -p /etc/netns/ns1; echo nameserver 203.0.113.53 > /etc/netns/ns1/resolv.conf; echo 192.0.2.1 sea > /etc/netns/ns1/hosts")
	if got, want := typed(t, l, "ns1", "cat /etc/resolv.conf /etc/hosts"), "nameserver 203.0.113.53\n192.0.2.1 sea\n"; got != want {
		t.Errorf("ns1: /etc/resolv.conf and /etc/hosts are %q, want %q", got, want)
	}
	if got := typed(t, l, lab.Host, "cat /etc/resolv.conf /etc/hosts"); strings.Contains(got, "203.0.113.53") || strings.Contains(got, "sea") {
		t.Errorf("host has the files of ns1: %q", got)
	}
	// A file that has nothing to stand in front of is told, and does no harm.
	typed(t, l, lab.Host, "echo > /etc/netns/ns1/no-such-file")
	if got := typed(t, l, "ns1", "echo ran"); !strings.Contains(got, "no-such-file") || !strings.HasSuffix(got, "ran\n") {
		t.Errorf("with a file that /etc does not have: %q", got)
	}
	// What is mounted for one command is seen by no other.
	if got := typed(t, l, lab.Host, "mount -t tmpfs none /mnt; ls /sys/class/net"); got != "eth0\nlo\n" {
		t.Errorf("mounting in the lab: %q", got)
	}
	if mounts, err := os.ReadFile("/proc/self/mounts"); err != nil || strings.Contains(string(mounts), " /mnt ") {
		t.Errorf("the command's mount is seen outside of it (%v)", err)
	}
}

// TestTypedNamespacesAreSeenByAll is where `ip netns exec` falls short: it keeps
// namespaces that are made inside for itself.
func TestTypedNamespacesAreSeenByAll(t *testing.T) {
	l := newLab(t)
	if _, err := exec.LookPath("ip"); err != nil {
		t.Log("ip is not installed")
		return
	}
	typed(t, l, lab.Host, "ip netns add fresh")
	if got := typed(t, l, lab.Inet, "ip netns exec fresh ls /sys/class/net; ip netns list"); !strings.HasPrefix(got, "lo\n") || !strings.Contains(got, "fresh") {
		t.Errorf("another command sees %q", got)
	}
	checkPinned(t, namespace(t, l, "fresh"))
	typed(t, l, lab.Inet, "ip netns del fresh")
	if _, err := l.NS("fresh"); !errors.Is(err, lab.ErrNoNamespace) {
		t.Errorf("after `ip netns del` in another namespace: %v", err)
	}
}

func TestTypedIsTheLearnersOwn(t *testing.T) {
	l := newLab(t)
	t.Setenv("HOME", "/home/learner")
	t.Setenv("TERM", "xterm-256color")
	got := typed(t, l, lab.Host, `echo "$HOME $TERM"; case :$PATH: in *:/sbin:*) echo sbin;; esac; env | grep -c NSTUTOR || true`)
	if want := "/home/learner xterm-256color\nsbin\n0\n"; got != want {
		t.Errorf("environment %q, want %q", got, want)
	}
	// Nobody is asked anything at the course's terminal.
	if got := typed(t, l, lab.Host, "(: < /dev/tty) 2>/dev/null || echo no terminal; read x || echo no input"); got != "no terminal\nno input\n" {
		t.Errorf("terminal and input: %q", got)
	}
	cmd, err := l.Typed(t.Context(), lab.Host, "exit 42")
	if err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := cmd.Run(); !errors.As(err, &exit) || exit.ExitCode() != 42 {
		t.Errorf("exit 42: %v", err)
	}
	if _, err := l.Typed(t.Context(), "nowhere", "true"); !errors.Is(err, lab.ErrNoNamespace) {
		t.Errorf("in a namespace that is not there: %v", err)
	}
}

func TestTypedEndsWithItsContext(t *testing.T) {
	l := newLab(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cmd, err := l.Typed(ctx, lab.Host, "sleep 4711 & setsid sleep 4712 & while :; do :; done")
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	soon(t, 3*time.Second, "both run in the background", func() bool { return runs("sleep\x004711") && runs("sleep\x004712") })
	cancel()
	if err := cmd.Wait(); err == nil {
		t.Error("a command that was stopped says that all went well")
	}
	soon(t, time.Second, "its process group is gone", func() bool { return !runs("sleep\x004711") })
	if !runs("sleep\x004712") {
		t.Error("a daemon does not stay in the lab")
	}
	end(t, "sleep\x004712")
}

// TestTypedLeavesItsBackgroundAlone: the line's end is not the daemon's.
func TestTypedLeavesItsBackgroundAlone(t *testing.T) {
	l := newLab(t)
	ctx, cancel := context.WithCancel(t.Context())
	cmd, err := l.Typed(ctx, lab.Host, "sleep 4713 & echo started")
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil || string(out) != "started\n" {
		t.Errorf("%q, %v", out, err)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("took %v: waited for what is in the background", took)
	}
	cancel()
	time.Sleep(50 * time.Millisecond)
	if !runs("sleep\x004713") {
		t.Error("the background did not outlive the line")
	}
	end(t, "sleep\x004713")
}

// runs says whether a process of the lab has a command line with these words.
func runs(words string) bool { return stateOf(words) != "" }

// stateOf is the letter that ps shows for such a process.
func stateOf(words string) (letter string) {
	eachProcess(words, func(_ int, state string) { letter = state })
	return letter
}

// end kills such processes, and waits until nothing of them is left.
func end(t *testing.T, words string) {
	t.Helper()
	eachProcess(words, func(pid int, _ string) { unix.Kill(pid, unix.SIGKILL) })
	soon(t, 3*time.Second, "they are gone", func() bool { return !runs(words) && zombies(t) == 0 })
}

func eachProcess(words string, see func(pid int, state string)) {
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		line, err := os.ReadFile("/proc/" + e.Name() + "/cmdline")
		if err != nil || !strings.HasPrefix(string(line), words) {
			continue
		}
		stat, _ := os.ReadFile("/proc/" + e.Name() + "/stat")
		pid, _ := strconv.Atoi(e.Name())
		if _, rest, ok := strings.Cut(string(stat), ") "); ok && pid > 1 {
			see(pid, rest[:1])
		}
	}
}
