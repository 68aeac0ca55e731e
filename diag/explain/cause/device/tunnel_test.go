package device_test

import (
	"net/netip"
	"os/exec"
	"testing"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/device"
	"nstutor/diag/table"
	"nstutor/internal/change"
)

// The end that does not open packets gets the key that they have, where it is the key alone
// that keeps it from that.
func TestATunnelGetsTheKeyOfItsOtherEnd(t *testing.T) {
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("ip is not installed")
	}
	here, there, nobody := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2"), netip.MustParseAddr("192.0.2.9")
	const number = 0xe9030000 // 1001, as the kernel's attribute has it
	for _, c := range []struct {
		name string
		sent uint32
		far  table.Tunnel
		want string
	}{
		{"it has none", number, table.Tunnel{Local: there, Remote: here}, "ip link set gre1 type gre key 1001"},
		{"it has one, and none is sent", 0, table.Tunnel{Local: there, Remote: here, InKey: number, Key: number}, "ip link set gre1 type gre nokey"},
		{"it is for anybody", number, table.Tunnel{}, "ip link set gre1 type gre key 1001"},
		{"it names somebody else", number, table.Tunnel{Local: there, Remote: nobody}, ""},
		{"it is the same", number, table.Tunnel{Local: there, Remote: here, InKey: number}, ""},
	} {
		f := device.TunnelUnmatched{At: cause.At("b"), From: here, To: there, Link: table.Link{Name: "gre1", Kind: "gre", Tunnel: &table.Tunnel{Key: c.sent}}, There: []table.Link{{Name: "gre1", Kind: "gre", Tunnel: &c.far}}}
		got := ""
		for _, command := range change.Here(f.Fix()...) {
			got += command.String()
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
