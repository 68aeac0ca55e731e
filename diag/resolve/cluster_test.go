package resolve

import (
	"fmt"
	"testing"
)

func TestAResolvConfOfTheKubeletIsKnown(t *testing.T) {
	for resolv, want := range map[string]string{
		"nameserver 10.96.0.10\nnameserver fd00::a\nsearch web.svc.cluster.local svc.cluster.local cluster.local\n": "[10.96.0.10 fd00::a] svc.cluster.local",
		"nameserver 10.0.0.2\nsearch svcs.example.com example.com\n":                                                "[] ",
		"nameserver 10.0.0.2\nsearch svc\n":                                                                         "[] ",
		"":                                                                                                          "[] ",
	} {
		servers, domain := clusterOf([]byte(resolv))
		if got := fmt.Sprint(servers, " ", domain); got != want {
			t.Errorf("%q: got %q, want %q", resolv, got, want)
		}
	}
}
