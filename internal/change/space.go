package change

import (
	"github.com/vishvananda/netlink"

	"nstutor/internal/nsenter"
	"nstutor/internal/say"
)

// Space is where changes are made: network namespaces by their names.
type Space interface {
	// NS is the open namespace of that name.
	NS(name string) (*nsenter.Namespace, error)
	// PinDevice is told of each device that a change has made or moved.
	PinDevice(ns *nsenter.Namespace, dev string) error
	// AddNetns and DelNetns do what `ip netns add` and `ip netns del` do.
	AddNetns(name string) error
	DelNetns(name string) error
}

// Dev names a device of a namespace.
type Dev struct{ Netns, Name string }

func (d Dev) String() string { return d.Netns + " " + d.Name }

// Find is the device as the kernel has it, with the handle that changes it.
func (d Dev) Find(s Space) (*netlink.Handle, netlink.Link, error) {
	_, h, err := Open(s, d.Netns)
	if err != nil {
		return nil, nil, err
	}
	link, err := h.LinkByName(d.Name)
	if err != nil {
		return nil, nil, say.Err("%s: %s: %v", "%s：%s：%v", d.Netns, d.Name, err)
	}
	return h, link, nil
}

// Open is a namespace and its rtnetlink handle.
func Open(s Space, netns string) (*nsenter.Namespace, *netlink.Handle, error) {
	ns, err := s.NS(netns)
	if err != nil {
		return nil, nil, err
	}
	h, err := ns.Handle()
	return ns, h, err
}

// set does one thing to a device, and says of an error what was meant.
func (d Dev) set(s Space, what say.Text, do func(*netlink.Handle, netlink.Link) error) error {
	h, link, err := d.Find(s)
	if err != nil {
		return err
	}
	if err := do(h, link); err != nil {
		return say.Err("%s: %s: %v", "%s：%s：%v", d.Netns, what, err)
	}
	return nil
}

// inNetns runs do on a thread inside a namespace.
func inNetns(s Space, netns string, do func() error) error {
	ns, err := s.NS(netns)
	if err != nil {
		return err
	}
	if err := ns.Do(do); err != nil {
		return say.At(netns, err)
	}
	return nil
}
