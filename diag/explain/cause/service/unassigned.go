package service

import (
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/flows"
	"nstutor/diag/netfilter/eval"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// Unassigned is a request that TPROXY has handed to a program's socket where a bridge has the rules
// of IP see it: it loses the socket when the bridge hands it up (skb_orphan() in ip_rcv_core()), and the
// rules are not asked a second time (ip_sabotage_in()).
type Unassigned struct {
	cause.Sure
	cause.At
	Flow   flows.Flow
	Port   uint16 // of the socket
	Bridge string
	Passed bool // it is routed on, past the program, and nothing stops it
}

// Code is NotListening: it is delivered, and no socket takes it.
func (Unassigned) Code() cause.Code { return NotListening }

// Detail says where it loses the socket.
func (u Unassigned) Detail() say.Text {
	if u.Passed {
		return say.T("TPROXY hands %[1]s to the program on port %[2]d while it is still in the bridge %[3]s, which has the rules of IP see it (%[4]s): it loses the socket when the bridge hands it up, and goes on to whom it is for, past the program",
			"网桥 %[3]s 让 IP 的规则看到它转发的包（%[4]s），TPROXY 就在网桥里把 %[1]s 交给了端口 %[2]d 上的程序：网桥把包交给上层时，套接字就丢了，包绕过那个程序，照旧发往目的地",
			u.Flow, u.Port, u.Bridge, u.setting())
	}
	return say.T("TPROXY hands %[1]s to the program on port %[2]d while it is still in the bridge %[3]s, which has the rules of IP see it (%[4]s): it loses the socket when the bridge hands it up, and nobody here listens on %[5]s",
		"网桥 %[3]s 让 IP 的规则看到它转发的包（%[4]s），TPROXY 就在网桥里把 %[1]s 交给了端口 %[2]d 上的程序：网桥把包交给上层时，套接字就丢了，而这里没有程序监听 %[5]s",
		u.Flow, u.Port, u.Bridge, u.setting(), eval.Endpoint(u.Flow.Dst, u.Flow.DstPort))
}

// Evidence is the setting.
func (u Unassigned) Evidence() []say.Text {
	return cause.Lines("net.bridge." + u.setting() + " = 1")
}

// Fix has the rules see it above the bridge alone.
func (u Unassigned) Fix() []change.Change {
	return []change.Change{change.Sysctl{Netns: u.Netns(), Path: "net/bridge/" + u.setting(), Value: "0"}}
}

func (u Unassigned) setting() string {
	if u.Flow.Dst.Is6() {
		return "bridge-nf-call-ip6tables"
	}
	return "bridge-nf-call-iptables"
}
