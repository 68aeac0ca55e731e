package configured

import (
	"net/netip"
	"os"
	"path/filepath"
	"testing"
)

// TestTheGatewayOfAFile: each kind of files, and what is for another device, of another
// network or no such file.
func TestTheGatewayOfAFile(t *testing.T) {
	d := Device{"eth0", 2, []netip.Prefix{netip.MustParsePrefix("10.0.0.2/24")}}
	for _, c := range []struct{ name, file, text, want string }{
		{"networkd", "etc/systemd/network/10.network", "[Match]\nName=en* eth*\n[Network]\nAddress=10.0.0.2/24\nGateway=10.0.0.254\n", "10.0.0.254"},
		{"netplan", "run/systemd/network/10-netplan-eth0.network", "[Match]\nName=eth0\n[Route]\nDestination=0.0.0.0/0\nGateway=10.0.0.254\n", "10.0.0.254"},
		{"a lease", "run/systemd/netif/leases/2", "# private\nADDRESS=10.0.0.2\nROUTER=10.0.0.254\n", "10.0.0.254"},
		{"NetworkManager", "etc/NetworkManager/system-connections/a.nmconnection", "[connection]\ninterface-name=eth0\n[ipv4]\naddress1=10.0.0.2/24,10.0.0.254\n", "10.0.0.254"},
		{"ifupdown", "etc/network/interfaces", "auto lo eth0\niface eth1 inet static\n gateway 10.0.0.9\niface eth0 inet static\n address 10.0.0.2/24\n gateway 10.0.0.254\n", "10.0.0.254"},
		{"another device", "etc/systemd/network/10.network", "[Match]\nName=eth1\n[Network]\nGateway=10.0.0.254\n", ""},
		{"another network", "etc/systemd/network/10.network", "[Match]\nName=eth0\n[Network]\nGateway=10.0.9.254\n", ""},
		{"another's lease", "run/systemd/netif/leases/2", "ADDRESS=10.0.0.3\nROUTER=10.0.0.254\n", ""},
		{"the route of the destination", "etc/systemd/network/10.network", "[Match]\nName=eth0\n[Network]\nGateway=10.0.0.254\n[Route]\nDestination=192.0.2.0/24\nGateway=10.0.0.9\n", "10.0.0.9"},
		{"the route of another destination", "etc/systemd/network/10.network", "[Match]\nName=eth0\n[Route]\nGateway=10.0.0.9\nDestination=198.51.100.0/24\n", ""},
		{"a route of NetworkManager's", "etc/NetworkManager/system-connections/a.nmconnection", "[connection]\ninterface-name=eth0\n[ipv4]\nroute1=192.0.2.0/24,10.0.0.9,50\nroute1_options=mtu=1400\n", "10.0.0.9"},
		{"NetworkManager's lease", "var/lib/NetworkManager/internal-a-eth0.lease", "ADDRESS=10.0.0.2\nROUTER=10.0.0.254\n", "10.0.0.254"},
		{"a command of ifupdown's", "etc/network/interfaces", "iface eth0 inet static\n address 10.0.0.2/24\n post-up /sbin/ip route add 192.0.2.1 via 10.0.0.9 dev eth0 || true\n", "10.0.0.9"},
		{"a command for another destination", "etc/network/interfaces", "iface eth0 inet static\n up ip route add 198.51.100.0/24 via 10.0.0.9\n up ip route add\n", ""},
		{"no destination", "etc/systemd/network/10.network", "[Match]\nName=eth0\n[Route]\nGateway=10.0.0.9\nDestination=somewhere\n", ""},
		{"nonsense", "etc/systemd/network/10.network", "[Match\nName=[\n=\n[Network]\nGateway=_dhcp4\n", ""},
		{"its own address", "etc/network/interfaces", "iface eth0 inet static\n gateway 10.0.0.2\n", ""},
	} {
		root := t.TempDir()
		path := filepath.Join(root, c.file)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		g, found := Of(root, d, netip.MustParseAddr("192.0.2.1"))
		if found != (c.want != "") || found && (g.Addr.String() != c.want || g.File != "/"+c.file) {
			t.Errorf("%s: %+v, %v", c.name, g, found)
		}
	}
}
