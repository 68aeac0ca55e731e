package translated

import (
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"nstutor/diag/explain/machine"
	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/eval"
)

// shared has packets shared out among zones as firewalld does; eth1 is in dmz by its name.
const shared = `
add table inet firewalld
add chain inet firewalld nat_POSTROUTING { type nat hook postrouting priority srcnat + 10; }
add chain inet firewalld nat_POSTROUTING_ZONES
add chain inet firewalld nat_POST_public
add chain inet firewalld nat_POST_dmz
add rule inet firewalld nat_POSTROUTING jump nat_POSTROUTING_ZONES
add rule inet firewalld nat_POSTROUTING_ZONES oifname "eth1" goto nat_POST_dmz
add rule inet firewalld nat_POSTROUTING_ZONES goto nat_POST_public
`

// TestTheZoneOfWhatIsNotTranslated: it is read from the kernel's rules, of which a packet is
// shown those alone that it meets, and only where firewalld can be asked.
func TestTheZoneOfWhatIsNotTranslated(t *testing.T) {
	nft, err := exec.LookPath("nft")
	if err != nil {
		t.Skip(err)
	}
	cmd := exec.Command(nft, "-f", "-")
	cmd.Stdin = strings.NewReader(shared)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Cleanup(func() { exec.Command(nft, "delete", "table", "inet", "firewalld").Run() })
	passing := eval.Packet{Src: netip.MustParseAddr("10.1.0.2"), Dst: netip.MustParseAddr("203.0.113.1"), Proto: unix.IPPROTO_TCP, DstPort: 80}
	zones := func() string {
		world := machine.New()
		defer world.Close()
		here, err := world.Open("")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := netfilter.Read(here.NS); errors.Is(err, fs.ErrPermission) {
			t.Skip(err) // the namespace was made before its user had a number
		}
		return Exempt(here, passing, "eth0").Zone + " " + Exempt(here, passing, "eth1").Zone
	}
	bin := t.TempDir()
	t.Setenv("PATH", bin)
	if got := zones(); got != " " {
		t.Errorf("without firewalld: %q", got)
	}
	if err := os.WriteFile(filepath.Join(bin, "firewall-cmd"), nil, 0o755); err != nil {
		t.Fatal(err)
	}
	if got := zones(); got != "public dmz" {
		t.Errorf("the zones are %q", got)
	}
}
