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
	// One for iptables must not be found by this program, which would ask it.
	dir, looking := t.TempDir(), t.TempDir()
	for name, at := range map[string]string{"ip": dir, "nft": dir, "conntrack": dir, "sysctl": dir, "bridge": dir, "iptables": looking, "iptables-save": looking} {
		if err := os.Symlink(self, filepath.Join(at, name)); err != nil {
			t.Fatal(err)
		}
	}
	typed := func(line string) (string, error) {
		if strings.HasPrefix(line, "iptables") {
			line = filepath.Join(looking, line)
		}
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
		{"nft add table ip filter; nft 'add chain ip filter FORWARD { type filter hook forward priority 0; policy drop; }'; nft add rule ip filter FORWARD ip saddr 10.7.0.1 counter accept", ""},
		{"iptables -S FORWARD", "policy drop"},
		{"iptables -vnL FORWARD", "-s 10.7.0.1/32 -j ACCEPT  0"},
		{"nft list chain ip filter FORWARD", "10.7.0.1"},
		{"iptables-save", "10.7.0.1"},
		{"iptables -t nat -S", ""},
		{"sysctl net.ipv4.ip_forward", "net.ipv4.ip_forward = 1"},
		{"sysctl -a -r 'lo.forwarding'", "net.ipv4.conf.lo.forwarding = "},
		{"ip route get 192.168.6.1", "192.168.6.1 dev eth0 src 192.168.6.160"},
		{"ip -s -s link show eth0; ip -d link; ip rule; ip route show table local", "lookup main"},
		{"ip link add br7 type bridge; ip -d link show br7", "stp_state 0"},
		{"ip netns; ip netns pids inet", "inet"},
		{"test $(ip -br link show br7 | cut -c 33-49) = $(ip link show br7 | tail -n 1 | cut -c 16-32) && echo same", "same"},
		{"ip -s -s link show eth0", "carrier_changes"},
		{"bridge -d link; bridge fdb show br br7; ip link show master br7; ip a", "inet 127.0.0.1/8"},
	} {
		if out, err := typed(test.line); err != nil || !strings.Contains(out, test.says) {
			t.Errorf("%s: %q, %v", test.line, out, err)
		}
	}
	for _, line := range []string{"nft nonsense", "ip route get nowhere", "ip -o addr", "sysctl", "nft list chain ip filter", "conntrack -Z"} {
		out, err := typed(line)
		if err == nil || !strings.Contains(out, "is not installed here") || !strings.Contains(out, "with its words in full") {
			t.Errorf("%s: %q, %v", line, out, err)
		}
	}
}
