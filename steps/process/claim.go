package process

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"nstutor/internal/lab"
	"nstutor/internal/say"
	"nstutor/steps"
)

// PortIs claims that the TCP port can be bound in a namespace, or is taken.
// It binds the port for a moment to find out.
type PortIs struct {
	Netns string
	Port  int
	Busy  bool
}

func (c PortIs) Promised(*lab.Lab) say.Text {
	if c.Busy {
		return say.T("%s bind :%d: Address already in use", "%s 绑定 :%d：Address already in use", c.Netns, c.Port)
	}
	return say.T("%s bind :%d: free", "%s 绑定 :%d：空闲", c.Netns, c.Port)
}

func (c PortIs) Look(_ context.Context, l *lab.Lab, _ *steps.Evidence) (say.Text, bool, error) {
	ns, err := l.NS(c.Netns)
	if err != nil {
		return say.Text{}, false, err
	}
	err = ns.Do(func() error {
		listener, err := net.Listen("tcp4", ":"+strconv.Itoa(c.Port))
		if err == nil {
			listener.Close()
		}
		return err
	})
	switch {
	case err == nil:
		return say.T("bind :%d: free", "绑定 :%d：空闲", c.Port), !c.Busy, nil
	case errors.Is(err, unix.EADDRINUSE):
		return say.T("bind :%d: Address already in use", "绑定 :%d：Address already in use", c.Port), c.Busy, nil
	}
	return say.Text{}, false, err
}

// ProcessIn claims that a program started by Run lives in a namespace, by the
// inode in /proc/PID/ns/net; or, with Not, that it lives in another one.
type ProcessIn struct {
	Name, Netns string
	Not         bool
}

func (c ProcessIn) Promised(*lab.Lab) say.Text {
	if c.Not {
		return say.T("process %s is not in %s (/proc/PID/ns/net)", "进程 %s 不在 %s 中（/proc/PID/ns/net）", c.Name, c.Netns)
	}
	return say.T("process %s is in %s (/proc/PID/ns/net)", "进程 %s 在 %s 中（/proc/PID/ns/net）", c.Name, c.Netns)
}

func (c ProcessIn) Look(_ context.Context, l *lab.Lab, _ *steps.Evidence) (say.Text, bool, error) {
	pid, _, ok := running(l, c.Name)
	if !ok {
		return say.T("no process %s", "没有进程 %s", c.Name), false, nil
	}
	ns, err := l.NS(c.Netns)
	if err != nil {
		return say.Text{}, false, err
	}
	link, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/net", pid))
	if err != nil {
		return say.Text{}, false, err
	}
	same := link == fmt.Sprintf("net:[%d]", ns.Inode())
	return say.T("pid %d %s, %s net:[%d]", "进程 %d %s，%s net:[%d]", pid, link, c.Netns, ns.Inode()), same != c.Not, nil
}

// ProcessIs claims that a program started by Run is running, or is not.
type ProcessIs struct {
	Name   string
	Absent bool
}

func (c ProcessIs) Promised(*lab.Lab) say.Text {
	if c.Absent {
		return say.T("process %s: not running", "进程 %s：没有运行", c.Name)
	}
	return say.T("process %s: running", "进程 %s：正在运行", c.Name)
}

func (c ProcessIs) Look(_ context.Context, l *lab.Lab, _ *steps.Evidence) (say.Text, bool, error) {
	pid, netns, ok := running(l, c.Name)
	if !ok {
		return say.T("not running", "没有运行"), c.Absent, nil
	}
	return say.T("pid %d in %s", "进程 %d，在 %s 中", pid, netns), !c.Absent, nil
}
