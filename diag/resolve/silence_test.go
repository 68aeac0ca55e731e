package resolve_test

import (
	"net"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"nstutor/diag/resolve"
	"nstutor/internal/lab/labtest"
)

// TestServersThatKeepSilentAreTold: with the time that they cost a program, whoever
// answers in the end. One that refuses costs none.
func TestServersThatKeepSilentAreTold(t *testing.T) {
	w := labtest.NewTrio(t)
	w.NameServer(w.S, "10.2.0.2:53")
	w.Addr(w.S, "lo", "10.2.0.3/32")
	w.Must(w.S.Do(func() error {
		deaf, err := net.ListenPacket("udp4", "10.2.0.3:53")
		if err == nil {
			t.Cleanup(func() { deaf.Close() })
		}
		return err
	}))
	const silent, refusing, good = "nameserver 10.2.0.3\n", "nameserver 10.2.0.1\n", "nameserver 10.2.0.2\n"
	for _, c := range []struct {
		name, conf    string
		silent        []string
		wait, timeout time.Duration
		attempts      int
	}{
		{"the first answers", good + silent, nil, 0, 0, 0},
		{"the first keeps silent", silent + good, []string{"10.2.0.3:53"}, 5 * time.Second, 5 * time.Second, 2},
		{"… as long as the options say", silent + good + "options timeout:2 attempts:3\n", []string{"10.2.0.3:53"}, 2 * time.Second, 2 * time.Second, 3},
		{"the first refuses", refusing + good, nil, 0, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.Etc(w.C, "resolv.conf", c.conf)
			found, err := resolve.Lookup(t.Context(), w.C, 0, "www.example.com", unix.AF_UNSPEC)
			if err != nil || found.Addrs[0].String() != "10.2.0.2" {
				t.Fatalf("%+v, %v", found, err)
			}
			s := found.Silences
			var servers []string
			for _, server := range s.Servers {
				servers = append(servers, server.String())
			}
			if !slices.Equal(servers, c.silent) || s.Wait != c.wait || s.Timeout != c.timeout || s.Attempts != c.attempts {
				t.Errorf("%+v", s)
			}
		})
	}
}

// TestWhereNobodyAnswersTheWaitIsThatOfAllAttempts: of both servers, each time.
func TestWhereNobodyAnswersTheWaitIsThatOfAllAttempts(t *testing.T) {
	labtest.Slow(t)
	w := labtest.NewTrio(t)
	w.Addr(w.S, "lo", "10.2.0.3/32")
	for _, at := range []string{"10.2.0.2:53", "10.2.0.3:53"} {
		w.Must(w.S.Do(func() error {
			deaf, err := net.ListenPacket("udp4", at)
			if err == nil {
				t.Cleanup(func() { deaf.Close() })
			}
			return err
		}))
	}
	w.Etc(w.C, "resolv.conf", "nameserver 10.2.0.2\nnameserver 10.2.0.3\n")
	_, err := resolve.Lookup(t.Context(), w.C, 0, "www.example.com", unix.AF_UNSPEC)
	failed, ok := resolve.Unresolved(err)
	if !ok || len(failed.Silent.Servers) != 2 || failed.Silent.Wait != 20*time.Second {
		t.Errorf("%+v", err)
	}
}
