package explain_test

import (
	"encoding/binary"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"nstutor/diag/explain"
	"nstutor/diag/explain/cause"
	"nstutor/internal/nsenter"
)

// TestQueues: what a rule hands to a program is lost where none listens, unless the rule
// has it pass; where one does, it decides.
func TestQueues(t *testing.T) {
	iptables, err := exec.LookPath("iptables")
	if err != nil {
		t.Skip(err)
	}
	w := newFilterWorld(t)
	rule := func(verb string, options ...string) {
		t.Helper()
		w.must(w.r.Do(func() error {
			return exec.Command(iptables, append([]string{verb, "FORWARD", "-p", "icmp", "-j", "NFQUEUE"}, options...)...).Run()
		}))
	}
	rule("-A", "--queue-balance", "5:7")
	for _, probe := range []bool{false, true} {
		a := w.explain(0, probe)
		if a.Cause.Code != cause.Filtered || a.Cause.Netns != w.r.Name() || !strings.Contains(a.Cause.Detail.String(), "no program listens") {
			t.Fatalf("probe %v: %s in %s: %s", probe, a.Cause.Code, a.Cause.Netns, a.Cause.Detail)
		}
	}
	listener := listen(t, w.r, 6)
	if a := w.explain(0, false); a.Verdict != explain.Undecided {
		t.Errorf("where a program listens: %s, %s", a.Verdict, a.Cause.Detail)
	}
	unix.Close(listener)
	rule("-D", "--queue-balance", "5:7")
	rule("-A", "--queue-num", "6", "--queue-bypass")
	for _, probe := range []bool{false, true} {
		if a := w.explain(0, probe); a.Verdict != explain.Delivered || len(a.Unseen) > 0 {
			t.Errorf("probe %v: past a queue without a program: %s, %s, %v", probe, a.Verdict, a.Cause.Detail, a.Unseen)
		}
	}
}

// listen is a program that listens on a queue and never answers: a socket that is bound
// to it (NFQNL_MSG_CONFIG, NFQNL_CFG_CMD_BIND).
func listen(t *testing.T, ns *nsenter.Namespace, queue uint16) (fd int) {
	t.Helper()
	const config, bind, cmd = unix.NFNL_SUBSYS_QUEUE<<8 | 2, 1, 1
	message := make([]byte, unix.SizeofNlMsghdr+4+8)
	binary.NativeEndian.PutUint32(message, uint32(len(message)))
	binary.NativeEndian.PutUint16(message[4:], config)
	binary.NativeEndian.PutUint16(message[6:], unix.NLM_F_REQUEST|unix.NLM_F_ACK)
	body := message[unix.SizeofNlMsghdr:]
	binary.BigEndian.PutUint16(body[2:], queue)
	binary.NativeEndian.PutUint16(body[4:], 8)
	binary.NativeEndian.PutUint16(body[6:], cmd)
	body[8] = bind
	err := ns.Do(func() (err error) {
		if fd, err = unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_NETFILTER); err != nil {
			return err
		}
		return unix.Sendto(fd, message, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK})
	})
	if err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 256)
	if n, _, err := unix.Recvfrom(fd, answer, 0); err != nil || n < unix.SizeofNlMsghdr+4 || binary.NativeEndian.Uint32(answer[unix.SizeofNlMsghdr:]) != 0 {
		t.Skipf("bind queue %d: % x, %v", queue, answer[:max(n, 0)], err)
	}
	return fd
}
