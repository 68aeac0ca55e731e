package steps

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"nstutor/internal/lab"
	"nstutor/internal/say"
)

// NetnsIs claims that a namespace of that name is there, or is not.
type NetnsIs struct {
	Name   string
	Absent bool
}

func (c NetnsIs) Promised(*lab.Lab) string {
	if c.Absent {
		return "ip netns: no " + c.Name
	}
	return "ip netns: " + c.Name
}

func (c NetnsIs) Look(_ context.Context, l *lab.Lab, _ *Evidence) (string, bool, error) {
	_, err := l.NS(c.Name)
	if isAbsent(err) {
		return fmt.Sprintf("Cannot open network namespace %q: No such file or directory", c.Name), c.Absent, nil
	}
	return c.Name, !c.Absent && err == nil, err
}

// PortIs claims that the TCP port can be bound in a namespace, or is taken.
// It binds the port for a moment to find out.
type PortIs struct {
	Netns string
	Port  int
	Busy  bool
}

func (c PortIs) Promised(*lab.Lab) string {
	if c.Busy {
		return fmt.Sprintf("%s bind :%d: Address already in use", c.Netns, c.Port)
	}
	return fmt.Sprintf("%s bind :%d: free", c.Netns, c.Port)
}

func (c PortIs) Look(_ context.Context, l *lab.Lab, _ *Evidence) (string, bool, error) {
	ns, err := l.NS(c.Netns)
	if err != nil {
		return "", false, err
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
		return fmt.Sprintf("bind :%d: free", c.Port), !c.Busy, nil
	case errors.Is(err, unix.EADDRINUSE):
		return fmt.Sprintf("bind :%d: Address already in use", c.Port), c.Busy, nil
	}
	return "", false, err
}

// ProcessIn claims that a program started by Run lives in a namespace, by the
// inode in /proc/PID/ns/net; or, with Not, that it lives in another one.
type ProcessIn struct {
	Name, Netns string
	Not         bool
}

func (c ProcessIn) Promised(*lab.Lab) string {
	if c.Not {
		return fmt.Sprintf("/proc/PID/ns/net of %s is not %s's", c.Name, c.Netns)
	}
	return fmt.Sprintf("/proc/PID/ns/net of %s is %s's", c.Name, c.Netns)
}

func (c ProcessIn) Look(_ context.Context, l *lab.Lab, _ *Evidence) (string, bool, error) {
	pid, _, ok := running(l, c.Name)
	if !ok {
		return "no process " + c.Name, false, nil
	}
	ns, err := l.NS(c.Netns)
	if err != nil {
		return "", false, err
	}
	link, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/net", pid))
	if err != nil {
		return "", false, err
	}
	same := link == fmt.Sprintf("net:[%d]", ns.Inode())
	return fmt.Sprintf("pid %d %s, %s net:[%d]", pid, link, c.Netns, ns.Inode()), same != c.Not, nil
}

// ProcessIs claims that a program started by Run is running, or is not.
type ProcessIs struct {
	Name   string
	Absent bool
}

func (c ProcessIs) Promised(*lab.Lab) string {
	if c.Absent {
		return "process " + c.Name + ": not running"
	}
	return "process " + c.Name + ": running"
}

func (c ProcessIs) Look(_ context.Context, l *lab.Lab, _ *Evidence) (string, bool, error) {
	pid, netns, ok := running(l, c.Name)
	if !ok {
		return "not running", c.Absent, nil
	}
	return fmt.Sprintf("pid %d in %s", pid, netns), !c.Absent, nil
}

// Tracked claims that the connection tracker of a namespace knows a flow with
// this original and this reply direction.
type Tracked struct {
	Netns                        string
	Src, Dst, ReplySrc, ReplyDst string
}

func (c Tracked) Promised(*lab.Lab) string { return c.Netns + " conntrack: " + c.line() }

func (c Tracked) line() string {
	return fmt.Sprintf("src=%s dst=%s … src=%s dst=%s", c.Src, c.Dst, c.ReplySrc, c.ReplyDst)
}

func (c Tracked) Look(_ context.Context, l *lab.Lab, _ *Evidence) (string, bool, error) {
	ns, err := l.NS(c.Netns)
	if err != nil {
		return "", false, err
	}
	var flows []*netlink.ConntrackFlow
	err = ns.Do(func() (err error) {
		flows, err = netlink.ConntrackTableList(netlink.ConntrackTable, unix.AF_INET)
		return err
	})
	if err != nil {
		return "", false, say.At(c.Netns, say.At("conntrack", err))
	}
	seen := "no flow"
	for _, f := range flows {
		there := Tracked{c.Netns, f.Forward.SrcIP.String(), f.Forward.DstIP.String(), f.Reverse.SrcIP.String(), f.Reverse.DstIP.String()}
		if there == c {
			return there.line(), true, nil
		}
		if there.Src == c.Src {
			seen = there.line()
		}
	}
	return seen, false, nil
}
