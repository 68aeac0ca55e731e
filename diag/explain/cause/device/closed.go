package device

import (
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// Closed is a destination out of a network that is meant to have no way out: no route leads
// there, or its bridge forwards nothing.
type Closed struct {
	cause.Ends
	cause.At
	Lookup  cause.Lookup
	As      cause.Code // what the packet meets there
	Network string     // of podman's; empty: Docker's, whose rules do not name it
	Bridge  string
	Proof   string // the file that says so, or the rule
}

// Code is what the packet meets.
func (c Closed) Code() cause.Code { return c.As }

// Detail names the network.
func (c Closed) Detail() say.Text {
	if c.Network == "" {
		return say.T("no route to %[1]s: %[2]s is in a network of Docker's that has no way out on purpose (%[3]s, --internal): give it another network (docker network connect) rather than a route",
			"没有到 %[1]s 的路由：%[2]s 所在的 Docker 网络是有意不通外面的（%[3]s，--internal）：不要加路由，给它另接一个网络（docker network connect）",
			c.Lookup.Dst, machine.Called(c.Netns()), c.Bridge)
	}
	if c.As == cause.ForwardingOff {
		return say.T("%[1]s is out of the network %[2]s of podman's, whose bridge %[3]s forwards nothing, on purpose (internal): give the container another network (podman network connect) rather than open it",
			"%[1]s 在 podman 网络 %[2]s 之外，而它的网桥 %[3]s 有意不转发（internal）：不要打开它，给容器另接一个网络（podman network connect）",
			c.Lookup.Dst, c.Network, c.Bridge)
	}
	return say.T("no route to %[1]s: %[2]s is in the network %[3]s of podman's, which has no way out on purpose (internal): give it another network (podman network connect) rather than a route",
		"没有到 %[1]s 的路由：%[2]s 所在的 podman 网络 %[3]s 是有意不通外面的（internal）：不要加路由，给它另接一个网络（podman network connect）",
		c.Lookup.Dst, machine.Called(c.Netns()), c.Network)
}

// Evidence is the kernel's answer, and what says that it is meant.
func (c Closed) Evidence() []say.Text { return append(c.Lookup.Lines(), cause.Lines(c.Proof)...) }

// Fix is none: it is meant.
func (Closed) Fix() []change.Change { return nil }
