package container

import (
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// TestNetworksOfPodman: those of root and of who asks are read, and what is no such file
// does no harm.
func TestNetworksOfPodman(t *testing.T) {
	t.Setenv("XDG_DATA_HOME", "")
	t.Setenv("HOME", "/home/me")
	root := machine{
		"etc/containers/networks/closed.json":                        `{"name":"closed","network_interface":"podman3","subnets":[{"subnet":"10.89.2.1/24"}],"internal":true}`,
		"home/me/.local/share/containers/storage/networks/mine.json": `{"name":"mine","network_interface":"podman1","subnets":[{"subnet":"10.90.0.0/24"}]}`,
		"home/you/.local/share/containers/storage/networks/you.json": `{"name":"yours","network_interface":"podman3","internal":true}`,
		"etc/containers/networks/torn.json":                          `{"name":"closed",`,
		"etc/containers/networks/odd.json":                           `{"name":"odd","network_interface":"podman4","subnets":[{"subnet":"10.89.2.0/99"}],"internal":true}`,
		"etc/containers/networks/nameless.json":                      `{"internal":true}`,
		"etc/containers/networks/note.txt":                           `{"name":"note","network_interface":"podman5"}`,
	}.write(t)
	if err := os.Symlink("/dev/zero", filepath.Join(root, "etc/containers/networks/endless.json")); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mkfifo(filepath.Join(root, "etc/containers/networks/fifo.json"), 0o600); err != nil {
		t.Fatal(err)
	}
	all := Networks(root)
	if len(all) != 2 || all[0].Name != "closed" || !all[0].Internal || !all[0].Has(netip.MustParseAddr("10.89.2.77")) || all[1].Name != "mine" || all[1].Internal {
		t.Errorf("networks: %+v", all)
	}
}
