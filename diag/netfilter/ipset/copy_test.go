package ipset_test

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nstutor/diag/netfilter/ipset"
	"nstutor/internal/lab/labtest"
	"nstutor/internal/nsenter"
)

// tool runs ipset(8) in a namespace.
func tool(t *testing.T, ns *nsenter.Namespace, input string, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	err := ns.Do(func() error {
		cmd := exec.Command("ipset", args...)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), &out, &out
		return cmd.Run()
	})
	if err != nil {
		t.Fatalf("ipset %v: %v: %s", args, err, out.String())
	}
	return out.String()
}

// saved are the lines of `ipset save`, which keeps the entries of a hash in no order, but for
// what a copy does not have.
func saved(t *testing.T, ns *nsenter.Namespace) map[string]int {
	t.Helper()
	lines := map[string]int{}
	for line := range strings.Lines(tool(t, ns, "", "save")) {
		if before, rest, ok := strings.Cut(line, " timeout "); ok && strings.HasPrefix(line, "add ") {
			_, rest, _ = strings.Cut(strings.TrimSpace(rest), " ")
			line = before + " " + rest
		}
		lines[strings.TrimSpace(line)]++
	}
	return lines
}

// Sets are the same out of their copy, under the indexes that rules know them by, also
// where some between them are gone.
func TestSetsAreTheSameOutOfTheirCopy(t *testing.T) {
	if _, err := exec.LookPath("ipset"); err != nil {
		t.Skip("ipset is not installed")
	}
	from, to := labtest.Netns(t, "from"), labtest.Netns(t, "to")
	tool(t, from, `create gone hash:ip
create one hash:ip
create nets hash:net comment
create also-gone hash:ip
create six hash:net family inet6 timeout 3600 counters
create ports bitmap:port range 10-90
create block bitmap:ip range 10.0.0.0/24
create pair hash:ip,port
create dev hash:net,iface
create all list:set
add one 10.0.0.1
add one 10.0.0.2
add nets 10.0.0.0/8 comment "all of them"
add nets 10.1.0.0/16 nomatch
add six fd00::/64 timeout 100 packets 7 bytes 700
add ports 80
add block 10.0.0.7
add pair 10.0.0.1,tcp:80
add pair 10.0.0.1,icmp:echo-request
add dev 10.0.0.0/24,eth0
add all one
add all nets
destroy gone
destroy also-gone
`, "restore")
	sets, err := ipset.Read(from)
	if err != nil {
		t.Fatal(err)
	}
	refused, err := ipset.Make(to, sets)
	if err != nil || len(refused) > 0 {
		t.Fatalf("%v, %v", refused, err)
	}
	want := saved(t, from)
	for line, n := range want { // counters begin at nothing
		if strings.Contains(line, " packets 7 bytes 700") {
			delete(want, line)
			want[strings.Replace(line, " packets 7 bytes 700", " packets 0 bytes 0", 1)] = n
		}
	}
	if diff := cmp.Diff(want, saved(t, to)); diff != "" {
		t.Errorf("(-original +copy)\n%s", diff)
	}
	again, err := ipset.Read(to)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range again {
		if i >= len(sets) || s.Index != sets[i].Index || s.Name() != sets[i].Name() {
			t.Errorf("%s has the index %d", s.Name(), s.Index)
		}
	}
	if len(again) != len(sets) || len(sets) != 8 {
		t.Errorf("%d sets of %d", len(again), len(sets))
	}
}

// What a kernel does not have is told, and the others keep their places.
func TestASetThatTheKernelDoesNotHaveIsTold(t *testing.T) {
	if _, err := exec.LookPath("ipset"); err != nil {
		t.Skip("ipset is not installed")
	}
	from, to := labtest.Netns(t, "from"), labtest.Netns(t, "to")
	tool(t, from, "create one hash:ip\ncreate two hash:net\nadd two 10.0.0.0/8\n", "restore")
	sets, err := ipset.Read(from)
	if err != nil {
		t.Fatal(err)
	}
	sets[0].Attrs = bytes.Replace(sets[0].Attrs, []byte("hash:ip"), []byte("hash:no"), 1)
	refused, err := ipset.Make(to, sets)
	if err != nil || len(refused) != 1 || refused[0] == nil {
		t.Errorf("%v, %v", refused, err)
	}
	again, err := ipset.Read(to)
	if err != nil || len(again) != 1 || again[0].Index != sets[1].Index || len(again[0].Entries) != 1 {
		t.Errorf("%+v, %v", again, err)
	}
}
