package explain_test

import (
	"context"
	"net"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"nstutor/diag/explain"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/service"
	"nstutor/internal/sockopt"
)

// TestTransparentProxies: what TPROXY has nobody to hand it to is dropped by iptables, and
// goes on with the next rule of nft; a socket that has not asked for it is nobody.
func TestTransparentProxies(t *testing.T) {
	const drops = "-t mangle -A PREROUTING -p tcp --dport 80 -j TPROXY --on-port 15001 --tproxy-mark 1"
	const passes = "table ip t {\n chain pre {\n type filter hook prerouting priority -150;\n tcp dport 80 tproxy to :15001 meta mark set 1 accept\n}\n}"
	for _, c := range []struct {
		tool, rules string
		want        cause.Code
	}{{"iptables", drops, cause.Filtered}, {"nft", passes, service.NotListening}} {
		t.Run(c.tool, func(t *testing.T) {
			w := newFilterWorld(t)
			if !w.install(c.tool, c.rules) {
				t.Skip()
			}
			proxy := func(transparent bool) (l net.Listener) {
				w.must(w.r.Do(func() (err error) {
					config := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
						return sockopt.Control(raw, func(fd int) error {
							return unix.SetsockoptInt(fd, unix.SOL_IP, unix.IP_TRANSPARENT, map[bool]int{true: 1}[transparent])
						})
					}}
					l, err = config.Listen(context.Background(), "tcp4", ":15001")
					return err
				}))
				return l
			}
			for _, probe := range []bool{false, true} {
				l := proxy(false)
				a := w.explain(unix.IPPROTO_TCP, probe)
				l.Close()
				if a.Cause.Code != c.want || len(a.Unseen) > 0 {
					t.Errorf("probe %v, nobody to take it: %s: %s, %v", probe, a.Cause.Code, a.Cause.Detail, a.Unseen)
				}
				if c.want == cause.Filtered && !strings.Contains(a.Cause.Detail.String(), "port 15001 (IP_TRANSPARENT)") {
					t.Errorf("%s", a.Cause.Detail)
				}
			}
			defer proxy(true).Close()
			if a := w.explain(unix.IPPROTO_TCP, false); a.Verdict != explain.Undecided || !strings.Contains(a.Cause.Detail.String(), "transparent proxy on port 15001") {
				t.Errorf("somebody takes it: %s, %s", a.Verdict, a.Cause.Detail)
			}
		})
	}
}
