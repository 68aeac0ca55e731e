package lab_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nstutor/internal/lab"
)

// TestWhatIsNotInstalledIsStoodInFor: this program under the name of another makes what
// one types, shows what one asks for, and says in one sentence what it does not know.
func TestWhatIsNotInstalledIsStoodInFor(t *testing.T) {
	l := newLab(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range []string{"ip", "nft", "conntrack", "sysctl"} {
		if err := os.Symlink(self, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	typed := func(line string) (string, error) {
		cmd, err := l.Command(t.Context(), lab.Host, "sh", "-ec", "PATH="+dir+":$PATH; "+line)
		if err != nil {
			t.Fatal(err)
		}
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	for _, test := range []struct{ line, says string }{
		{"nft add table ip own; nft 'add chain ip own c { type filter hook output priority 0; }'; nft add rule ip own c ip daddr 10.0.0.1 counter drop; nft list ruleset", "ip own c ip daddr 10.0.0.1 drop"},
		{"ip route add 10.9.0.0/16 dev eth0; ip route", "10.9.0.0/16 dev eth0"},
		{"ip -n inet route add 10.8.0.0/16 dev up0; ip -n inet route show", "10.8.0.0/16 dev up0"},
		{"ip netns exec inet ip addr", "192.168.6.1/24"},
		{"sysctl -w net.ipv4.ip_forward=1; cat /proc/sys/net/ipv4/ip_forward", "1"},
		{"ip neigh; ip link", "lo: <LOOPBACK"},
		{"conntrack -L", ""},
	} {
		if out, err := typed(test.line); err != nil || !strings.Contains(out, test.says) {
			t.Errorf("%s: %q, %v", test.line, out, err)
		}
	}
	for _, line := range []string{"nft nonsense", "ip route get 10.0.0.1", "conntrack -Z"} {
		out, err := typed(line)
		if err == nil || !strings.Contains(out, "is not installed here") || !strings.Contains(out, "with its words in full") {
			t.Errorf("%s: %q, %v", line, out, err)
		}
	}
}
