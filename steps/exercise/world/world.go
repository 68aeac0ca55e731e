// Package world builds and breaks the networks of exercises.
package world

import (
	"context"
	"fmt"
	"strings"

	"github.com/vishvananda/netlink"

	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/nsenter"
	"nstutor/internal/say"
	"nstutor/steps/exercise/check"
)

// The places that are there from the beginning.
const (
	Host   = lab.Host // the node
	Inet   = lab.Inet // the outside, which has no route back to any pod
	NodeIP = "192.168.6.160"
	Router = "192.168.6.1" // inet's address towards the node
	Web    = "203.0.113.10"
)

// World builds and breaks a network by changes, without any tool being
// installed. The first error stops it: what is called after that does nothing,
// and Err tells it. Two Worlds that are told the same make exactly the same
// network, down to indexes and MAC addresses.
type World struct {
	ctx  context.Context
	l    *lab.Lab
	made int // devices: each has its own index and MAC address
	err  error
}

// New builds in a lab that was reset.
func New(ctx context.Context, l *lab.Lab) *World { return &World{ctx: ctx, l: l} }

// Err is the first thing that went wrong.
func (w *World) Err() error { return w.err }

// Misdeed is a line of somebody's that could not be done.
type Misdeed struct{ error }

// Unwrap is what went wrong, and where.
func (m *Misdeed) Unwrap() error { return m.error }

// Blame says which line the error comes of, if there is one.
func (w *World) Blame(line say.Text) {
	if w.err != nil {
		w.err = &Misdeed{say.At(line, w.err)}
	}
}

// failed remembers an error and where it happened.
func (w *World) failed(err error, netns string, what say.Text) {
	if w.err == nil && err != nil {
		w.err = say.Err("%s: %s: %v", "%s：%s：%v", netns, what, err)
	}
}

func (w *World) space(netns string) (*nsenter.Namespace, *netlink.Handle) {
	if w.err != nil {
		return nil, nil
	}
	if err := w.ctx.Err(); err != nil {
		w.err = err
		return nil, nil
	}
	ns, err := w.l.NS(netns)
	if err != nil {
		w.err = err
		return nil, nil
	}
	h, err := ns.Handle()
	if err != nil {
		w.err = err
		return nil, nil
	}
	return ns, h
}

// Make makes changes, unless something has gone wrong already.
func (w *World) Make(changes ...change.Change) {
	for _, c := range changes {
		if w.err == nil {
			w.err = w.ctx.Err()
		}
		if w.err == nil {
			w.err = c.Apply(w.ctx, w.l)
		}
	}
}

// typed makes the change that a line of words makes.
func (w *World) typed(netns, line string) {
	c, err := change.Parse(netns, strings.Fields(line)...)
	if err != nil {
		w.failed(err, netns, say.Quote(line))
		return
	}
	w.Make(c)
}

// link finds a device; the handle is nil when something has gone wrong.
func (w *World) link(netns, dev string) (*netlink.Handle, netlink.Link) {
	_, h := w.space(netns)
	if h == nil {
		return nil, nil
	}
	link, err := h.LinkByName(dev)
	if err != nil {
		w.failed(err, netns, say.Quote(dev))
		return nil, nil
	}
	return h, link
}

// Empty makes namespaces with nothing in them, their loopback down.
func (w *World) Empty(names ...string) {
	for _, name := range names {
		w.Make(change.NetnsAdd{Name: name})
	}
}

// Netns makes namespaces with their loopback up.
func (w *World) Netns(names ...string) {
	for _, name := range names {
		w.Empty(name)
		w.Up(name, "lo")
	}
}

// Node makes a namespace that forwards, as a node or a router does.
func (w *World) Node(names ...string) {
	for _, name := range names {
		w.Netns(name)
		w.Forward(name)
	}
}

// Forward lets a namespace forward: net.ipv4.ip_forward=1.
func (w *World) Forward(netns string) { w.Sysctl(netns, "net.ipv4.ip_forward", "1") }

// Sysctl writes a setting of a namespace. Dots of a device's name are written
// as slashes, as for sysctl(8).
func (w *World) Sysctl(netns, key, value string) {
	w.Make(change.Sysctl{Netns: netns, Path: table.SysctlPath(key), Value: value})
}

// Serve starts a web server on a port of a namespace.
func (w *World) Serve(netns string, port int) { w.serve(netns, "web", port) }

// Answer starts a server of datagrams on a port of a namespace.
func (w *World) Answer(netns string, port int) { w.serve(netns, "tell", port) }

// Sidecar starts a program that takes redirected connections and passes them on.
func (w *World) Sidecar(netns string, port int) { w.serve(netns, "sidecar", port) }

func (w *World) serve(netns, program string, port int) {
	if w.err != nil {
		return
	}
	p, err := w.l.Spawn(netns, fmt.Sprintf("%s-%s-%d", program, netns, port), program, fmt.Sprint(port))
	if err == nil {
		err = w.l.Ready(w.ctx, p)
	}
	w.failed(err, netns, say.T("server on port %d", "端口 %d 上的服务器", port))
}

// Settle waits for the carriers of all devices.
func (w *World) Settle() {
	if w.err == nil {
		check.AwaitCarriers(w.ctx, w.l)
	}
}
