package device

import (
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/internal/change"
	"nstutor/internal/say"
	"nstutor/internal/shell"
)

// Bare is a sender in a namespace that has no device but lo: it has been connected to nothing.
type Bare struct {
	cause.Ends
	cause.At
	Lookup cause.Lookup
	Docker string // the container that Docker has in none of its networks, if it is one
}

// Code is cause.NoAddress.
func (Bare) Code() cause.Code { return cause.NoAddress }

// Detail says who connects it.
func (b Bare) Detail() say.Text {
	if b.Docker != "" {
		return say.T("there is no device but lo: Docker has the container %[1]s in no network; `docker network connect NETWORK %[2]s` puts it into one (where it was started with --network none, after `docker network disconnect none %[2]s`)",
			"除了 lo 没有任何网卡：Docker 没有把容器 %[1]s 接入任何网络；`docker network connect 网络名 %[2]s` 把它接入一个（若它是以 --network none 启动的，要先执行 `docker network disconnect none %[2]s`）",
			b.Docker, shell.Word(b.Docker))
	}
	return say.T("there is no device but lo: nothing has connected %s to a network", "除了 lo 没有任何网卡：还没有谁把 %s 接入网络", machine.Called(b.Netns()))
}

// Evidence is that there is no route.
func (b Bare) Evidence() []say.Text { return b.Lookup.Lines() }

// Fix is none: what it is to be connected to is not known here.
func (Bare) Fix() []change.Change { return nil }
