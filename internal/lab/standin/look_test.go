package standin_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/vishvananda/netlink"

	"nstutor/internal/lab/labtest"
	"nstutor/internal/lab/standin"
	"nstutor/internal/nsenter"
)

func TestMain(m *testing.M) { labtest.Main(m) }

// seen is what a command line shows in a namespace.
func seen(t *testing.T, ns *nsenter.Namespace, line string) (out string, err error) {
	t.Helper()
	lines, ok, err := standin.Look(ns, strings.Fields(line))
	if !ok {
		t.Fatalf("%s is not understood", line)
	}
	return strings.Join(lines, "\n"), err
}

// TestALookShowsWhatIsAskedFor: devices of one bridge, with what they are and what they
// have counted, and no others.
func TestALookShowsWhatIsAskedFor(t *testing.T) {
	ns := labtest.Netns(t, "looked-at")
	err := ns.Do(func() error {
		br := &netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: "br0"}}
		port := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "port0"}, PeerName: "other0"}
		return errors.Join(netlink.LinkAdd(br), netlink.LinkAdd(port), netlink.LinkSetMaster(port, br))
	})
	if err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string][]string{
		"ip link show master br0":    {"port0", "!other0@", "!rx_packets", "!stp_state"},
		"ip -s link show master br0": {"port0", "rx_packets", "!other0@"},
		"ip -s -d link show br0":     {"br0", "rx_packets", "stp_state", "!port0:"},
		"ip -br link show dev port0": {"port0", "!br0", "!rx_packets"},
		"bridge link show dev port0": {"port0", "master br0"},
	} {
		out, err := seen(t, ns, line)
		if err != nil {
			t.Errorf("%s: %v", line, err)
		}
		for _, word := range want {
			absent, not := strings.CutPrefix(word, "!")
			if strings.Contains(out, absent) == not {
				t.Errorf("%s: %s\n%s", line, word, out)
			}
		}
	}
}

// TestADeviceThatIsNotThereIsRefused, in the words of each program, with its status.
func TestADeviceThatIsNotThereIsRefused(t *testing.T) {
	ns := labtest.Netns(t, "empty-handed")
	for line, want := range map[string]standin.Refusal{
		"ip link show x":           {Words: `Device "x" does not exist.`, Status: 1},
		"ip -s link show x":        {Words: `Device "x" does not exist.`, Status: 1},
		"ip -br link show dev x":   {Words: `Device "x" does not exist.`, Status: 1},
		"ip addr show x":           {Words: `Device "x" does not exist.`, Status: 1},
		"ip link show master x":    {Words: `Error: argument "x" is wrong: Device does not exist`, Status: 255},
		"ip route show dev x":      {Words: `Cannot find device "x"`, Status: 1},
		"ip neigh show dev x":      {Words: `Cannot find device "x"`, Status: 1},
		"ip route get ::1 iif x":   {Words: `Cannot find device "x"`, Status: 1},
		"bridge link show dev x":   {Words: `Cannot find device "x"`, Status: 255},
		"bridge fdb show dev x":    {Words: `Cannot find device "x"`, Status: 255},
		"bridge -d fdb show br x1": {Words: `Cannot find bridge device "x1"`, Status: 255},
	} {
		out, err := seen(t, ns, line)
		var refusal standin.Refusal
		if !errors.As(err, &refusal) || refusal != want || out != "" {
			t.Errorf("%s: %q, %v", line, out, err)
		}
	}
}
