package change

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestARuleMeansNoOtherDevice: what a program would take for a pattern is told to
// another one.
func TestARuleMeansNoOtherDevice(t *testing.T) {
	for _, test := range []struct{ installed, device, want string }{
		{"iptables nft nstutor", "eth0", "iptables -t nat -A POSTROUTING -s 10.0.0.1 -o eth0 -j MASQUERADE"},
		{"iptables nft nstutor", "+", `nft add rule ip nat POSTROUTING ip saddr 10.0.0.1 oifname '"+"' masquerade`},
		{"iptables nft nstutor", "eth+", `nft add rule ip nat POSTROUTING ip saddr 10.0.0.1 oifname '"eth+"' masquerade`},
		{"iptables nft nstutor", "!", `nft add rule ip nat POSTROUTING ip saddr 10.0.0.1 oifname '"!"' masquerade`},
		{"iptables nft nstutor", "e+h", "iptables -t nat -A POSTROUTING -s 10.0.0.1 -o e+h -j MASQUERADE"},
		{"iptables nft nstutor", `a"+`, `nstutor apply masquerade --source 10.0.0.1 '--out=a"+'`},
		{"iptables nstutor", "eth+", "nstutor apply masquerade --source 10.0.0.1 --out=eth+"},
		{"nft nstutor", "eth*", "nstutor apply masquerade --source 10.0.0.1 '--out=eth*'"},
	} {
		bin := t.TempDir()
		var failed error
		for _, program := range strings.Fields(test.installed) {
			failed = errors.Join(failed, os.WriteFile(filepath.Join(bin, program), nil, 0o755))
		}
		if failed != nil {
			t.Fatal(failed)
		}
		t.Setenv("PATH", bin)
		commands := Here(Masquerade{Src: netip.MustParseAddr("10.0.0.1"), Out: test.device})
		if got := commands[len(commands)-1].String(); got != test.want {
			t.Errorf("%s, with %s:\n got %s\nwant %s", test.device, test.installed, got, test.want)
		}
	}
}
