package service

import (
	"fmt"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/machine"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/socket"
	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/say"
	"nstutor/internal/shell"
)

// NotListening: the packet arrives, and no socket takes it.
const NotListening cause.Code = "not-listening"

var _ = cause.Register(cause.Cause{
	Code:  NotListening,
	Words: say.T("the packet arrives, and nobody listens on the port", "包到了，但没有程序监听这个端口"),
	Table: []string{"ss", "-lntup"},
})

// Unheard is a request that no socket waits for.
type Unheard struct {
	cause.At
	Flow      flows.Flow
	Near      []socket.Near   // sockets there that have the port, and why they do not take it
	Others    []socket.Socket // … that would take it, on other ports
	Elsewhere []ListensElsewhere
	Owners    map[uint32]socket.Process // of all these, by their inodes; who is not known is not there
	VRF       string                    // that the packet comes in by; empty where it is in none
	Left      table.Route               // alone makes the address one of the namespace; its Type is empty where a device has it
	Stopped   string                    // the container that publishes the port when it runs
}

// ListensElsewhere is a socket with the port in another namespace.
type ListensElsewhere struct {
	Netns  string // its title
	Socket socket.Socket
}

// maxNamed bounds the sockets that a sentence names.
const maxNamed = 3

// Inodes are those of the sockets that may be named.
func (u Unheard) Inodes() (inodes []uint32) {
	for _, s := range u.Near[:min(len(u.Near), maxNamed)] {
		inodes = append(inodes, s.Inode)
	}
	for _, s := range u.Others[:min(len(u.Others), maxNamed)] {
		inodes = append(inodes, s.Inode)
	}
	for _, e := range u.Elsewhere[:min(len(u.Elsewhere), maxNamed)] {
		inodes = append(inodes, e.Socket.Inode)
	}
	return inodes
}

// Code is NotListening.
func (Unheard) Code() cause.Code { return NotListening }

// Detail says who comes near to it.
func (u Unheard) Detail() say.Text {
	text := say.T("nobody listens on %s (%s)", "没有程序在 %s（%s）上监听", eval.Endpoint(u.Flow.Dst, u.Flow.DstPort), flows.Protocol(u.Flow.Proto))
	if u.Left.Type != "" {
		return say.T("%s, and no device has the address: it is one of %s only by the route %s", "%s，而且没有设备拥有该地址：只是路由 %[3]s 让它成了 %[2]s 的地址", text, machine.Called(u.Netns()), u.Left.Line())
	}
	if u.Stopped != "" {
		return say.T("%s; the container %s publishes the port, and does not run: %s has it published again", "%s；容器 %s 发布这个端口，但没有在运行：%s 会重新发布它", text, u.Stopped, change.In("", "docker", "start", u.Stopped))
	}
	if len(u.Near) > 0 {
		return say.T("%s; %s", "%s；%s", text, u.near(u.Near[0]))
	}
	for i, s := range u.Others {
		if i == maxNamed {
			break
		}
		text = say.T("%s; %s listens there on port %d", "%s；%s 监听的是端口 %d", text, u.owner(s), s.Local.Port())
	}
	for i, e := range u.Elsewhere {
		if i == maxNamed {
			break
		}
		text = say.T("%s; %s listens on that port in %s", "%s；在 %[3]s 中监听该端口的是 %[2]s", text, u.owner(e.Socket), machine.Called(e.Netns))
	}
	return text
}

// owner is who has a socket.
func (u Unheard) owner(s socket.Socket) say.Text {
	p, ok := u.Owners[s.Inode]
	if !ok {
		return say.T("a process of user %d", "用户 %d 的进程", s.UID)
	}
	return say.Quote(fmt.Sprintf("%s (pid %d)", p.Comm, p.PID))
}

// near says why a socket with the port does not take the request.
func (u Unheard) near(n socket.Near) say.Text {
	who, local := u.owner(n.Socket), n.Local.String()
	switch n.Why {
	case socket.LoopbackOnly:
		return say.T("%s listens on %s only, which is reached from inside this namespace alone", "%s 只在 %s 上监听，只有本命名空间内部能访问", who, local)
	case socket.OtherFamily:
		return say.T("%s listens on %s, but for the other IP version alone", "%s 在 %s 上监听，但只收另一种 IP 版本的包", who, local)
	case socket.OtherProto:
		return say.T("%s has that port for %s", "%s 占用该端口的是 %s 协议", who, n.Proto)
	case socket.OtherVRF:
		return say.T("%[1]s listens on %[2]s, but outside of the VRF %[3]s by which the packet comes in: %[4]s=1 lets the sockets outside take what comes by any VRF, `ip vrf exec %[5]s …` starts it inside",
			"%[1]s 在 %[2]s 上监听，但不在包进来的 VRF %[3]s 里：%[4]s=1 让 VRF 外的套接字也收各 VRF 的包，`ip vrf exec %[5]s …` 则让它在里面启动", who, local, u.VRF, "net.ipv4."+flows.Protocol(u.Flow.Proto)+"_l3mdev_accept", shell.Word(u.VRF))
	case socket.OtherDevice:
		return say.T("%s listens on %s, but not on the device that the packet comes in by", "%s 在 %s 上监听，但不收从这个设备进来的包", who, local)
	case socket.OtherPeer:
		return say.T("%s has %s, but for another peer alone", "%s 占用了 %s，但只与另一个对端通信", who, local)
	}
	return say.T("%s listens on %s only", "%s 只在 %s 上监听", who, local)
}

// Evidence are the sockets, in the columns of ss -ltun.
func (u Unheard) Evidence() []say.Text {
	if u.Left.Type != "" {
		return cause.Lines(u.Left.Line())
	}
	if len(u.Near) == 0 && len(u.Others) == 0 {
		return []say.Text{say.T("no socket is open for %s on an address that this packet is for", "这个包的目标地址上没有打开的 %s 套接字", flows.Protocol(u.Flow.Proto))}
	}
	var all []string
	for i, s := range u.Near {
		if i < maxNamed {
			all = append(all, socketLine(s.Socket))
		}
	}
	for i, s := range u.Others {
		if i < maxNamed {
			all = append(all, socketLine(s))
		}
	}
	return cause.Lines(all...)
}

// socketLine is a socket as ss(8) prints it, without the padding.
func socketLine(s socket.Socket) string {
	state := "LISTEN"
	if s.Proto == socket.UDP {
		state = "UNCONN"
	}
	if s.Peer.IsValid() {
		state = "ESTAB"
	}
	return fmt.Sprintf("%s %s %d %d %s", s.Proto, state, s.Waiting, s.Room, s.Local)
}

// acceptAcross has sockets without a device take packets of VRFs (inet_sk_bound_dev_eq(),
// for IPv6 as well).
func (u Unheard) acceptAcross() change.Sysctl {
	return change.Sysctl{Netns: u.Netns(), Path: "net/ipv4/" + flows.Protocol(u.Flow.Proto) + "_l3mdev_accept", Value: "1"}
}

// Fix is none, where a program has to be started, or told another address.
func (u Unheard) Fix() []change.Change {
	if u.Left.Type != "" && u.Left.Dst.IsSingleIP() {
		return []change.Change{change.Route{Netns: u.Netns(), Verb: change.RouteDel, Route: u.Left}}
	}
	if len(u.Near) > 0 && u.Near[0].Why == socket.OtherVRF {
		return []change.Change{u.acceptAcross()}
	}
	return nil
}
