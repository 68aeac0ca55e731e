package lab_test

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"nstutor/internal/lab"
)

// sh runs a script in host as a learner's shell does.
func sh(t *testing.T, l *lab.Lab, script string) string {
	t.Helper()
	cmd, err := l.Command(t.Context(), lab.Host, "sh", "-ec", script)
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s\n%s%v", script, out, err)
	}
	return string(out)
}

// TestLearnersIPCommandsWork types what the course teaches. Where ip(8) is not
// installed there is nothing to type.
func TestLearnersIPCommandsWork(t *testing.T) {
	l := newLab(t)
	if _, err := exec.LookPath("ip"); err != nil {
		t.Log("ip is not installed")
		return
	}
	out := sh(t, l, "ip netns add learner; ip netns exec learner ip -o link; ip netns identify $$")
	if !strings.Contains(out, "lo: <LOOPBACK> ") || !strings.HasSuffix(out, "\nhost\n") {
		t.Errorf("in a new namespace: %q", out)
	}
	checkPinned(t, namespace(t, l, "learner"))
	sh(t, l, "ip link add veth-learner type veth peer name eth0 netns learner")
	if !hasLink(t, l, "learner", "eth0") {
		t.Error("the cable's other end is not there")
	}
	// Its settings stay the learner's own from the moment the namespace is there.
	sh(t, l, "ip netns exec learner sh -c 'echo 1 > /proc/sys/net/ipv4/ip_forward'")
	if value, err := namespace(t, l, "learner").ReadSysctl("net/ipv4/ip_forward"); err != nil || value != "1" {
		t.Errorf("ip_forward is %q (%v)", value, err)
	}

	// /sys and /etc in front of the machine's are those of the namespace.
	out = sh(t, l, `mkdir -p /etc/netns/learner
		echo nameserver 203.0.113.53 > /etc/netns/learner/resolv.conf
		ip netns exec learner cat /etc/resolv.conf
		ip netns exec learner ls /sys/class/net`)
	if out != "nameserver 203.0.113.53\neth0\nlo\n" {
		t.Errorf("ip netns exec shows %q", out)
	}
	// A shell's /sys is that of the lab, never the machine's.
	if out = sh(t, l, "ls /sys/class/net"); strings.TrimSpace(out) != "lo" {
		t.Errorf("/sys/class/net in the lab: %q", out)
	}

	sh(t, l, "ip netns del learner")
	soon(t, time.Second, "the cable goes with the namespace", func() bool {
		return !hasLink(t, l, lab.Host, "veth-learner")
	})
	if out = sh(t, l, "ip netns list"); strings.Contains(out, "learner") {
		t.Errorf("ip netns list: %q", out)
	}
}
