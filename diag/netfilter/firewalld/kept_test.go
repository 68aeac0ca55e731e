package firewalld

import (
	"net/netip"
	"os"
	"path/filepath"
	"testing"
)

// TestAForwardIsReadFromTheFileOfItsZone: what was changed takes the place of what came with
// firewalld, and what is no such file does no harm.
func TestAForwardIsReadFromTheFileOfItsZone(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"etc/firewalld/zones/public.xml": `<?xml version="1.0" encoding="utf-8"?><zone><short>Public</short>
			<forward-port port="8080" protocol="tcp" to-port="80" to-addr="10.7.2.2"/><forward-port port="9000-9010" protocol="udp" to-addr="10.7.2.3"/>
			<forward-port port="2222" protocol="tcp" to-port="22"/><forward-port port="7000-7001" protocol="tcp" to-port="1-2"/>
			<forward-port port="8080" protocol="tcp" to-port="81" to-addr="fd00::2"/><forward/></zone>`,
		"usr/lib/firewalld/zones/public.xml": `<zone><forward-port port="8081" protocol="tcp" to-port="80"/></zone>`,
		"usr/lib/firewalld/zones/home.xml":   `<zone><forward-port port="8081" protocol="tcp" to-port="80"/></zone>`,
		"etc/firewalld/zones/torn.xml":       `<zone><forward-port port="8080"`,
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ zone, proto, at, to, asks string }{
		{"public", "tcp", "192.0.2.1:8080", "10.7.2.2:80", "port=8080:proto=tcp:toport=80:toaddr=10.7.2.2"},
		{"public", "tcp", "[2001:db8::1]:8080", "[fd00::2]:81", "port=8080:proto=tcp:toport=81:toaddr=fd00::2"},
		{"public", "udp", "192.0.2.1:9005", "10.7.2.3:9005", "port=9000-9010:proto=udp:toaddr=10.7.2.3"},
		{"public", "tcp", "192.0.2.1:2222", "192.0.2.1:22", "port=2222:proto=tcp:toport=22"},
		{"home", "tcp", "192.0.2.1:8081", "192.0.2.1:80", "port=8081:proto=tcp:toport=80"},
		{"public", "udp", "192.0.2.1:8080", "", ""}, {"public", "tcp", "192.0.2.1:8081", "", ""}, {"public", "tcp", "192.0.2.1:7000", "", ""},
		{"torn", "tcp", "192.0.2.1:8080", "", ""}, {"../zones/public", "tcp", "192.0.2.1:8080", "", ""}, {"none", "tcp", "192.0.2.1:8080", "", ""},
	} {
		f, ok := Kept(root, c.zone, c.proto, netip.MustParseAddrPort(c.at))
		if ok != (c.to != "") || ok && (f.To.String() != c.to || f.Asks != c.asks) {
			t.Errorf("%s %s %s: %+v, want %s (%s)", c.zone, c.proto, c.at, f, c.to, c.asks)
		}
	}
}
