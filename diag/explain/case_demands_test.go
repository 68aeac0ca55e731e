package explain_test

import (
	"net"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"nstutor/diag/explain"
	"nstutor/diag/explain/cause/service"
	"nstutor/internal/lab/labtest"
)

// TestWhoListensTakesOnlySome: a socket that wants signatures, or packets of who is near, says
// nothing to others. Only the kernel tells of it.
func TestWhoListensTakesOnlySome(t *testing.T) {
	labtest.Slow(t)
	if !witnessed(t) {
		t.Skip("the kernel does not tell this test of its drops")
	}
	for words, demand := range map[string]func(fd int) error{
		"TCP MD5": func(fd int) error {
			key := unix.TCPMD5Sig{Keylen: 4}
			key.Addr.Family = unix.AF_INET
			copy(key.Addr.Data[2:], []byte{192, 168, 6, 160})
			copy(key.Key[:], "pass")
			return unix.SetsockoptTCPMD5Sig(fd, unix.IPPROTO_TCP, unix.TCP_MD5SIG, &key)
		},
		"ttl-security": func(fd int) error { return unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_MINTTL, 255) },
	} {
		b := masqueraded.build(t)
		var l net.Listener
		if err := b.space("pod-b").Do(func() (err error) {
			plain := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) (err error) {
				c.Control(func(fd uintptr) { err = demand(int(fd)) })
				return err
			}}
			plain.SetMultipathTCP(false)
			l, err = plain.Listen(t.Context(), "tcp4", "0.0.0.0:179")
			return err
		}); err != nil {
			t.Skip(err)
		}
		a := b.explain(breakage{from: "host", to: "10.244.1.11", asks: "tcp 179"}, true)
		if a.Verdict != explain.Broken || a.Cause.Code != service.SocketDemands || a.Cause.Netns != b.real("pod-b") || !strings.Contains(a.Cause.Detail.In("en"), words) {
			t.Errorf("%s: %s\n%s", words, a.Verdict, b.account(a))
		}
		l.Close()
	}
}
