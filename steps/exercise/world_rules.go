package exercise

import (
	"os/exec"
	"strings"

	"nstutor/internal/change"
	"nstutor/internal/say"
)

// IPTables is one line as for iptables(8):
//
//	w.IPTables("host", "-P FORWARD DROP")
//	w.IPTables("host", "-A FORWARD -s 10.1.2.10 -d 10.1.3.0/24 -p tcp --dport 80 -j ACCEPT")
//	w.IPTables("host", "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT")
//	w.IPTables("host", "-t nat -A POSTROUTING -s 10.1.0.0/16 ! -d 10.1.0.0/16 -j MASQUERADE")
//	w.IPTables("host", "-t nat -A PREROUTING -d 10.96.0.10 -j DNAT --to-destination 10.1.2.10")
//
// Where iptables is installed it makes the rule, so that it also shows and
// edits it; where it is not, the same rule goes in by nf_tables. That
// understands -P, -F, -N, -A, -I, -D of a whole rule, and what the examples use.
func (w *World) IPTables(netns, line string) {
	ns, _ := w.space(netns)
	if ns == nil {
		return
	}
	if _, err := exec.LookPath("iptables"); err == nil {
		w.failed(Type(w.ctx, w.l, In(netns, "iptables -w "+line)), netns, say.Quote("iptables "+line))
		return
	}
	w.failed(ns.Do(func() error { return change.NftLine(strings.Fields(line)) }), netns, say.Quote("iptables "+line))
}
