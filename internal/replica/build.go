package replica

import (
	"context"
	"encoding/binary"
	"path/filepath"
	"slices"
	"sync"

	"golang.org/x/sys/unix"

	"nstutor/internal/nsenter"
	"nstutor/internal/say"
)

const (
	netnsDir = "/run/netns"
	current  = "/proc/thread-self/ns/net"
	// outsideName is what the namespace of all far sides is called until it is open.
	outsideName = "outside"
)

// Copy is a Network in namespaces of this process.
type Copy struct {
	Spaces []*nsenter.Namespace // as the Spaces of the Network
	// Missing is what could not be copied, with what could not be taken down.
	Missing []Omission
	Doors   []Door // where strangers come from

	// outside has the other ends of the wires that lead to what is not copied. It
	// has no name, so that who looks for them finds that they cannot be seen.
	outside *nsenter.Namespace
	far     *far // answers there

	listening []interface{ Close() error }
	listen    func() error
	conns     []*conn // of the Spaces
}

// Relisten has everybody listen anew: of connections that were half open nothing is left.
func (c *Copy) Relisten() error {
	c.deafen()
	return c.listen()
}

func (c *Copy) deafen() {
	for _, socket := range c.listening {
		socket.Close()
	}
	c.listening = nil
}

// Asking reports whether a namespace of the copy asks just now who has an address.
func (c *Copy) Asking() bool {
	return slices.ContainsFunc(c.conns, func(conn *conn) bool {
		rows, err := conn.dump(unix.RTM_GETNEIGH, make([]byte, unix.SizeofNdMsg))
		return err != nil || slices.ContainsFunc(rows, func(row []byte) bool {
			return len(row) >= unix.SizeofNdMsg && binary.NativeEndian.Uint16(row[8:])&(unix.NUD_INCOMPLETE|unix.NUD_PROBE) != 0
		})
	})
}

// Close lets go of the namespaces; their names stay until the lab ends.
func (c *Copy) Close() {
	if c.far != nil {
		c.far.close()
	}
	c.deafen()
	for _, conn := range c.conns {
		if conn != nil {
			conn.Close()
		}
	}
	for _, ns := range append(c.Spaces, c.outside) {
		if ns != nil {
			ns.Close()
		}
	}
}

// Ready is what every copy has, made before it is known of what network it will be.
type Ready struct {
	outside *nsenter.Namespace
	fresh   map[Setting]bool // the settings of a new namespace
}

// Build makes the network anew, in a lab that is this process's own: it makes
// names under /run/netns, and devices in the current namespace.
func Build(ctx context.Context, n Network) (*Copy, error) {
	r, err := Prepare()
	if err != nil {
		return nil, err
	}
	return r.Build(ctx, n)
}

// Close lets go of what no copy was built of.
func (r *Ready) Close() {
	if r.outside != nil {
		r.outside.Close()
	}
}

// Build builds the copy, once.
func (r *Ready) Build(ctx context.Context, n Network) (*Copy, error) {
	b := &builder{network: n, fresh: r.fresh, copy: &Copy{Missing: n.Missing, conns: make([]*conn, len(n.Spaces)), outside: r.outside}, born: map[place]bool{}}
	r.outside = nil
	b.conns, b.copy.listen = b.copy.conns, b.listen
	for _, step := range []func() error{b.makeSpaces, b.moveIn, b.makeLinks, b.level, b.answerOutside, b.listen, b.findDoors, b.attend} {
		if err := context.Cause(ctx); err != nil {
			b.copy.Close()
			return nil, err
		}
		if err := step(); err != nil {
			b.copy.Close()
			return nil, err
		}
	}
	return b.copy, nil
}

// builder is a copy that is being made.
type builder struct {
	network Network
	copy    *Copy
	conns   []*conn          // of the Spaces
	fresh   map[Setting]bool // of a new namespace
	born    map[place]bool   // devices that are there from the beginning
	made    map[place]bool
	wires   []wire
}

// place is a device, by the place of its namespace and its index there.
type place struct{ space, index int }

// miss notes that something is not in the copy.
func (b *builder) miss(space int, what What, name string, err error) {
	o := Omission{Netns: b.network.Spaces[space].Name, What: what, Name: name}
	if err != nil {
		o.Err = err.Error()
	}
	b.copy.Missing = append(b.copy.Missing, o)
}

// makeSpaces makes the namespaces, all at the same time, and gives them their settings: devices begin
// with those of "default".
func (b *builder) makeSpaces() error {
	spaces, refused := make([]*nsenter.Namespace, len(b.network.Spaces)), make([][]Omission, len(b.network.Spaces))
	errs := make([]error, len(spaces))
	var all sync.WaitGroup
	for i, s := range b.network.Spaces {
		all.Go(func() {
			if spaces[i], errs[i] = makeSpace(s.Name); errs[i] != nil {
				return
			}
			known := b.fresh
			if s.Name == "" {
				known = nil // which was there before
			}
			if refused[i], errs[i] = writeSettings(spaces[i], s.Settings, known); errs[i] != nil {
				return
			}
			b.conns[i], errs[i] = dial(spaces[i])
		})
	}
	all.Wait()
	b.copy.Spaces = spaces
	for i, s := range b.network.Spaces {
		for _, o := range refused[i] {
			o.Netns = s.Name
			b.copy.Missing = append(b.copy.Missing, o)
		}
	}
	return say.Join(errs...)
}

// Prepare makes the namespace of all far sides, before another may want its
// name, and looks what a new one is born with. The kernel answers nothing there.
func Prepare() (*Ready, error) {
	ns, err := makeSpace(outsideName)
	if err != nil {
		return nil, err
	}
	r := &Ready{outside: ns, fresh: map[Setting]bool{}}
	settings, err := readSettings(ns)
	if err == nil {
		_, err = writeSettings(ns, nil, nil)
	}
	if err == nil {
		err = nsenter.Delete(filepath.Join(netnsDir, outsideName))
	}
	if err != nil {
		r.Close()
		return nil, err
	}
	for _, s := range settings {
		r.fresh[s] = true
	}
	return r, nil
}

// makeSpace makes a namespace of that name; the one without is there already.
func makeSpace(name string) (*nsenter.Namespace, error) {
	switch name {
	case "":
		return nsenter.Open("current", current)
	case ".", "..", filepath.Dir(name), "/":
		return nil, say.Err("%q is not a name for a network namespace", "%q 不能用作网络命名空间的名称", name)
	}
	if name != filepath.Base(name) {
		return nil, say.Err("%q is not a name for a network namespace", "%q 不能用作网络命名空间的名称", name)
	}
	return nsenter.Create(name, filepath.Join(netnsDir, name))
}
