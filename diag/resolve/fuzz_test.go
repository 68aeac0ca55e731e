package resolve

import (
	"testing"
	"time"

	"github.com/miekg/dns"
)

// FuzzResolvConf: whatever a resolv.conf says, a lookup has servers, asks each as
// often as glibc would, and keeps to its time.
func FuzzResolvConf(f *testing.F) {
	for _, text := range []string{
		"nameserver 10.0.0.1\nsearch a b c\noptions ndots:5 timeout:1 attempts:3\n", "", "nameserver\n", "nameserver ::1%lo\nnameserver x\nnameserver 10.0.0.1#53\n",
		"options timeout:9223372036854775807 attempts:9223372036854775807 ndots:-1\n", "options timeout:0 attempts:-5\n", "search .\ndomain ..\n", "\x00\xff",
		"nameserver 1.1.1.1\nnameserver 1.1.1.2\nnameserver 1.1.1.3\nnameserver 1.1.1.4\n",
	} {
		f.Add([]byte(text), "www.example.com")
	}
	f.Fuzz(func(t *testing.T, text []byte, name string) {
		const limit = 4 * time.Second
		r := newResolver(nil, text, limit)
		if n := len(r.servers); n < 1 || n > resolverMaxServers {
			t.Errorf("%q: %d servers", text, n)
		}
		asked := max(1, r.config.Attempts) * len(r.servers)
		if asked > resolverMaxAttempts*resolverMaxServers || r.try <= 0 || r.try*time.Duration(asked) > limit {
			t.Errorf("%q: %d servers are asked %d times, for %s each", text, len(r.servers), r.config.Attempts, r.try)
		}
		r.config.NameList(name)
	})
}

func FuzzHosts(f *testing.F) {
	f.Add([]byte("127.0.0.1 localhost # here\n::1 localhost\n"), "localhost.")
	f.Fuzz(func(t *testing.T, text []byte, name string) {
		for _, addr := range hostsAddresses(text, name, kinds{first: []uint16{dns.TypeA}}) {
			if !addr.Is4() {
				t.Errorf("%s is %s, not an IPv4 address", name, addr)
			}
		}
	})
}
