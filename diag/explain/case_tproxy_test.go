package explain_test

import (
	"context"
	"net"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"nstutor/diag/explain"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/service"
	"nstutor/internal/lab/labtest"
	"nstutor/internal/nsenter"
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
				t.Skipf("%s cannot write a TPROXY here", c.tool)
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
			w.delivers("ip route del local default dev lo table 100", "ip rule del fwmark 1")
			if a := w.explain(unix.IPPROTO_TCP, false); a.Verdict != explain.Undecided || !strings.Contains(a.Cause.Detail.String(), "transparent proxy on port 15001") {
				t.Errorf("somebody takes it: %s, %s", a.Verdict, a.Cause.Detail)
			}
			if a := w.explain(unix.IPPROTO_TCP, true); a.Verdict != explain.Delivered {
				t.Errorf("somebody takes it: %s, %s, %v", a.Verdict, a.Cause.Detail, a.Fix)
			}
			w.install("iptables", "-A INPUT -p tcp --dport 80 -j DROP")
			if a := w.explain(unix.IPPROTO_TCP, false); a.Cause.Code != cause.Filtered {
				t.Errorf("INPUT drops it: %s, %s", a.Cause.Code, a.Cause.Detail)
			}
		})
	}
}

// TestServersBehindASynproxy: the machine answers the first packet itself, and opens the
// connection to the server later. To connection tracking it has begun here.
func TestServersBehindASynproxy(t *testing.T) {
	const xt = "-t raw -A PREROUTING -i ra -p tcp --syn --dport 80 -j CT --notrack\n" +
		"-A FORWARD -i ra -p tcp --dport 80 -m conntrack --ctstate INVALID,UNTRACKED -j SYNPROXY --sack-perm --timestamp --wscale 7 --mss 1460\n" +
		"-A FORWARD -m conntrack --ctstate INVALID -j DROP"
	const nft = "table ip t {\n chain pre {\n type filter hook prerouting priority raw;\n iifname ra tcp dport 80 tcp flags syn / fin,syn,rst,ack notrack\n}\n" +
		" chain passing {\n type filter hook forward priority filter;\n iifname ra tcp dport 80 ct state invalid,untracked synproxy mss 1460 wscale 7 timestamp sack-perm\n ct state invalid drop\n}\n}"
	for tool, rules := range map[string]string{"iptables": xt, "nft": nft} {
		t.Run(tool, func(t *testing.T) {
			w := newFilterWorld(t)
			if !w.install(tool, rules) {
				t.Skipf("%s cannot write a SYNPROXY here", tool)
			}
			var l net.Listener
			w.must(w.b.Do(func() (err error) {
				l, err = net.Listen("tcp4", ":80")
				return err
			}))
			defer l.Close()
			for _, probe := range []bool{false, true} {
				if a := w.explain(unix.IPPROTO_TCP, probe); a.Verdict != explain.Delivered || a.Cause.Code != cause.None || len(a.Unseen) > 0 {
					t.Errorf("probe %v: %s, %s, %s, %v", probe, a.Verdict, a.Cause.Code, a.Cause.Detail, a.Unseen)
				}
			}
		})
	}
}

// delivers has r deliver what a proxy takes, by the fixes that are printed: first all of it is
// missing, then each of the two.
func (w *filterWorld) delivers(missing ...string) {
	w.t.Helper()
	ip, err := exec.LookPath("ip")
	if err != nil {
		w.t.Skip(err)
	}
	var fixed []string
	for _, gone := range append([]string{""}, missing...) {
		if gone != "" {
			w.run(ip, "", strings.Fields(gone)[1:]...)
		}
		a := w.explain(unix.IPPROTO_TCP, true)
		if a.Verdict != explain.Broken || a.Cause.Code != cause.NoRoute || len(a.Fix) != 1 && gone != "" {
			w.t.Errorf("without %q: %s, %s, %v", gone, a.Verdict, a.Cause.Detail, a.Fix)
		}
		for _, fix := range a.Fix {
			fixed = append(fixed, fix.String())
			w.run(ip, "", fix.Argv[1:]...)
		}
	}
	if want := []string{"rule add fwmark 0x1 lookup 100", "local default dev lo table 100", "local default dev lo table 100", "rule add fwmark 0x1 lookup 100"}; !slices.EqualFunc(fixed, want, strings.Contains) {
		w.t.Errorf("fixed by %q", fixed)
	}
}

// TestTPROXYWithoutAMark: nothing can have the packet delivered, and that is said; of a mark that
// is drawn by lot nothing is.
func TestTPROXYWithoutAMark(t *testing.T) {
	w := newFilterWorld(t)
	if !w.install("iptables", "-t mangle -A PREROUTING -p udp --dport 80 -j TPROXY --on-port 15001") {
		t.Skip("iptables cannot write a TPROXY here")
	}
	w.must(w.r.Do(func() error {
		config := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
			return sockopt.Control(raw, func(fd int) error { return unix.SetsockoptInt(fd, unix.SOL_IP, unix.IP_TRANSPARENT, 1) })
		}}
		l, err := config.ListenPacket(context.Background(), "udp4", ":15001")
		t.Cleanup(func() { l.Close() })
		return err
	}))
	if a := w.explain(unix.IPPROTO_UDP, true); a.Verdict != explain.Broken || a.Cause.Code != cause.NoRoute || len(a.Fix) != 0 || !strings.Contains(a.Cause.Detail.String(), "no mark") {
		t.Errorf("%s, %s, %v", a.Verdict, a.Cause.Detail, a.Fix)
	}
	if !w.install("nft", "table ip drawn {\n chain pre {\n type filter hook prerouting priority -160;\n meta mark set numgen random mod 8\n}\n}") {
		return
	}
	if a := w.explain(unix.IPPROTO_UDP, false); a.Verdict != explain.Undecided {
		t.Errorf("a mark by lot: %s, %s, %v", a.Verdict, a.Cause.Detail, a.Fix)
	}
}

// TestTPROXYInABridge: where a bridge has the rules of IP see what it passes on, the socket is lost when
// the bridge hands the packet up, and without a mark it goes on to whom it is for.
func TestTPROXYInABridge(t *testing.T) {
	const rule = "-t mangle -A PREROUTING -i br0 -p tcp --dport 80 -j TPROXY --on-port 15001"
	for _, c := range []struct {
		name, rule string
		seen       bool // in the bridge
		want       cause.Code
	}{
		{"with a mark", rule + " --tproxy-mark 1", true, service.NotListening},
		{"with a mark, above the bridge alone", rule + " --tproxy-mark 1", false, cause.None},
		{"without a mark", rule, true, cause.None},
		{"without a mark, above the bridge alone", rule, false, cause.NoRoute},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newFilterWorld(t)
			if !w.install("iptables", c.rule) {
				t.Skip("iptables cannot write a TPROXY here")
			}
			if _, err := exec.LookPath("ip"); err != nil {
				t.Skip(err)
			}
			labtest.Script(t, map[string]*nsenter.Namespace{"r": w.r}, `
				r: ip link add br0 type bridge
				r: ip link set br0 up
				r: ip link set ra master br0
				r: ip addr del 10.1.0.1/24 dev ra
				r: ip addr add 10.1.0.1/24 dev br0
				r: ip rule add fwmark 1 lookup 100
				r: ip route add local default dev lo table 100
			`)
			if err := w.r.WriteSysctl("net/bridge/bridge-nf-call-iptables", map[bool]string{true: "1", false: "0"}[c.seen]); err != nil {
				t.Skip(err)
			}
			for ns, at := range map[*nsenter.Namespace]string{w.r: ":15001", w.b: ":80"} {
				w.must(ns.Do(func() error {
					config := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
						return sockopt.Control(raw, func(fd int) error { return unix.SetsockoptInt(fd, unix.SOL_IP, unix.IP_TRANSPARENT, 1) })
					}}
					l, err := config.Listen(t.Context(), "tcp4", at)
					t.Cleanup(func() { l.Close() })
					return err
				}))
			}
			a := w.explain(unix.IPPROTO_TCP, true)
			if a.Cause.Code != c.want || (a.Verdict == explain.Delivered) != (c.want == cause.None) || len(a.Unseen) > 0 {
				t.Errorf("%s, %s: %s, %v", a.Verdict, a.Cause.Code, a.Cause.Detail, a.Unseen)
			}
			if past := c.want == cause.None && c.seen; past != slices.ContainsFunc(a.Notices, func(f explain.Fault) bool { return strings.Contains(f.Detail.String(), "past the program") }) {
				t.Errorf("noticed %v", a.Notices)
			}
			if c.want != service.NotListening {
				return
			}
			if len(a.Fix) != 1 || !strings.Contains(a.Fix[0].String(), "net.bridge.bridge-nf-call-iptables=0") {
				t.Fatalf("fixed by %v", a.Fix)
			}
			w.must(w.r.WriteSysctl("net/bridge/bridge-nf-call-iptables", "0"))
			if a := w.explain(unix.IPPROTO_TCP, true); a.Verdict != explain.Delivered {
				t.Errorf("mended: %s, %s: %s", a.Verdict, a.Cause.Code, a.Cause.Detail)
			}
		})
	}
}
