package explain_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"nstutor/diag/explain"
	"nstutor/diag/explain/cause"
	"nstutor/internal/lab/labtest"
)

// TestWhatLeavesByATapIsHandedToItsProgram: the program is named, without a ping and
// with one that nobody answers; without a program the device has no carrier.
func TestWhatLeavesByATapIsHandedToItsProgram(t *testing.T) {
	labtest.Slow(t)
	b := routed.build(t)
	fd := -1
	err := b.spaces["host"].Do(func() (err error) {
		fd, err = unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC, 0)
		return err
	})
	if err != nil {
		t.Skipf("there are no tap devices here: %v", err)
	}
	request, err := unix.NewIfreq("vm0")
	if err != nil {
		t.Fatal(err)
	}
	request.SetUint16(unix.IFF_TAP | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, request); err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetInt(fd, unix.TUNSETPERSIST, 1); err != nil {
		t.Fatal(err)
	}
	b.run(`
host: ip addr add 10.9.0.1/24 dev vm0
host: ip link set vm0 up
host: ip neigh replace 10.9.0.2 lladdr 02:00:00:00:00:09 dev vm0 nud permanent`)
	ping := breakage{from: "host", to: "10.9.0.2"}
	program := fmt.Sprintf("(pid %d)", os.Getpid())
	before := b.explain(ping, false)
	if before.Verdict != explain.Undecided || before.Beyond != "vm0" || !strings.Contains(before.Cause.Detail.In("en"), program) {
		t.Errorf("without a probe: %s, beyond %q: %s\n%s", before.Verdict, before.Beyond, before.Cause.Detail, b.account(before))
	}
	after := b.explain(ping, true)
	if after.Verdict != explain.Broken || after.Beyond != "vm0" || !strings.Contains(after.Cause.Detail.In("en"), program) {
		t.Errorf("with a probe: %s, beyond %q: %s\n%s", after.Verdict, after.Beyond, after.Cause.Detail, b.account(after))
	}
	if err := unix.Close(fd); err != nil {
		t.Fatal(err)
	}
	for _, probe := range []bool{false, true} {
		a := b.explain(ping, probe)
		if a.Verdict != explain.Broken || a.Cause.Code != cause.NoCarrier || b.script(a.Cause.Netns) != "host" || a.Beyond != "" {
			t.Errorf("without a program, probe %v: %s, %s in %s\n%s", probe, a.Verdict, a.Cause.Code, a.Cause.Netns, b.account(a))
		}
	}
}
