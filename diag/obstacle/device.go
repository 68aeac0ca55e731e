package obstacle

import (
	"cmp"
	"fmt"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"

	"nstutor/diag/table"
	"nstutor/internal/nsenter"
)

// Kind says what an obstacle is.
type Kind string

// The kinds of obstacles on a device.
const (
	TC    Kind = "tc"    // a filter of traffic control, with its actions
	TCX   Kind = "tcx"   // a BPF program that stands where those filters do
	XDP   Kind = "xdp"   // a BPF program that sees frames before the kernel does
	Netem Kind = "netem" // a queue that loses frames on purpose
)

// The two sides of a device.
const (
	Ingress = "ingress"
	Egress  = "egress"
)

// Obstacle is something on a device that may take a frame.
type Obstacle struct {
	Kind Kind
	Dev  string  // the device that it is on
	Side string  // … and whether for what that receives (Ingress), or sends (Egress)
	Name string  // of a BPF program, where it can be told; else the kind of a filter
	ID   int     // of a BPF program; 0: it is none
	Loss float64 // of Netem: the part that is lost, from 0 to 1

	// A filter that gives every frame to another device takes it where that is down, or gone.
	Takes bool
	IPv4  bool   // … those alone that carry IPv4
	To    string // the name of that; empty: it is gone
}

// On lists the obstacles for what a device receives (Ingress) or sends (Egress), in
// the order in which a frame meets them. What cannot be read is left out: the list
// is what is known to be there.
func On(ns *nsenter.Namespace, one *table.One, dev table.Link, side string) []Obstacle {
	p := place{ns, one, dev}
	found := p.obstacles(side)
	for i, o := range found {
		if o.Dev == "" {
			found[i].Dev, found[i].Side = dev.Name, side
		}
	}
	return found
}

// place is a device, and who is asked about it.
type place struct {
	ns  *nsenter.Namespace
	one *table.One
	dev table.Link
}

func (p place) obstacles(side string) (found []Obstacle) {
	one, dev := p.one, p.dev
	if side == Ingress {
		for _, id := range dev.XDP {
			found = append(found, Obstacle{Kind: XDP, ID: id, Name: programName(ebpf.ProgramID(id))})
		}
		found = append(found, p.programs(ebpf.AttachTCXIngress)...)
		return append(found, p.filters(table.FilterIngress)...)
	}
	found = append(found, p.programs(ebpf.AttachTCXEgress)...)
	if at := p.filters(table.FilterEgress); len(at) > 0 {
		if there, err := one.Clsact(dev.Index); err != nil || there {
			found = append(found, at...)
		}
	}
	if dev.Qdisc != "noqueue" {
		found = append(found, p.filters(table.FilterRoot)...)
	}
	if dev.Qdisc == string(Netem) {
		if loss, err := one.NetemLoss(dev.Index); err == nil && loss > 0 {
			found = append(found, Obstacle{Kind: Netem, Loss: loss})
		}
	}
	return found
}

// filters are those of one place.
func (p place) filters(parent uint32) (found []Obstacle) {
	all, err := p.one.Filters(p.dev.Index, parent)
	if err != nil {
		return nil
	}
	for _, f := range all {
		o := Obstacle{Kind: TC, Name: cmp.Or(f.Program, f.Kind), ID: f.ID}
		switch {
		case f.Copies:
			continue
		case f.Redirect:
			to, there := p.given(f.To)
			if there && to.Up() && to.Kind == ifb && p.dev.Kind != ifb {
				found = append(found, On(p.ns, p.one, to, Egress)...)
				continue
			}
			o.Takes, o.IPv4, o.To = f.Every && !(there && to.Up()), f.IPv4, to.Name
		}
		found = append(found, o)
	}
	return found
}

// ifb is a device that gives back what it was given, where that was on its way, once it has
// been queued there (ri_tasklet()).
const ifb = "ifb"

// given is the device that a filter gives frames to.
func (p place) given(index int) (table.Link, bool) {
	if index == 0 {
		return table.Link{}, false
	}
	link, err := p.one.LinkByIndex(index)
	return link, err == nil
}

// programs are those of tcx, which Linux has since 6.6. Asking takes CAP_NET_ADMIN
// in the first user namespace.
func (p place) programs(at ebpf.AttachType) (found []Obstacle) {
	_ = p.ns.Do(func() error {
		result, err := link.QueryPrograms(link.QueryOptions{Target: p.dev.Index, Attach: at})
		if err != nil {
			return err
		}
		for _, p := range result.Programs {
			found = append(found, Obstacle{Kind: TCX, ID: int(p.ID), Name: programName(p.ID)})
		}
		return nil
	})
	return found
}

// programName is the name of a BPF program; empty where it has none, or may not be
// asked (CAP_SYS_ADMIN).
func programName(id ebpf.ProgramID) string {
	program, err := ebpf.NewProgramFromID(id)
	if err != nil {
		return ""
	}
	defer program.Close()
	info, err := program.Info()
	if err != nil {
		return ""
	}
	return info.Name
}

// Called is what a person calls it: its name, with the number that bpftool(8)
// knows it by.
func (o Obstacle) Called() string {
	switch {
	case o.ID != 0 && o.Name == "":
		return fmt.Sprintf("id %d", o.ID)
	case o.ID != 0:
		return fmt.Sprintf("%s, id %d", o.Name, o.ID)
	}
	return o.Name
}
